"""Whether her tracker should speak more often than it does: who is out may turn anywhere, and with a fix every five
minutes nobody sees how she walks (detection notes, section 0, 5). Pure.

A battery that is flat says nothing at all. So it is wanted only while she is out and moves, or while an alert about it
is open, and for some minutes each time, so that it ends by itself when nothing more is heard. The first fix away from
home is enough: a receiver indoors may have been wrong, and says so a minute later instead of ten.
"""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from app.watch.movement.habits import Habits
from app.watch.movement.moving import Movement

INTERVAL_S: Final = 60
"""Shapes are seen with steps up to 90 s."""

FOR: Final = timedelta(minutes=20)
AGAIN: Final = timedelta(minutes=6)
"""So long before it is over it is wanted again: a tracker may have spoken every five minutes only."""

RESTS: Final = timedelta(minutes=30)
"""Who has been at one place for so long is there: at a friend's, at the day centre."""

BATTERY_PCT_MIN: Final = 30.0
BATTERY_PCT_MIN_TOLD: Final = 10.0
"""With less it stays as it is; while somebody is looking for her."""


class Wanted(Struct, frozen=True):
    """Fixes every `INTERVAL_S` until then; None for no more. With a battery of so much or more."""

    until: datetime | None
    battery_pct_min: float = BATTERY_PCT_MIN


def wanted(movement: Movement, habits: Habits | None, now: datetime) -> Wanted | None:
    """What is news: that more is wanted, or no more; None for neither. It is kept what was said."""
    before = movement.closer_until
    if not _is_out(movement, habits):
        movement.closer_until = None
        return None if before is None or before <= now else Wanted(None)
    if before is None and 0 < movement.step_s <= INTERVAL_S * 1.1:
        return None  # It speaks as often by itself.
    if before is not None and now < before - AGAIN:
        return None
    if before is None:
        movement.own_step_s = max(movement.own_step_s, movement.step_s)
    movement.closer_until = now + FOR
    return Wanted(movement.closer_until, BATTERY_PCT_MIN_TOLD if movement.level else BATTERY_PCT_MIN)


def _is_out(movement: Movement, habits: Habits | None) -> bool:
    last, still = movement.last, movement.still
    if last is None:
        return False
    if movement.level:
        return True
    if still is not None and not movement.still_off and last.at - still.at >= RESTS:
        return False
    strays = habits is not None and len(habits.cells) > 0 and movement.ground.seen
    return movement.maybe_out is not None or (strays and movement.ground.unknown_at is not None)
