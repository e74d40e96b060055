"""Pacing: back and forth between two places."""

from typing import Final

from app.watch.model import Reason
from app.watch.movement.evidence import Moment, Rule, reason_of_shape

COUNTS_A_REVERSAL: Final = 10.0


def measure(moment: Moment) -> float:
    """Tenths of a turn back, on a line that is long and slim."""
    shape = moment.shape
    return 0.0 if shape is None else COUNTS_A_REVERSAL * shape.reversals


def reason(moment: Moment, measured: float) -> Reason:
    """How often she turned back, and since when."""
    return reason_of_shape("pacing", round(measured / COUNTS_A_REVERSAL), moment.shape, measured)


RULE: Final = Rule(
    name="pacing",
    measure=measure,
    reason=reason,
    question="Does she go back and forth between two places?",
    floor=40.0,
    cap=90.0,
    rank=3,
    here_cap=200.0,
)
