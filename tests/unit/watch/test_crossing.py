"""Passing through a small fence between two fixes."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from app.geo.model import FencePurpose, Geofence, Point
from app.watch.model import Outcome, Seen, WatchEvent, WatchState
from tests.build import NOW
from tests.unit.watch.build import GARDEN, METRES_PER_DEGREE, minutes, seen, subject, told

GATE = replace(GARDEN, name="正門", purpose=FencePurpose.SCHOOL, radius_m=30.0, tell_enter=True, tell_exit=False)
CORNERS = ((-30, -200), (-30, 200), (30, 200), (30, -200))
BANK = replace(
    GATE,
    name="川岸",
    centre=None,
    radius_m=None,
    corners=tuple(Point(34.757 + n / METRES_PER_DEGREE, 134.841 + e / METRES_PER_DEGREE) for n, e in CORNERS),
)
SHAPES = pytest.mark.parametrize("fence", [GATE, BANK], ids=["circle", "polygon"])


def walk(step_min: float, from_m: float, to_m: float, pace_m: float = 50.0, **different: float) -> list[Seen]:
    """Fixes on the way north past the middle, `pace_m` a minute."""
    step_m = pace_m * step_min * (1 if to_m > from_m else -1)
    count = int((to_m - from_m) / step_m) + 1
    return [seen(from_m + step_m * n, at=NOW + minutes(10 + step_min * n), **different) for n in range(count)]


def known_outside(fence: Geofence) -> WatchState:
    """She was seen far from the fence for a while."""
    state = WatchState()
    told(state, subject(fence), *(seen(-900, at=NOW - minutes(10 - n)) for n in range(5)))
    return state


def happened(fence: Geofence, *fixes: Seen) -> list[WatchEvent]:
    return told(known_outside(fence), subject(fence), *fixes)


@SHAPES
def test_a_gate_between_two_fixes_two_minutes_apart_is_passed(fence: Geofence) -> None:
    (event,) = happened(fence, *walk(2.0, -450, 450, accuracy_m=8.0))

    assert ("geofence_through", Outcome.PASSING) == (event.rule, event.outcome)
    assert event.reasons[0].params["fence"] == fence.name
    assert {
        "since": (NOW + minutes(18)).isoformat(),
        "until": (NOW + minutes(20)).isoformat(),
    }.items() <= event.reasons[0].params.items()


@SHAPES
def test_with_a_fix_inside_it_is_arriving_as_ever(fence: Geofence) -> None:
    assert ["geofence_enter"] == [one.rule for one in happened(fence, *walk(2.0, -400, 400, accuracy_m=8.0))]


@SHAPES
def test_passing_by_is_not_passing_through(fence: Geofence) -> None:
    east_m = 60.0 if fence is GATE else 260.0
    beside = [
        replace(one, lon_deg=one.lon_deg + east_m / METRES_PER_DEGREE / 0.82)
        for one in walk(2.0, -450, 450, accuracy_m=8.0)
    ]

    assert happened(fence, *beside) == []


@SHAPES
@pytest.mark.parametrize("accuracy_m", [60.0, 200.0])
def test_places_too_coarse_for_the_fence_say_nothing(fence: Geofence, accuracy_m: float) -> None:
    assert happened(fence, *walk(2.0, -450, 450, accuracy_m=accuracy_m)) == []


@SHAPES
@pytest.mark.parametrize(("step_min", "pace_m"), [(10.0, 50.0), (11.0, 10.0), (1.0, 3500.0)])
def test_of_long_gaps_and_long_ways_nothing_is_said(fence: Geofence, step_min: float, pace_m: float) -> None:
    half_m = step_min * pace_m / 2
    assert happened(fence, *walk(step_min, -half_m, half_m, pace_m=pace_m, accuracy_m=8.0)) == []


def test_it_is_no_evidence_of_being_inside() -> None:
    """Otherwise she would have left next, and be told of twice."""
    fence = replace(GATE, tell_exit=True)

    assert ["geofence_through"] == [one.rule for one in happened(fence, *walk(2.0, -450, 900, accuracy_m=8.0))]


def test_it_does_not_end_that_she_left() -> None:
    home = replace(GARDEN, radius_m=30.0, tell_enter=True)
    state = WatchState()
    away = told(state, subject(home), seen(0, at=NOW), *(seen(-450, at=NOW + minutes(2 + n)) for n in range(4)))
    by = told(state, subject(home), *walk(2.0, -450, 450, accuracy_m=8.0))

    assert ["geofence_exit", "geofence_through"] == [one.rule for one in away + by]
    assert away[0].subject != by[0].subject


def test_walking_up_and_down_before_a_gate_is_told_once_in_ten_minutes() -> None:
    to_and_fro = [seen(50 if n % 2 else -50, at=NOW + minutes(2 * n), accuracy_m=8.0) for n in range(1, 12)]

    events = happened(GATE, *to_and_fro)

    assert [NOW + minutes(4), NOW + minutes(14)] == [event.at for event in events]


def test_a_fence_that_does_not_tell_of_arriving_says_nothing() -> None:
    state = known_outside(GATE)

    assert told(state, subject(replace(GATE, tell_enter=False)), *walk(2.0, -450, 450, accuracy_m=8.0)) == []
    assert state.last_fix is None


def test_the_first_two_fixes_of_a_fence_are_no_way_through() -> None:
    """It may have been drawn around her."""
    assert told(WatchState(), subject(GATE), *walk(2.0, -50, 50, accuracy_m=8.0)) == []


def test_who_left_a_moment_ago_did_not_pass_through() -> None:
    fixes = [seen(0, at=NOW), *(seen(-50, at=NOW + minutes(n)) for n in (2, 4)), seen(50, at=NOW + minutes(6))]
    state = WatchState()
    events = told(state, subject(replace(GATE, tell_exit=True)), *fixes[:3])

    assert ["geofence_exit"] == [one.rule for one in events]
    assert ["geofence_through"] == [one.rule for one in told(state, subject(GATE), fixes[3])]


def test_late_fixes_are_no_line() -> None:
    """The next one in time may not have come yet."""
    fixes = walk(2.0, -450, 450, accuracy_m=8.0)
    late = NOW + timedelta(minutes=30)

    assert told(known_outside(GATE), subject(GATE), *reversed(fixes), now=late) == []
