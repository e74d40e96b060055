"""Random: turning about without a pattern, within a few streets."""

from typing import Final

from app.watch.model import Reason
from app.watch.movement.evidence import Moment, Rule, reason_of_shape

COUNTS_A_TURN: Final = 10.0
TANGLE_MIN: Final = 2.2
WIDE_M: Final = 40.0
WIDE: Final = 0.5
"""How far its points lie from its long axis, at least, also for its length: what is slimmer is a street up and down."""


def measure(moment: Moment) -> float:
    """Tenths of a sharp turn, on a line that is much longer than it is wide."""
    shape = moment.shape
    if shape is None or shape.tangle < TANGLE_MIN or shape.width_m < max(WIDE_M, WIDE * shape.along_m):
        return 0.0
    return COUNTS_A_TURN * shape.turns


def reason(moment: Moment, measured: float) -> Reason:
    """How often she changed her direction, and since when."""
    return reason_of_shape("random", round(measured / COUNTS_A_TURN), moment, measured)


RULE: Final = Rule(
    name="random",
    measure=measure,
    reason=reason,
    question="Does she change her direction again and again within a few streets?",
    floor=70.0,
    cap=160.0,
)
