"""Pacing: back and forth between two places."""

from typing import Final

from app.watch.model import Reason
from app.watch.movement.evidence import Moment, Rule, numbers

COUNTS_A_REVERSAL: Final = 10.0


def measure(moment: Moment) -> float:
    """Tenths of a turn back, on a line that is long and slim."""
    shape = moment.shape
    return 0.0 if shape is None else COUNTS_A_REVERSAL * shape.slim_reversals


def reason(moment: Moment, measured: float) -> Reason:
    """How often she turned back, and since when."""
    shape = moment.shape
    minutes = shape.time_s / 60 if shape else 0.0
    return Reason(
        code="pacing",
        params={"times": str(round(measured / COUNTS_A_REVERSAL)), "minutes": str(round(minutes))},
        numbers=numbers(measure=measured, minutes=minutes, path_m=shape.path_m if shape else 0.0),
    )


RULE: Final = Rule(
    name="pacing",
    measure=measure,
    reason=reason,
    question="Does she go back and forth between two places?",
    floor=40.0,
    cap=90.0,
)
