"""What was not found says where she is not; how much, and for how long."""

from datetime import timedelta

import pytest

from app.missing import evidence
from app.missing.evidence import heard_nothing, listened
from app.missing.grid import grid_round
from app.missing.model import Listener
from app.missing.probability import heat_map
from tests.build import HOME, NOW
from tests.unit.missing.build import at, known, listener, near, seen, sweep

GRID = grid_round(HOME.lat_deg, HOME.lon_deg)
EAST = listener(1_500, 0, range_m=350.0)
"""A detector 1.5 km east of home that hears all over its cell."""


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def silent(*listeners: Listener, tag_lost: float = 0.1, rides: bool = False, minutes_ago: float = 120) -> list[float]:
    """The ratio to a map without detectors, of every cell she can be in."""
    last = seen(minutes_ago)
    before = heat_map(known(last=last, rides=rides), NOW).probability
    after = heat_map(known(last=last, rides=rides, listeners=tuple(listeners), tag_lost=tag_lost), NOW).probability
    return [one / other for one, other in zip(after, before, strict=True) if other]


def test_a_detector_that_heard_nothing_speaks_against_where_it_stands() -> None:
    before, after = heat_map(known(), NOW), heat_map(known(listeners=(EAST,), tag_lost=0.1), NOW)

    assert at(after, 1_500, 0) < 0.4 * at(before, 1_500, 0)
    assert at(after, -1_500, 0) > at(before, -1_500, 0)


def test_it_speaks_less_against_what_lies_behind_and_not_against_what_lies_before() -> None:
    before, after = heat_map(known(), NOW), heat_map(known(listeners=(EAST,), tag_lost=0.1), NOW)
    there, behind, ahead = (at(after, east, 0) / at(before, east, 0) for east in (1_500, 2_300, 700))

    assert there < behind < ahead
    assert ahead > 1.0


def test_where_she_may_have_ridden_it_says_nothing_of_what_lies_behind() -> None:
    before = heat_map(known(rides=True), NOW)
    after = heat_map(known(rides=True, listeners=(EAST,), tag_lost=0.1), NOW)

    assert at(after, 2_300, 0) / at(before, 2_300, 0) == pytest.approx(at(after, -1_500, 0) / at(before, -1_500, 0))


def test_without_a_tag_detectors_say_nothing() -> None:
    assert silent(EAST, tag_lost=1.0) == pytest.approx([1.0] * len(silent(EAST, tag_lost=1.0)))


def test_a_tag_that_may_be_lost_keeps_something_everywhere() -> None:
    town = [
        listener(east, north, range_m=400.0) for east in range(-3000, 3001, 300) for north in range(-3000, 3001, 300)
    ]
    grid_before = heat_map(known(), NOW)
    after = heat_map(known(listeners=tuple(town), tag_lost=0.3), NOW)

    assert all(0 < one for one, before in zip(after.probability, grid_before.probability, strict=True) if before)
    assert min(evidence.silence(GRID, seen(), town, 0.3, False, NOW)) >= 0.3


def test_a_detector_that_did_not_listen_says_nothing() -> None:
    dead = listener(1_500, 0, range_m=200.0, away=((NOW - hours(30), None),))

    assert silent(dead) == pytest.approx([1.0] * len(silent(dead)))


def test_what_it_says_is_the_share_of_the_time_in_which_it_listened() -> None:
    """She can be there after 1300 m: 1000 s. Of the 6080 s from then to two minutes ago it was away for half."""
    last = seen(minutes_ago=120, accuracy_m=0.0)
    half = (NOW - timedelta(seconds=3_160), None)

    assert 1.0 == listened(listener(1_500, 0), last, 1_300.0, False, NOW)
    assert listened(listener(1_500, 0, away=(half,)), last, 1_300.0, False, NOW) == pytest.approx(0.5)
    overlapping = (half, (NOW - timedelta(seconds=2_000), NOW - timedelta(seconds=1_000)))
    assert listened(listener(1_500, 0, away=overlapping), last, 1_300.0, False, NOW) == pytest.approx(0.5)
    before = ((NOW - hours(5), NOW - timedelta(seconds=6_200)),)
    assert 1.0 == listened(listener(1_500, 0, away=before), last, 1_300.0, False, NOW)


def test_a_detector_that_she_cannot_have_come_to_says_nothing() -> None:
    far = listener(1_500, 0, range_m=200.0)

    assert 0.0 == listened(far, seen(minutes_ago=10), 1_300.0, False, NOW)
    assert 0.0 < listened(far, seen(minutes_ago=10), 1_300.0, True, NOW)
    assert silent(far, minutes_ago=10) == pytest.approx([1.0] * len(silent(far, minutes_ago=10)))


def test_what_a_detector_heard_lately_may_be_on_its_way() -> None:
    here = listener(0, 0)

    assert 0.0 == listened(here, seen(minutes_ago=1.9), 0.0, False, NOW)
    assert 1.0 == listened(here, seen(minutes_ago=2.1), 0.0, False, NOW)


def test_a_small_detector_says_less_than_one_that_hears_far() -> None:
    narrow, wide = (
        at(heat_map(known(listeners=(listener(1_500, 0, range_m=range_m),), tag_lost=0.1), NOW), 1_500, 0)
        for range_m in (20.0, 200.0)
    )

    assert wide < narrow < at(heat_map(known(), NOW), 1_500, 0)


def test_detectors_within_her_reach_are_counted_by_whether_they_listened() -> None:
    dead = listener(-500, 0, away=((NOW - hours(9), None),))

    assert (1, 1) == heard_nothing(seen(), (EAST, dead, listener(0, 30_000)), False, NOW)


BLOCK = tuple((20 - minute / 10, 1_000 + 30 * (minute % 2), -150 + 3 * minute) for minute in range(100))


def test_where_searchers_have_just_been_she_probably_is_not() -> None:
    before, after = heat_map(known(), NOW), heat_map(known(sweeps=(sweep(*BLOCK),)), NOW)

    assert at(after, 1_000, 0) < 0.75 * at(before, 1_000, 0)
    assert near(after, 1_000, 0, 300) < 0.9 * near(before, 1_000, 0, 300)
    assert at(after, -1_000, 0) > at(before, -1_000, 0)


def test_passes_add_up_and_never_exclude() -> None:
    shares = [at(heat_map(known(sweeps=(sweep(*BLOCK),) * times), NOW), 1_000, 0) for times in (0, 1, 2, 30)]

    assert shares == sorted(shares, reverse=True)
    assert 0 < shares[-1] < 0.1 * shares[0]


def test_a_sweep_fades_as_time_goes_by() -> None:
    def said(hours_later: float) -> float:
        now = NOW + hours(hours_later)
        before, after = heat_map(known(), now), heat_map(known(sweeps=(sweep(*BLOCK),)), now)
        return near(after, 1_000, 0, 300) / near(before, 1_000, 0, 300)

    assert said(0) < said(2) < said(10) < 1.0


def test_a_sweep_before_she_can_have_come_there_says_nothing() -> None:
    early = sweep((115, 2_000, 0), (114, 2_000, 100))
    before, after = heat_map(known(), NOW), heat_map(known(sweeps=(early,)), NOW)

    assert before.probability == pytest.approx(after.probability)


def test_a_sweep_yet_to_come_says_nothing() -> None:
    later = sweep((-10, 1_000, 0), (-11, 1_000, 100))

    assert heat_map(known(), NOW).probability == pytest.approx(heat_map(known(sweeps=(later,)), NOW).probability)


def test_one_point_is_a_look_round_it() -> None:
    before = heat_map(known(), NOW)
    after = heat_map(known(sweeps=(sweep((5, 1_000, 0), width_m=200.0),)), NOW)

    assert at(after, 1_000, 0) < 0.9 * at(before, 1_000, 0)


def test_a_wider_strip_and_better_eyes_say_more() -> None:
    left = [
        near(heat_map(known(sweeps=(sweep(*BLOCK, width_m=width_m, pod=pod),)), NOW), 1_000, 0, 300)
        for width_m, pod in ((10.0, 0.5), (40.0, 0.5), (40.0, 0.9))
    ]

    assert left == sorted(left, reverse=True)
    assert left[0] > left[-1] + 0.001
