"""Leaving, arriving and not being back, where a fence tells of them at certain hours only."""

from datetime import datetime, time, timedelta

import pytest
from msgspec.structs import replace

from app.geo.model import Geofence, OnHolidays, Window
from app.watch.model import Outcome, Seen, WatchEvent, WatchState
from tests.unit.watch.build import GARDEN, clock, minutes, seen, subject, told

HOME_BY_SIX = replace(
    GARDEN, schedule=(Window(weekdays=0b1111111, from_time=time(18), until_time=time(6)),), tell_enter=True
)


def away(start: str, end: str, step_min: float = 5.0, day: int = 1, end_day: int | None = None) -> list[Seen]:
    """Fixes half a kilometre from the garden from one time to another."""
    at, end_at = clock(start, day), clock(end, end_day or day)
    found: list[Seen] = []
    while at <= end_at:
        found.append(seen(500, at=at))
        at += minutes(step_min)
    return found


def at_home(text: str, day: int = 1) -> Seen:
    return seen(0, at=clock(text, day))


def happened(*fixes: Seen, fence: Geofence = HOME_BY_SIX, state: WatchState | None = None) -> list[WatchEvent]:
    return told(state or WatchState(), subject(fence), *fixes)


def summary(events: list[WatchEvent]) -> list[tuple[str, Outcome, datetime]]:
    return [(event.rule, event.outcome, event.received_at) for event in events]


def test_leaving_in_its_hours_is_told_at_once() -> None:
    events = happened(at_home("18:30"), *away("19:00", "19:10", 1.0))

    assert summary(events) == [("geofence_exit", Outcome.BEGAN, clock("19:02"))]
    assert ["outside_fence"] == [reason.code for reason in events[0].reasons]


def test_leaving_and_coming_home_outside_its_hours_is_not_told() -> None:
    events = happened(at_home("9:00"), *away("10:00", "16:00"), at_home("16:30"))

    assert [event.outcome for event in events] == [Outcome.OVER], "which ends nothing and tells nobody"


@pytest.mark.parametrize(("step_min", "at"), [(1.0, "18:15"), (5.0, "18:15"), (10.0, "18:20"), (20.0, "18:20")])
def test_who_is_not_home_a_quarter_of_an_hour_after_they_began_is_told_of(step_min: float, at: str) -> None:
    events = happened(at_home("9:00"), *away("10:00", "20:00", step_min))

    assert summary(events) == [("geofence_exit", Outcome.BEGAN, clock(at))]
    assert events[0].at == clock(at)
    assert ["still_outside", "outside_fence"] == [reason.code for reason in events[0].reasons]
    assert clock("10:00").isoformat() == events[0].reasons[0].params["since"]


def test_who_comes_home_in_that_quarter_is_not_told_of() -> None:
    events = happened(at_home("9:00"), *away("10:00", "18:14", 1.0), at_home("18:16"), at_home("18:30"))

    assert [event.rule for event in events] == ["geofence_enter"]


def test_who_went_out_just_before_they_began_has_the_same_quarter() -> None:
    events = happened(at_home("17:50"), *away("17:58", "18:30", 1.0))

    assert summary(events) == [("geofence_exit", Outcome.BEGAN, clock("18:15"))]


def test_who_left_in_its_hours_is_told_of_though_it_is_known_after_them() -> None:
    events = happened(at_home("5:00"), *away("5:59", "6:05", 1.0))

    assert summary(events) == [("geofence_exit", Outcome.BEGAN, clock("06:01"))]


def test_a_walk_of_the_afternoon_is_forgotten_when_she_leaves_in_the_evening() -> None:
    events = happened(at_home("9:00"), *away("10:00", "11:00"), at_home("17:00"), *away("19:00", "19:10", 1.0))

    assert ["outside_fence"] == [
        reason.code for event in events for reason in event.reasons if event.outcome == "began"
    ]


def test_it_is_told_once_and_ends_when_she_is_back() -> None:
    events = happened(at_home("9:00"), *away("10:00", "23:00"), at_home("23:30"))

    assert [event.outcome for event in events] == [Outcome.BEGAN, Outcome.PASSING]


def test_one_stray_fix_in_its_hours_is_not_enough() -> None:
    events = happened(at_home("9:00"), *away("10:00", "16:00"), seen(500, at=clock("18:30")), at_home("18:40"))

    assert [event.rule for event in events] == ["geofence_enter"]


def test_who_was_never_seen_at_home_is_not_told_of() -> None:
    """A fence that was drawn while she is at day care."""
    assert happened(*away("15:00", "22:00")) == []


def test_on_the_next_day_it_is_told_again_only_when_she_was_home_between() -> None:
    state = WatchState()
    first = happened(at_home("9:00"), *away("10:00", "20:00"), state=state)
    second = happened(*away("17:00", "20:00", day=2), state=state)
    third = happened(at_home("9:00", 3), *away("10:00", "20:00", day=3), state=state)

    assert (1, 0) == (len(first), len(second))
    assert [Outcome.OVER, Outcome.BEGAN] == [event.outcome for event in third]


@pytest.mark.parametrize(("text", "outcome"), [("17:30", Outcome.OVER), ("19:00", Outcome.PASSING)])
def test_arriving_is_told_in_its_hours(text: str, outcome: Outcome) -> None:
    fence = replace(HOME_BY_SIX, tell_exit=False)
    events = happened(at_home("9:00"), *away("10:00", "11:00"), at_home(text), fence=fence)

    assert [event.outcome for event in events] == [outcome]


def test_when_the_hours_are_taken_away_she_who_is_out_is_told_of() -> None:
    """The family asks to be told always, and she is out: what they would see on the map they are told."""
    state = WatchState()
    before = happened(at_home("9:00"), *away("10:00", "11:00"), state=state)
    after = happened(*away("11:05", "11:10"), fence=replace(GARDEN, schedule=None), state=state)

    assert before == []
    assert ["geofence_exit"] == [event.rule for event in after]


def test_school_on_school_days() -> None:
    window = Window(weekdays=0b0011111, from_time=time(8), until_time=time(15), holidays=OnHolidays.NOT)
    school = replace(GARDEN, schedule=(window,))

    def rules_on(day: int) -> list[str]:
        leaving = [seen(500, at=clock("10:00", day) + timedelta(minutes=n)) for n in range(5)]
        return [event.rule for event in happened(at_home("8:30", day), *leaving, fence=school)]

    assert {28: ["geofence_exit"], 29: [], 25: []} == {day: rules_on(day) for day in (28, 29, 25)}


def test_a_backlog_newest_first_is_told_too() -> None:
    fixes = away("16:30", "18:25")
    state = WatchState()
    told(state, subject(HOME_BY_SIX), at_home("16:00"))
    events = told(state, subject(HOME_BY_SIX), *reversed(fixes), now=clock("18:25"))

    assert ["geofence_exit"] == [event.rule for event in events]
