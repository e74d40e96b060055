"""Lapping: round and round in one direction."""

from typing import Final

from app.watch.model import Reason
from app.watch.movement.evidence import Moment, Rule, reason_of_shape

COUNTS_A_LAP: Final = 40.0
TANGLE_MIN: Final = 2.2
"""A way round is about twice as long as its box is wide; so is one there and back."""


def measure(moment: Moment) -> float:
    """Fortieths of a lap."""
    shape = moment.shape
    if shape is None or shape.tangle < TANGLE_MIN:
        return 0.0
    return min(255.0, COUNTS_A_LAP * shape.laps)


def reason(moment: Moment, measured: float) -> Reason:
    """How often she went round, and since when."""
    return reason_of_shape("lapping", max(1.0, measured / COUNTS_A_LAP), moment.shape, measured)


RULE: Final = Rule(
    name="lapping",
    measure=measure,
    reason=reason,
    question="Does she go round and round?",
    floor=64.0,
    cap=200.0,
    fixes=4,
    rank=3,
    here_cap=240.0,
)
