"""What was told is over after hours, or ends in silence: nothing is told for want of a network, and nothing is lost."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from app.push.model import Level
from app.watch.model import Outcome, Seen, Subject, WatchEvent, WatchState
from app.watch.movement import judgement, vanished
from app.watch.outage import Outage
from app.watch.replaying import Fix
from app.watch.silence import Uptime
from tests.unit.watch.build import DEVICE, HANA
from tests.unit.watch.movement.build import LEARN_DAYS, SHOP, ZONE, Way, clock, known_days, on_day

AWAY = (0.0, 2_500.0)
MINUTE = timedelta(minutes=1)


def who() -> Subject:
    return Subject(wearer_id=HANA, zone=ZONE, habits=known_days())


def judged(state: WatchState, fixes: Sequence[Fix], known: Subject | None = None) -> list[WatchEvent]:
    known = known or who()
    return [event for one in fixes for event in judgement.look(state, _seen(one), known, one.at)]


def _seen(one: Fix) -> Seen:
    return Seen(
        device_id=DEVICE, at=one.at, received_at=one.at, lat_deg=one.lat_deg, lon_deg=one.lon_deg, accuracy_m=12.0
    )


def gone(state: WatchState, way: Way) -> datetime:
    """She walks until her silence would be told; when."""
    for one in way.fixes:
        judged(state, [one])
        due_at = judgement.due_at(state, who())
        if due_at is not None:
            return due_at
    raise AssertionError("nobody would be told")


def test_while_nobody_could_hear_her_she_has_not_vanished() -> None:
    state = WatchState()
    due_at = gone(state, on_day("10:00").to(AWAY))
    up_since = due_at + 5 * MINUTE
    uptime = Uptime(up_since=up_since, down_since=due_at - 14 * MINUTE)

    assert [] == list(judgement.tick(state, who(), up_since + MINUTE, uptime))
    later_at = judgement.due_at(state, who(), uptime)
    assert up_since + timedelta(minutes=15) == later_at
    assert ["vanished"] == [one.rule for one in judgement.tick(state, who(), later_at, uptime)]


def test_where_a_whole_town_is_not_heard_she_has_not_vanished() -> None:
    state = WatchState()
    due_at = gone(state, on_day("10:00").to(AWAY))
    town = Outage(city_id=1, from_at=due_at - 15 * MINUTE, devices=50)

    assert [] == list(judgement.tick(state, who(), due_at, None, town))
    assert ["vanished"] == [one.rule for one in judgement.tick(state, who(), due_at)]


def test_what_was_switched_off_is_not_told_days_later() -> None:
    state = WatchState()
    due_at = gone(state, on_day("10:00").to(AWAY))

    assert [] == list(judgement.tick(state, who(), due_at + timedelta(days=3)))
    assert judgement.due_at(state, who()) is None


def test_after_an_old_story_a_new_one_is_told_at_once() -> None:
    state = WatchState()
    assert [Level.NOTICE, Level.URGENT] == [one.level for one in judged(state, on_day("10:00").to(AWAY).fixes)]

    way = Way(clock(LEARN_DAYS, "17:20"), SHOP).stay(2).to((600.0, 900.0))
    again = [one for one in judged(state, way.fixes) if one.outcome is Outcome.BEGAN]

    assert Level.NOTICE is again[0].level


def test_what_goes_on_for_hours_is_told_anew_and_is_over_when_she_is_home() -> None:
    """Somebody may have ended the first alert meanwhile."""
    state = WatchState()
    way = on_day("10:00").to(AWAY).stay(7 * 60)
    told = judged(state, way.fixes)
    assert [Outcome.BEGAN] * 3 == [one.outcome for one in told]
    assert 3 == len({one.cause for one in told})
    assert judgement.STALE < told[2].at - told[0].at

    assert [Outcome.OVER] == [one.outcome for one in judged(state, way.to((0.0, 0.0)).stay(5).fixes[-60:])]


def test_an_old_story_is_over_when_she_is_home() -> None:
    state = WatchState()
    judged(state, on_day("10:00").to(AWAY).fixes)
    home = Way(clock(LEARN_DAYS, "20:00")).stay(5)

    assert [Outcome.OVER] == [one.outcome for one in judged(state, home.fixes)]


def test_who_vanishes_after_an_old_story_is_told_of_under_a_cause_of_its_own() -> None:
    state = WatchState()
    before = judged(state, on_day("10:00").to(AWAY).fixes)
    due_at = gone(state, Way(clock(LEARN_DAYS, "16:30"), SHOP).stay(2).to((600.0, 900.0)))
    assert state.movement is not None
    assert 0 == state.movement.level

    (told,) = judgement.tick(state, who(), due_at)
    assert told.cause not in {one.cause for one in before}
    assert vanished.due_at(state.movement) is None


def test_who_left_in_the_night_is_not_back_by_standing_where_she_is_by_day() -> None:
    """One late night, at her daughter's, is enough that nobody can say when she should be back."""
    state, habits = WatchState(), known_days()
    habits.last_out[5] = 23 * 60
    known = msgspec.structs.replace(who(), habits=habits)
    way = on_day("24:30").to(SHOP).stay(150)
    told = judged(state, way.fixes, known)
    assert ["unusual_hour"] == [one.rule for one in told if one.level is Level.NOTICE]
    assert {Outcome.BEGAN} == {one.outcome for one in told}

    assert [Outcome.OVER] == [one.outcome for one in judged(state, way.to((0.0, 0.0)).stay(5).fixes[-14:], known)]
