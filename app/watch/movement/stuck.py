"""Stuck: she walked to a place she does not know, and stays there.

Who is lost goes on until she cannot, and does not turn round (detection notes, section 3.2).
"""

from typing import Final

from app.watch.model import Reason
from app.watch.movement.evidence import Moment, Rule, numbers
from app.watch.movement.moving import BREAK, is_slow

COUNTS_A_MINUTE: Final = 2.0
WALKED_S_MIN: Final = 180.0
WALKED_STEPS: Final = 3
"""So long on foot on unknown ground before: else she may be in a house beside what she knows. Between the fixes of a
slow tracker nobody saw her walk: it takes three steps, and a minute counts half."""
SLOW: Final = 0.5


def measure(moment: Moment) -> float:
    """Half minutes at one unknown place."""
    movement = moment.movement
    ground, slow = movement.ground, is_slow(movement)
    if ground.unknown_at is None or ground.by_vehicle or not ground.seen:
        return 0.0
    if ground.unknown_s < (WALKED_STEPS * movement.step_s if slow else WALKED_S_MIN):
        return 0.0
    if moment.known or moment.taken.time_s > BREAK.total_seconds():
        return 0.0
    return min(255.0, (SLOW if slow else 1.0) * COUNTS_A_MINUTE * _minutes(moment))


def _minutes(moment: Moment) -> float:
    """How long she has been there."""
    still, unknown_at = moment.movement.still, moment.movement.ground.unknown_at
    if still is None or unknown_at is None:
        return 0.0
    return (moment.at - max(still.at, unknown_at)).total_seconds() / 60


def reason(moment: Moment, measured: float) -> Reason:
    """How long she has been there."""
    minutes = _minutes(moment)
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
