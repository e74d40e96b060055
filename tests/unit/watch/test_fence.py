"""Leaving and coming back to the garden."""

import pytest
from msgspec.structs import replace

from app.geo.model import Point
from app.watch import catalogue
from app.watch.model import Observation, Outcome, WatchEvent, WatchState
from tests.build import NOW
from tests.unit.watch.build import GARDEN, minutes, seen, subject


def happened(*observations: Observation, state: WatchState | None = None) -> list[WatchEvent]:
    """What the watches say, each observation judged as it is received."""
    state = state or WatchState()
    events: list[WatchEvent] = []
    for one in observations:
        found, failures = catalogue.fold(state, [one], subject(), one.received_at)
        assert failures == []
        events += found
    return events


def rules(events: list[WatchEvent]) -> list[str]:
    return [event.rule for event in events]


def test_where_she_is_when_watching_begins_is_no_news() -> None:
    assert happened(seen(900, at=NOW), seen(900, at=NOW + minutes(5)), seen(900, at=NOW + minutes(10))) == []


def test_a_stray_first_fix_is_not_taken_for_where_she_is() -> None:
    events = happened(
        seen(900, at=NOW),
        seen(0, at=NOW + minutes(5)),
        *(seen(300, at=NOW + minutes(10 + 5 * n)) for n in range(3)),
    )

    assert ["geofence_exit"] == rules(events)


def test_leaving_is_told_when_two_fixes_over_ninety_seconds_agree() -> None:
    events = happened(seen(0, at=NOW), seen(300, at=NOW + minutes(5)), seen(400, at=NOW + minutes(6.5)))

    assert rules(events) == ["geofence_exit"]
    assert NOW + minutes(5) == events[0].at
    assert events[0].reasons[0].params == {"fence": "自宅", "distance_m": "300", "accuracy_m": "15"}


def test_two_fixes_within_ninety_seconds_are_one_error() -> None:
    assert happened(seen(0, at=NOW), seen(300, at=NOW + minutes(5)), seen(300, at=NOW + minutes(6.4))) == []


def test_a_stray_fix_at_night_says_nothing() -> None:
    assert happened(seen(0, at=NOW), seen(2000, at=NOW + minutes(5)), seen(0, at=NOW + minutes(10))) == []


def test_strays_with_a_fix_inside_between_them_do_not_add_up() -> None:
    strays = [seen(2000 if n % 2 else 0, at=NOW + minutes(5 * n)) for n in range(20)]

    assert happened(*strays) == []


def test_a_fix_too_coarse_to_tell_says_nothing() -> None:
    coarse = [seen(300, at=NOW + minutes(5 * n), accuracy_m=800) for n in range(1, 10)]

    assert happened(seen(0, at=NOW), *coarse) == []


def test_she_leaves_once_and_comes_back_once() -> None:
    events = happened(
        seen(0, at=NOW),
        *(seen(500, at=NOW + minutes(5 + n)) for n in range(10)),
        *(seen(0, at=NOW + minutes(20 + n)) for n in range(10)),
    )

    assert [event.outcome for event in events] == [Outcome.BEGAN, Outcome.OVER]


def test_coming_back_needs_more_than_the_edge_of_the_garden() -> None:
    events = happened(
        seen(0, at=NOW),
        seen(500, at=NOW + minutes(5)),
        seen(500, at=NOW + minutes(7)),
        seen(105, at=NOW + minutes(15)),
    )

    assert rules(events) == ["geofence_exit"]


def test_a_backlog_newest_first_leaves_the_same_traces() -> None:
    inside = seen(0, at=NOW - minutes(60))
    walk = [seen(300 + 10 * n, at=NOW - minutes(30 - n), received_at=NOW) for n in range(20)]

    forward = happened(inside, *walk)
    backward = happened(inside, *reversed(walk))

    assert ["geofence_exit"] == rules(forward) == rules(backward)


def test_an_old_fix_inside_does_not_bring_her_back() -> None:
    late = seen(0, at=NOW - minutes(20), received_at=NOW)
    events = happened(
        seen(0, at=NOW - minutes(60)), seen(500, at=NOW - minutes(10)), seen(500, at=NOW - minutes(8)), late
    )

    assert rules(events) == ["geofence_exit"]


def test_a_late_fix_inside_amid_the_evidence_takes_it_back() -> None:
    events = happened(
        seen(0, at=NOW - minutes(60)),
        seen(500, at=NOW - minutes(10)),
        seen(0, at=NOW - minutes(9), received_at=NOW - minutes(1)),
        seen(500, at=NOW - minutes(8), received_at=NOW - minutes(1)),
    )

    assert events == []


def test_what_is_older_than_two_hours_is_not_judged() -> None:
    old = [seen(500, at=NOW - minutes(150 - n), received_at=NOW) for n in range(20)]

    assert happened(seen(0, at=NOW - minutes(200)), *old) == []


def test_an_exit_received_late_keeps_both_times() -> None:
    late = [seen(500, at=NOW - minutes(20 - n), received_at=NOW) for n in range(3)]

    (event,) = happened(seen(0, at=NOW - minutes(30)), *late)

    assert (NOW - minutes(20), NOW) == (event.at, event.received_at)


def test_a_fence_that_was_moved_starts_anew() -> None:
    state = WatchState()
    happened(seen(0, at=NOW), state=state)
    moved = replace(GARDEN, centre=Point(34.80, 134.841))
    for n in range(1, 5):
        events, _ = catalogue.fold(state, [seen(0, at=NOW + minutes(5 * n))], subject(moved), NOW + minutes(5 * n))

        assert events == []


@pytest.mark.parametrize("tell_exit", [True, False])
def test_a_fence_tells_only_what_was_asked_for(tell_exit: bool) -> None:
    state = WatchState()
    fence = replace(GARDEN, tell_exit=tell_exit)
    told = []
    for n, north_m in enumerate([0, 500, 500, 500, 0]):
        at = NOW + minutes(5 * n)
        events, _ = catalogue.fold(state, [seen(north_m, at=at)], subject(fence), at)
        told += events

    assert (["geofence_exit", "geofence_enter"] if tell_exit else []) == rules(told)
