"""Random: turning about without a pattern, within a few streets."""

from typing import Final

from app.watch.model import Reason
from app.watch.movement.evidence import Moment, Rule, reason_of_shape
from app.watch.movement.shapes import Shape

COUNTS_A_TURN: Final = 9.0
COUNTS_LONG: Final = 7.8
"""What one counts in three quarters of an hour: eight in half an hour, or nine in those, are enough."""
TANGLE_MIN: Final = 2.2
WIDE_M: Final = 40.0
WIDE: Final = 0.5
"""How far its points lie from its long axis, at least, also for its length: what is slimmer is a street up and down."""
STOOD_MAX: Final = 0.3
"""Who stays somewhere for more of the time does not wander: each error of a receiver that stands is a turn or two (half
of the false alarms about random walking, for none of the true ones)."""


def measure(moment: Moment) -> float:
    """Ninths of a sharp turn, on a line that is much longer than it is wide and was walked, not stood."""
    return max(COUNTS_A_TURN * _turns(moment.shape), COUNTS_LONG * _turns(moment.long_shape))


def _turns(shape: Shape | None) -> int:
    if shape is None or shape.tangle < TANGLE_MIN or shape.stood > STOOD_MAX:
        return 0
    return shape.turns if shape.width_m >= max(WIDE_M, WIDE * shape.along_m) else 0


def reason(moment: Moment, measured: float) -> Reason:
    """How often she changed her direction, and since when."""
    in_half_an_hour = COUNTS_A_TURN * _turns(moment.shape) >= measured
    shape = moment.shape if in_half_an_hour else moment.long_shape
    return reason_of_shape("random", shape.turns if shape else 0, shape, measured)


RULE: Final = Rule(
    name="random",
    measure=measure,
    reason=reason,
    question="Does she change her direction again and again within a few streets?",
    floor=70.0,
    cap=160.0,
)
