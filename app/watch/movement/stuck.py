"""Stuck: she walked to a place she does not know, and stays there.

Who is lost goes on until she cannot, and does not turn round (detection notes, section 3.2).
"""

from typing import Final

from app.watch.model import Reason
from app.watch.movement.evidence import Moment, Rule, numbers
from app.watch.movement.moving import BREAK

COUNTS_A_MINUTE: Final = 2.0
WALKED_S_MIN: Final = 180.0
"""So long on foot on unknown ground before: else she may be in a house beside what she knows."""


def measure(moment: Moment) -> float:
    """Half minutes at one unknown place."""
    movement = moment.movement
    ground, still = movement.ground, movement.still
    if ground.unknown_at is None or still is None or ground.by_vehicle or not ground.seen:
        return 0.0
    if ground.unknown_s < WALKED_S_MIN or moment.known or moment.taken.time_s > BREAK.total_seconds():
        return 0.0
    since = max(still.at, ground.unknown_at)
    return min(255.0, COUNTS_A_MINUTE * (moment.at - since).total_seconds() / 60)


def reason(moment: Moment, measured: float) -> Reason:
    """How long she has been there."""
    minutes = measured / COUNTS_A_MINUTE
    return Reason(code="stuck", params={"minutes": str(round(minutes))}, numbers=numbers(minutes=minutes))


RULE: Final = Rule(
    name="stuck",
    measure=measure,
    reason=reason,
    question="Does she stay at a place she does not know, where she walked?",
    floor=80.0,
    cap=254.0,
    rank=1,
    urgent=250.0,
)
