"""Sightings joined to passages, case by case."""

from uuid import uuid4

import pytest

from app.tags.heard import heard_at
from app.tags.passages import Stretch, gap_s, join, stretches, taught_interval_s

T = 1_775_000_000


def heard(*seconds: int, rssi: float = -70.0) -> Stretch:
    (one,) = stretches([T + second for second in seconds], rssi, 10_000)
    return one


@pytest.mark.parametrize(("interval_s", "expected_s"), [(0.5, 60.0), (20.0, 60.0), (21.0, 63.0), (60.0, 180.0)])
def test_a_passage_is_over_after_a_minute_or_three_intervals(interval_s: float, expected_s: float) -> None:
    assert expected_s == gap_s(interval_s)


@pytest.mark.parametrize(("silence_s", "passages"), [(60, 1), (61, 2)])
def test_the_gap_itself_still_joins(silence_s: int, passages: int) -> None:
    assert passages == len(join([], [heard(0, 10), heard(10 + silence_s)], 60))


def test_a_late_sighting_between_two_passages_makes_them_one_and_the_earlier_keeps_its_id() -> None:
    first, second = uuid4(), uuid4()
    stored = [
        Stretch(first_s=T, last_s=T + 5, heard=heard_at([T, T + 5]), rssi_dbm_max=-80, id=first),
        Stretch(first_s=T + 100, last_s=T + 130, heard=heard_at([T + 100, T + 130]), rssi_dbm_max=-60, id=second),
    ]

    (one,) = join(stored, [heard(50)], 60)

    assert (first, (first, second)) == (one.stretch.id, one.before)
    assert (T, T + 130, 5, -60) == (
        one.stretch.first_s,
        one.stretch.last_s,
        one.stretch.heard.count,
        one.stretch.rssi_dbm_max,
    )


def test_what_is_not_touched_stays_as_it_was() -> None:
    stored = Stretch(first_s=T, last_s=T, heard=heard_at([T]), id=uuid4())

    untouched, new = join([stored], [heard(1_000)], 60)

    assert (stored, False, True) == (untouched.stretch, untouched.is_new, new.is_new)


def test_one_body_that_spans_a_gap_is_two_passages() -> None:
    assert [(T, T + 30), (T + 200, T + 210)] == [
        (one.first_s, one.last_s) for one in stretches([T, T + 30, T + 200, T + 210], None, 60)
    ]


def test_a_passage_teaches_how_often_the_tag_was_heard() -> None:
    assert taught_interval_s(heard(*range(0, 200, 10))) == 10


def test_a_tag_that_advertises_seldom_is_learnt_although_its_passages_fall_apart() -> None:
    assert taught_interval_s(heard(0), T + 90) == 90


def test_one_moment_or_an_hour_without_a_word_teaches_nothing() -> None:
    assert taught_interval_s(heard(0)) is None
    assert taught_interval_s(heard(0), T + 3_600) is None


def test_to_and_fro_at_a_gate_teaches_nothing() -> None:
    assert taught_interval_s(heard(0), T + 600) is None
