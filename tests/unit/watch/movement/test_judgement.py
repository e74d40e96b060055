"""One judgement out of all rules: one alert, what makes it grow, and when it is over."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from app.geo.model import FencePurpose
from app.push.model import Level
from app.watch.model import (
    AlertKind,
    FenceState,
    HealthHeard,
    Outcome,
    Seen,
    Side,
    Subject,
    WatchEvent,
    WatchSettings,
    WatchState,
)
from app.watch.movement import judgement, word
from app.watch.movement.habits import Habits
from app.watch.replaying import Fix
from tests.unit.watch.build import DEVICE, GARDEN, HANA
from tests.unit.watch.movement.build import LEARN_DAYS, SHOP, ZONE, Way, at_home, clock, fix, known_days, on_day, said

AWAY = (0.0, 2_500.0)
HOME = (0.0, 0.0)


def subject(known: Habits | None, **different: object) -> Subject:
    return Subject(wearer_id=HANA, zone=ZONE, habits=known, **different)  # type: ignore[arg-type]


def seen(one: Fix, late: timedelta = timedelta(0)) -> Seen:
    return Seen(
        device_id=DEVICE, at=one.at, received_at=one.at + late, lat_deg=one.lat_deg, lon_deg=one.lon_deg,
        accuracy_m=one.accuracy_m or 30.0,
    )  # fmt: skip


def judged(
    fixes: Sequence[Fix], who: Subject | None = None, state: WatchState | None = None, late: timedelta = timedelta(0)
) -> list[WatchEvent]:
    who, state = who or subject(known_days()), state or WatchState()
    return [event for one in fixes for event in judgement.look(state, seen(one, late), who, one.at + late)]


def began(events: Sequence[WatchEvent]) -> list[WatchEvent]:
    return [one for one in events if one.outcome is Outcome.BEGAN]


def test_who_is_lost_is_one_alert_that_grows() -> None:
    events = judged(on_day("10:00").to(AWAY).stay(60).fixes)

    assert [Level.NOTICE, Level.URGENT] == [one.level for one in events]
    assert {AlertKind.MOVEMENT} == {one.kind for one in events}
    assert {"home"} == {one.subject for one in events}
    assert 2 == len({one.cause for one in events})


def test_every_event_carries_its_place_its_reasons_and_the_numbers_behind_them() -> None:
    for event in judged(on_day("10:00").to(AWAY).fixes):
        assert event.place is not None
        assert event.at == event.place.at
        assert event.reasons
        assert all({"threshold", "points", "all_points"} <= reason.numbers.keys() for reason in event.reasons)


def test_what_is_strongest_is_named_first() -> None:
    for event in judged(on_day("10:00").to(AWAY).stay(60).fixes):
        points = [reason.numbers["points"] for reason in event.reasons]

        assert points == sorted(points, reverse=True)


def test_it_is_over_when_she_is_home_again_and_not_before() -> None:
    way = on_day("10:00").to(AWAY)
    left = way.at
    events = judged(way.to(HOME, speed_mps=4.0).stay(30).fixes)
    *told, over = events

    assert [Outcome.OVER] == [one.outcome for one in events if one.outcome is not Outcome.BEGAN]
    assert told
    assert over.outcome is Outcome.OVER
    assert over.at > left
    assert over.place is not None


def test_it_is_over_when_she_has_been_back_for_a_while_where_she_knows_her_way() -> None:
    way = on_day("10:00").to((600.0, 900.0)).to(SHOP)
    events = judged(way.stay(40).fixes)

    assert Outcome.BEGAN is events[0].outcome
    assert Outcome.OVER is events[-1].outcome
    assert 1 == len([one for one in events if one.outcome is Outcome.OVER])


def fixes_until_told(way: Way, level: Level) -> int:
    """How many of these fixes it takes."""
    state, who = WatchState(), subject(known_days())
    for number, one in enumerate(way.fixes, start=1):
        if any(event.level is level for event in judgement.look(state, seen(one), who, one.at)):
            return number
    raise AssertionError("it is never told")


def test_who_strays_on_after_somebody_ended_it_is_told_of_again_but_not_at_once() -> None:
    """A family that pressed the wrong button: the next time is told half an hour later."""
    way = on_day("10:00").to((0.0, 6_000.0), speed_mps=1.1)
    first = fixes_until_told(way, Level.URGENT)
    state, who = WatchState(), subject(known_days())
    judged(way.fixes[:first], who, state)
    assert state.movement is not None
    ended_at = way.fixes[first - 1].at
    word.ended(state.movement, ended_at)
    again = began(judged(way.fixes[first:], who, state))

    assert [Level.URGENT] == [one.level for one in again[:1]]
    assert word.AGAIN_AFTER <= again[0].at - ended_at <= word.AGAIN_AFTER + timedelta(minutes=15)
    assert 1 == len([one for one in again if one.level is Level.URGENT])


def test_who_was_found_and_brought_home_within_half_an_hour_is_not_told_of_again() -> None:
    way = on_day("10:00").to((0.0, 2_500.0), speed_mps=1.1)
    state, who = WatchState(), subject(known_days())
    told = judged(way.fixes, who, state)
    assert state.movement is not None
    assert Level.URGENT in [one.level for one in told]
    word.ended(state.movement, way.at)
    on = Way(way.at, way.spot).stay(5).to(HOME, speed_mps=8.0).stay(90)

    assert [] == began(judged(on.fixes[1:], who, state))


def test_who_stays_where_she_was_found_is_not_told_of_again() -> None:
    """At the police box, with a cup of tea."""
    way = on_day("10:00").to((0.0, 2_500.0), speed_mps=1.1)
    state, who = WatchState(), subject(known_days())
    judged(way.fixes, who, state)
    assert state.movement is not None
    word.ended(state.movement, way.at)

    again = began(judged(Way(way.at, way.spot).stay(100).fixes[1:], who, state))
    assert [] == [one for one in again if one.at - way.at < timedelta(minutes=60)]


@pytest.mark.parametrize("side", list(Side), ids=lambda one: one.value)
def test_that_she_knows_her_way_does_not_bring_home_who_the_fence_says_has_left(side: Side) -> None:
    way = on_day("10:00").to((600.0, 900.0)).to(SHOP).stay(40)
    state = WatchState(fences={GARDEN.id.hex: FenceState(side=side)})
    events = judged(way.fixes, subject(known_days(), fences=(GARDEN,)), state)

    over = [one for one in events if one.outcome is Outcome.OVER]
    assert (side is Side.OUTSIDE) is (over == [])


def test_after_it_is_over_there_is_a_time_in_which_only_what_is_urgent_is_told() -> None:
    way = on_day("10:00").to((0.0, 1_500.0), HOME).stay(15)
    over_at = way.at
    events = judged(way.to((0.0, 1_500.0), HOME).stay(15).fixes)
    later = [one for one in began(events) if one.at > over_at]

    assert Outcome.OVER in [one.outcome for one in events]
    assert [] == [one for one in later if one.level is Level.NOTICE]
    urgent = judged(on_day("10:00").to((0.0, 1_500.0), HOME).stay(15).to(AWAY).stay(60).fixes)
    assert Level.URGENT is urgent[-1].level


def test_the_next_day_it_is_told_anew() -> None:
    replay = at_home()
    for day in (LEARN_DAYS, LEARN_DAYS + 1):
        # To another quarter each day: what she did yesterday she knows today.
        goal = (0.0, 1_500.0) if day == LEARN_DAYS else (0.0, -1_500.0)
        way = Way(clock(day, "04:00")).until(clock(day, "10:00"), 600).to(goal, HOME)

        assert said(replay, way.until(clock(day + 1, "03:50"), 600).fixes)


@pytest.mark.parametrize("days", [0, 9, LEARN_DAYS - 1])
def test_who_is_not_known_yet_is_judged_by_the_hours_of_the_night_alone(days: int) -> None:
    replay = at_home(days=days)
    way = Way(clock(days, "04:00")).until(clock(days, "10:00"), 600).to(AWAY, HOME)

    assert [] == said(replay, way.until(clock(days + 1, "02:00"), 600).fixes)
    night = said(replay, Way(way.at).to(SHOP).stay(20).fixes)
    assert ({"unusual_hour"} if days else set()) == {one.rule for one in night}, "without a day there is no home"


def test_nobody_knows_nothing_and_nothing_breaks() -> None:
    assert [] == judged(on_day("10:00").to(AWAY).fixes, subject(None))


def test_a_family_may_switch_it_off() -> None:
    off = subject(known_days(), settings=WatchSettings(movement=False))

    assert [] == judged(on_day("10:00").to(AWAY).stay(60).fixes, off)


def test_a_single_wrong_fix_is_nothing() -> None:
    fixes = on_day("12:00").fixes
    for number in (5, 12, 20, 30):
        fixes[number] = fix(fixes[number].at, 2_500.0, 2_500.0)

    assert [] == judged(fixes)


def test_what_is_known_coarsely_is_not_judged() -> None:
    coarse = [Fix(one.at, one.lat_deg, one.lon_deg, judgement.COARSE_M + 1) for one in on_day("10:00").to(AWAY).fixes]

    assert [] == judged(coarse)


def test_what_is_older_than_two_hours_is_not_judged_and_what_is_newer_is() -> None:
    fixes = on_day("10:00").to(AWAY).fixes

    assert [] == judged(fixes, late=timedelta(hours=2, minutes=1))
    late = judged(fixes, late=timedelta(hours=1, minutes=59))
    assert late
    assert all(one.received_at - one.at == timedelta(hours=1, minutes=59) for one in late)


def test_a_fix_that_comes_late_or_again_changes_nothing() -> None:
    fixes = on_day("10:00").to((0.0, 1_000.0)).fixes
    state, who = WatchState(), subject(known_days())
    judged(fixes, who, state)
    before = msgspec.msgpack.encode(state)

    assert [] == judged(fixes[-20:], who, state)
    assert before == msgspec.msgpack.encode(state)


def test_a_named_place_is_known() -> None:
    """What the family drew is no strange ground, though she was never there."""
    place = msgspec.structs.replace(GARDEN, wearer_id=HANA, purpose=FencePurpose.PLACE, radius_m=3_000.0)
    walk = on_day("10:00").to((0.0, 800.0)).fixes
    known = known_days()

    assert "unfamiliar_on_foot" in {one.rule for one in judged(walk, subject(known))}
    assert "unfamiliar_on_foot" not in {one.rule for one in judged(walk, subject(known, fences=(place,)))}


def test_what_is_no_fix_says_nothing() -> None:
    health = HealthHeard(device_id=DEVICE, at=clock(0, "10:00"), received_at=clock(0, "10:00"), battery_pct=3.0)

    assert [] == list(judgement.look(WatchState(), health, subject(None), clock(0, "10:00")))
