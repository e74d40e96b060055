"""Recorded positions of a person through the check of quality and the rules."""

from datetime import UTC, datetime
from random import Random

import pytest

from app.watch.recorded import Person, Rows, replayed
from app.watch.replaying import Fix, Options
from tests.unit.watch.movement.build import ZONE, Way, clock, degrees, fix, ordinary_day, ordinary_days

OPTIONS = Options(zone=ZONE, learn_days=5)
LOST = Way(clock(7, "04:00")).until(clock(7, "10:00"), 600).to((0.0, 3_000.0)).stay(90).fixes


def told(fixes: list[Fix], options: Options = OPTIONS) -> Person:
    rows = Rows()
    for one in fixes:
        rows.add(one.at, one.lat_deg, one.lon_deg, one.accuracy_m)
    return replayed("hana", rows, options)


def test_days_are_learnt_and_then_judged() -> None:
    person = told([*ordinary_days(7), *LOST])

    assert (5, 3) == (person.learning_days, person.days)
    assert person.spoken
    assert [] == person.early
    assert all(one.at >= LOST[0].at for one in person.spoken)


def test_the_order_of_the_rows_does_not_matter() -> None:
    fixes = [*ordinary_days(6), *ordinary_day(6, step_s=20), *LOST]
    shuffled = fixes.copy()
    Random(1).shuffle(shuffled)

    assert told(fixes) == told(shuffled)


def test_one_fix_a_step_is_looked_at() -> None:
    fixes = Way(clock(0, "10:00"), step_s=10).stay(60).fixes

    assert 61 == told(fixes, Options(step_s=60)).judged
    assert len(fixes) == told(fixes, Options(step_s=10)).judged == told(fixes).rows


def test_a_jump_that_nobody_can_make_is_refused_as_the_service_would() -> None:
    fixes = Way(clock(0, "10:00")).stay(60).fixes
    fixes[30] = fix(fixes[30].at, 400_000.0, 0.0)
    fixes[40] = Fix(fixes[40].at, 0.0, 0.0, 5.0)
    fixes[50] = fix(fixes[50].at, 0.0, 0.0, accuracy_m=20_000.0)
    person = told(fixes)

    assert {"impossible_speed": 1, "zero_island": 1, "inaccurate": 1} == person.refused
    assert len(fixes) - 3 == person.judged


@pytest.mark.parametrize("year", [1, 1970, 2300, 9999])
def test_the_stamp_of_a_clock_that_was_never_set_costs_only_itself(year: int) -> None:
    wrong = Fix(datetime(year, 12, 31, 23, 59, tzinfo=UTC), *degrees(0.0, 0.0), 5.0)
    person = told([wrong, *ordinary_day(0)])

    assert 1 == sum(person.refused.values())
    assert 2 == person.learning_days, "from four to four: two dates"


@pytest.mark.parametrize("accuracy_m", [None, 0.0, -5.0, float("nan"), float("inf")], ids=str)
def test_an_accuracy_that_is_none_is_unknown(accuracy_m: float | None) -> None:
    fixes = [Fix(one.at, one.lat_deg, one.lon_deg, accuracy_m) for one in ordinary_day(0)]

    assert len(fixes) == told(fixes).judged


def test_frozen_is_taught_by_the_first_days_only() -> None:
    new_habit = [
        one
        for day in range(7, 21)
        for one in Way(clock(day, "04:00"))
        .until(clock(day, "10:00"), 600)
        .to((0.0, 2_500.0), (0.0, 0.0))
        .until(clock(day + 1, "03:50"), 600)
        .fixes
    ]
    tracks = [*ordinary_days(7), *new_habit]
    rolling = told(tracks, Options(zone=ZONE, learn_days=7))
    frozen = told(tracks, Options(zone=ZONE, learn_days=7, rolling=False))

    assert (7, 15) == (frozen.learning_days, frozen.days) == (rolling.learning_days, rolling.days)
    assert {one.at.date() for one in frozen.spoken} == {clock(day, "10:00").date() for day in range(7, 21)}
    assert {one.at.date() for one in rolling.spoken} <= {clock(day, "10:00").date() for day in range(7, 10)}


def test_a_person_day_is_a_date_of_the_zone() -> None:
    around_midnight = Way(clock(9, "23:00")).stay(120).fixes
    here, there = told([*ordinary_days(8), *around_midnight]), told([*ordinary_days(8), *around_midnight[:30]])

    assert (5, 6) == (here.learning_days, here.days), "eight days from four to four are nine dates"
    assert here.days == there.days + 1


def vanishing(*after: Fix) -> list[Fix]:
    """She walks where she was never, and nothing comes any more, or what comes much later."""
    away = Way(clock(7, "04:00")).until(clock(7, "10:00"), 600).to((0.0, 750.0))
    return [*ordinary_days(7), *away.fixes, *after]


def test_who_is_not_heard_any_more_where_she_was_never_is_told_of_at_the_time() -> None:
    for fixes in (vanishing(), vanishing(*Way(clock(7, "16:00")).stay(60).fixes)):
        silent = [one for one in told(fixes).spoken if one.rule == "silent"]

        assert [("movement", "urgent")] == [(one.kind, one.level) for one in silent]
        assert clock(7, "10:15") < silent[0].at < clock(7, "11:15")


def test_who_goes_on_sending_or_is_silent_at_home_is_not_said_to_be_silent() -> None:
    at_home = [*ordinary_days(7), *Way(clock(7, "04:00")).until(clock(7, "10:00"), 600).fixes]

    assert [] == told(at_home).spoken
    assert [] == [one for one in told([*ordinary_days(7), *LOST]).spoken if one.rule == "silent"]


def test_who_is_in_two_places_by_turns_is_told_once_a_day() -> None:
    by_turns = Way(clock(7, "04:00")).until(clock(7, "10:00"), 600).stay(60).fixes
    for number in range(len(by_turns) - 50, len(by_turns), 4):
        by_turns[number] = fix(by_turns[number].at, 4_500.0, 0.0)
    person = told([*ordinary_days(7), *by_turns])

    assert [("device", "impossible_travel", "notice")] == [(one.kind, one.rule, one.level) for one in person.spoken]
    assert "4.5 km" in person.spoken[0].reason
