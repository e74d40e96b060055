"""Off every habitual continuation: there is no day in four weeks on which she was at all the places of this line.

The idea of iBOAT (Chen 2011), on the days of her own map instead of trips to one destination. Alone it cries once a day
(detection notes, section 0, 3): it only adds to what else is unusual.
"""

from typing import Final

from app.watch.model import Reason
from app.watch.movement.evidence import Moment, Rule, numbers

COUNTS_A_M: Final = 0.1


def measure(moment: Moment) -> float:
    """Tens of metres on foot off all days."""
    return COUNTS_A_M * moment.movement.ground.off_m


def reason(moment: Moment, measured: float) -> Reason:
    """How far she went so."""
    off_m = moment.movement.ground.off_m
    return Reason(code="off_route", params={"distance_m": str(round(off_m, -1))}, numbers=numbers(off_m=off_m))


RULE: Final = Rule(
    name="off_route",
    measure=measure,
    reason=reason,
    question="Is she on a way that she takes on none of her days?",
    floor=50.0,
    cap=140.0,
    weight=0.4,
)
