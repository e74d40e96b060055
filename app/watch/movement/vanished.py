"""Vanished: the last that was heard is that she walked where she does not know her way, and then nothing.

A device that is not heard is told by `app.watch.silence`, in its own time; whose silence begins so is told of sooner.
"""

from datetime import datetime, timedelta
from typing import Final

from app.watch.model import Reason
from app.watch.movement.moving import BREAK, Movement, expected_step_s, is_slow
from app.watch.outage import Outage
from app.watch.silence import Uptime, counts_from

WALKED_S_MIN: Final = 240.0
"""So long on foot on unknown ground before: many a tracker is silent in the house beside what is known."""
STEPS: Final = 3.0
NEWS: Final = timedelta(hours=2)
"""What was not told by then is told no more: her family had switched these rules off meanwhile."""


def due_at(
    movement: Movement | None, uptime: Uptime | None = None, town: Outage | None = None, now: datetime | None = None
) -> datetime | None:
    """When silence will have lasted too long; None where it means nothing. It does not count while this service was
    down, or her town could not be heard (as in `app.watch.silence`).
    """
    if movement is None or movement.last is None or movement.vanished:
        return None
    ground = movement.ground
    if is_slow(movement):  # Nobody saw her walk.
        return None
    if ground.unknown_at is None or not ground.seen or ground.by_vehicle or ground.unknown_s < WALKED_S_MIN:
        return None
    step_s = expected_step_s(movement)
    since = counts_from(movement.last.at, step_s, uptime, town, now)
    return since + max(BREAK, timedelta(seconds=STEPS * step_s))


def reason(movement: Movement, now: datetime) -> Reason:
    """Since when nothing was heard."""
    heard_at = movement.last.at if movement.last else now
    minutes = (now - heard_at).total_seconds() / 60
    return Reason(
        code="vanished",
        params={"heard": heard_at.isoformat(), "minutes": str(round(minutes))},
        numbers={"minutes": round(minutes, 1), "unknown_min": round(movement.ground.unknown_s / 60, 1)},
    )
