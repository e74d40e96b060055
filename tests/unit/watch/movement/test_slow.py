"""A tracker that speaks every ten to twenty minutes: nobody sees how she went from one fix to the next."""

from datetime import timedelta

import pytest

from app.watch.movement import closer, vanished
from app.watch.movement.evidence import SLOW_CAP, threshold_of
from app.watch.movement.habits import RESOLUTION, cell_at
from app.watch.movement.moving import Ground, Movement, Point, take
from app.watch.movement.unfamiliar import RULE
from app.watch.replaying import Spoken
from tests.build import NOW
from tests.unit.watch.movement.build import LEARN_DAYS, Way, at_home, clock, degrees, known_days, on_day, said

SLOW = [600, 900, 1200]
FRIEND = (0.0, 3_000.0)
"""Where she was never before, a short ride away."""
HERE = cell_at(*degrees(0.0, 0.0), RESOLUTION)


def lines(way: Way, step_s: int) -> list[Spoken]:
    return said(at_home(step_s), way.fixes)


@pytest.mark.parametrize("step_s", SLOW)
def test_a_bus_to_a_friend_and_an_hour_there_look_like_a_walk_once_and_are_none(step_s: int) -> None:
    way = on_day("10:00", step_s).to(FRIEND, speed_mps=4.0).stay(60).to((0.0, 0.0), speed_mps=4.0).stay(60)
    assert {"beyond_range"} >= {one.rule for one in lines(way, step_s)}


def test_what_is_beyond_her_range_is_told_from_two_fixes_on() -> None:
    way = on_day("10:00", 600).to(FRIEND, speed_mps=4.0).stay(60)
    told = lines(way, 600)[0]
    assert ("beyond_range", clock(LEARN_DAYS, "10:20")) == (told.rule, told.at.astimezone(clock(0, "00:00").tzinfo))


@pytest.mark.parametrize("step_s", SLOW)
def test_one_wrong_fix_far_away_is_nothing(step_s: int) -> None:
    way = on_day("10:00", step_s).stay(40)
    wrong = Way(way.at, (40_000.0, 0.0), step_s).fixes
    after = Way(clock(LEARN_DAYS, "11:30"), (0.0, 0.0), step_s).stay(60)
    assert [] == said(at_home(step_s), [*way.fixes[:-1], *wrong, *after.fixes])


def test_a_walk_of_two_hours_is_told_all_the_same() -> None:
    told = lines(on_day("10:00", 600).to((0.0, 7_000.0)), 600)
    assert "unfamiliar_on_foot" in {one.rule for one in told}


@pytest.mark.parametrize(("step_s", "says"), [(60, True), (900, False)])
def test_that_she_vanished_is_said_only_where_she_was_seen_to_walk(step_s: int, says: bool) -> None:
    replay = at_home(step_s)
    said(replay, on_day("10:00", step_s).to((0.0, 1_900.0)).fixes)
    assert says is (vanished.due_at(replay.state.movement) is not None)


def test_what_she_did_once_is_held_against_a_slow_tracker_and_no_cap_of_others_is() -> None:
    habits = known_days()
    habits.peaks[RULE.name] = bytes([200, *[0] * 27])
    assert RULE.floor == threshold_of(RULE, habits, HERE)
    assert 240.0 == threshold_of(RULE, habits, HERE, slow=True)

    habits.peaks[RULE.name] = bytes([255] * 28)
    assert RULE.cap == threshold_of(RULE, habits, HERE)
    assert SLOW_CAP == threshold_of(RULE, habits, HERE, slow=True)


WALKS = Ground(seen=True, unknown_at=NOW, unknown_s=600.0, unknown_m=600.0)


def asked(until_min: float | None) -> Movement:
    """She walks on unknown ground with a tracker that speaks every 20 minutes and was asked to speak every minute."""
    until = None if until_min is None else NOW + timedelta(minutes=until_min)
    last = Point(NOW, *degrees(0.0, 2_000.0), 10.0)
    return Movement(last=last, ground=WALKS, step_s=60.0, own_step_s=1_200.0, closer_until=until)


@pytest.mark.parametrize(("until_min", "silent_min"), [(20, 15), (-1, 60), (None, 60)])
def test_who_is_asked_no_more_may_be_silent_for_as_long_as_before(until_min: float | None, silent_min: int) -> None:
    assert NOW + timedelta(minutes=silent_min) == vanished.due_at(asked(until_min))


@pytest.mark.parametrize(
    ("until_min", "then_s", "steps_s"), [(20, 60, (60, 1_200)), (None, 1_190, (1_200, 0)), (None, 60, (60, 0))]
)
def test_how_often_a_tracker_speaks_is_known_again_as_soon_as_it_speaks_unasked(
    until_min: float | None, then_s: int, steps_s: tuple[int, int]
) -> None:
    movement = asked(until_min)
    take(movement, Point(NOW + timedelta(seconds=then_s), *degrees(0.0, 2_060.0), 10.0))
    assert steps_s == (movement.step_s, movement.own_step_s)


def test_closer_notes_how_often_a_tracker_spoke_before() -> None:
    movement = asked(None)
    movement.step_s, movement.own_step_s = 900.0, 0.0
    movement.maybe_out = movement.last
    assert closer.wanted(movement, None, NOW) is not None
    assert movement.own_step_s == 900.0
