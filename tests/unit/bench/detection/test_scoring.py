"""The statistics of the table, by hand and by property."""

import doctest
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.detection import learning, said, scoring, seeds, table, tracks, turning
from bench.detection.scoring import bootstrapped, merged, quantile, rate, wilson
from bench.detection.seeds import chance, fold, in_set
from bench.detection.trial import Caught, Outcome, Sketch, Tried

BASE = datetime(2026, 5, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    "module", [learning, said, scoring, seeds, tracks, turning], ids=lambda module: module.__name__
)
def test_the_examples_hold(module) -> None:
    found = doctest.testmod(module)

    assert found.attempted > 0
    assert found.failed == 0


def test_chance_is_the_same_everywhere() -> None:
    assert [0.6658, 0.139] == [round(chance("away", "r0001", n).random(), 4) for n in (0, 1)]


def test_sets_have_nobody_in_common_and_most_are_to_tune_with() -> None:
    users = [f"r{n:04d}" for n in range(500)]

    assert all(in_set(user, "tune") != in_set(user, "report") for user in users)
    assert 0.5 < sum(in_set(user, "tune") for user in users) / 500 < 0.7
    assert {0, 1, 2, 3, 4} == {fold(user) for user in users}


@given(st.integers(1, 500).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_an_interval_holds_its_share_and_stays_a_share(drawn: tuple[int, int]) -> None:
    hits, count = drawn
    low, high = wilson(hits, count)

    assert 0 <= low <= hits / count + 1e-12
    assert hits / count - 1e-12 <= high <= 1


def test_more_episodes_make_an_interval_narrower() -> None:
    widths = [high - low for low, high in (wilson(9 * n, 10 * n) for n in (1, 4, 16))]

    assert widths == sorted(widths, reverse=True)


@given(st.lists(st.integers(0, 2_000), max_size=40))
def test_merged_alarms_are_an_hour_apart_and_none_is_left_alone(minutes: list[int]) -> None:
    moments = [BASE + timedelta(minutes=one) for one in minutes]
    found = merged(moments)

    assert all(b - a >= timedelta(hours=1) for a, b in pairwise(found))
    assert all(any(timedelta(0) <= one - kept < timedelta(hours=1) for kept in found) for one in moments)


def test_what_comes_after_exactly_an_hour_counts() -> None:
    assert [0, 60] == [
        (one - BASE).seconds // 60 for one in merged([BASE + timedelta(minutes=n) for n in (60, 59, 0, 119)])
    ]


def test_quantiles_lie_between() -> None:
    assert 14.5 == quantile([10.0, 15.0, 14.0, 30.0], 0.5)
    assert 30.0 == quantile([10.0, 30.0], 1.0)
    assert quantile([], 0.9) is None


def test_a_rate_is_of_all_days_and_its_interval_is_over_persons() -> None:
    counts = [(0, 30.0)] * 9 + [(30, 30.0)]
    low, high = bootstrapped(counts, chance("test"))

    assert 0.1 == rate(counts)
    assert 0.0 == low
    assert 0.2 <= high <= 0.4, "one person of ten who cries daily is drawn up to four times"
    assert (0.5, 0.5) == bootstrapped([(5, 10.0)] * 8, chance("test")), "all are alike"


def _caught(kind: str, delay_min: float | None, **more) -> Caught:
    return Caught(user="r0001", kind=kind, rep=0, delay_min=delay_min, urgent_min=None, **{"standing": False, **more})


def test_a_row_counts_what_stood_at_the_onset_apart() -> None:
    caught = [_caught("away", 10.0), _caught("away", 20.0), _caught("away", None), _caught("away", 5.0, standing=True)]
    row = _row(caught)

    recall = row.recalls[0]
    assert ("away", 3, 1) == (recall.kind, recall.count, recall.standing)
    assert {"15": pytest.approx(1 / 3), "30": pytest.approx(2 / 3), "60": pytest.approx(2 / 3)} == recall.within
    assert (15.0, 19.0) == (recall.median_min, recall.p90_min)


def test_a_row_says_what_came_in_time_of_the_door_and_of_the_border() -> None:
    row = _row(
        [
            _caught("night", 5.0), _caught("night", 7.0),
            _caught("range_foot", 41.0, border_min=30.0), _caught("range_foot", 39.0, border_min=30.0),
        ]
    )  # fmt: skip

    assert {"night": 0.5, "range_foot": 0.5} == {one.kind: one.special for one in row.recalls}


def _row(caught: list[Caught]) -> table.Row:
    outcome = Outcome(
        user="r0001", detector="d", days=10, alarms=1, urgent=0, alone=1, rules={"away": 1}, cried=[], caught=caught
    )
    sketch = Sketch(user="r0001", outings=1.0, out_min=90.0, known=0.99, known_out=0.9, range_m=1_000.0)
    (row,) = table.rows([Tried(sketch, [outcome])])
    assert 0.1 == row.all.mean
    assert "| d | 0.100 [0.100, 0.100] |" in table.text([row])
    return row
