"""When her tracker is to speak more often, and when that is enough."""

from datetime import timedelta

import pytest

from app.watch.movement import closer
from app.watch.movement.closer import AGAIN, BATTERY_PCT_MIN, BATTERY_PCT_MIN_TOLD, FOR, Wanted, wanted
from app.watch.movement.moving import Ground, Movement, Point
from tests.build import NOW
from tests.unit.watch.movement.build import known_days


def out(**more: object) -> Movement:
    """She left a while ago and walks; her tracker speaks every five minutes."""
    fields: dict[str, object] = {
        "last": Point(NOW, 34.7, 134.8, 10.0),
        "still": Point(NOW - timedelta(minutes=2), 34.7, 134.8, 10.0),
        "step_s": 300.0,
        "maybe_out": Point(NOW - timedelta(minutes=10), 34.7, 134.8, 10.0),
        "out_at": NOW - timedelta(minutes=10),
    }
    return Movement(**fields | more)  # type: ignore[arg-type]


def test_who_is_out_is_asked_once_and_again_before_it_is_over() -> None:
    movement = out()
    assert Wanted(NOW + FOR, BATTERY_PCT_MIN) == wanted(movement, None, NOW)
    assert None is wanted(movement, None, NOW + timedelta(seconds=1))
    assert None is wanted(movement, None, NOW + FOR - AGAIN - timedelta(seconds=1))
    again = NOW + FOR - AGAIN
    assert Wanted(again + FOR, BATTERY_PCT_MIN) == wanted(movement, None, again)


def test_the_first_fix_away_from_home_is_asked_for_more_before_it_is_sure_that_she_left() -> None:
    assert Wanted(NOW + FOR, BATTERY_PCT_MIN) == wanted(out(out_at=None), None, NOW)


def test_who_is_home_is_asked_no_more_and_is_told_so_once() -> None:
    movement = out()
    wanted(movement, None, NOW)
    movement.out_at = movement.maybe_out = None
    assert Wanted(None) == wanted(movement, None, NOW + timedelta(minutes=5))
    assert None is wanted(movement, None, NOW + timedelta(minutes=6))


def test_what_was_over_by_itself_needs_no_end() -> None:
    movement = out()
    wanted(movement, None, NOW)
    movement.out_at = movement.maybe_out = None
    assert None is wanted(movement, None, NOW + FOR)


def test_who_speaks_every_minute_by_herself_is_not_asked() -> None:
    assert None is wanted(out(step_s=60.0), None, NOW)


def test_who_speaks_every_minute_because_she_was_asked_is_asked_again() -> None:
    movement = out()
    wanted(movement, None, NOW)
    movement.step_s = 60.0
    assert wanted(movement, None, NOW + FOR - AGAIN) is not None


def test_who_rests_somewhere_is_left_her_battery_until_she_goes_on() -> None:
    movement = out(still=Point(NOW - closer.RESTS, 34.7, 134.8, 10.0))
    assert None is wanted(movement, None, NOW)
    movement.still = Point(NOW, 34.7, 134.8, 10.0)
    assert wanted(movement, None, NOW) is not None


@pytest.mark.parametrize("level", [1, 2])
def test_while_an_alert_is_open_she_is_asked_wherever_she_is_and_with_little_battery(level: int) -> None:
    movement = out(out_at=None, maybe_out=None, level=level, still=Point(NOW - timedelta(hours=1), 34.7, 134.8, 10.0))
    assert Wanted(NOW + FOR, BATTERY_PCT_MIN_TOLD) == wanted(movement, None, NOW)


def test_who_leaves_what_she_knows_is_asked_and_who_is_not_known_yet_is_not() -> None:
    strays = Ground(seen=True, unknown_at=NOW)
    assert wanted(out(out_at=None, maybe_out=None, ground=strays), known_days(), NOW) is not None
    assert None is wanted(out(out_at=None, maybe_out=None, ground=strays), None, NOW)


def test_who_was_never_seen_is_not_asked() -> None:
    assert None is wanted(Movement(), None, NOW)
