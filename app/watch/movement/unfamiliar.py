"""Unfamiliar on foot: walking where she has not been in four weeks.

People who get lost mostly do so on an ordinary outing, and go on until they are stuck (Rowe 2011; detection notes,
sections 0 and 3.2). Counted from where she left the ground she knows: minutes on foot, or 50 m of way each, whichever
is less, so that standing about with the errors of a receiver does not count. Who came by a vehicle within the hour, or
was not seen to leave known ground, is not lost by that alone.
"""

from datetime import timedelta
from typing import Final

from app.watch.model import Reason
from app.watch.movement import habits
from app.watch.movement.evidence import Moment, Rule, numbers
from app.watch.movement.moving import is_slow

COUNTS_A_MINUTE: Final = 4.0
M_A_MINUTE: Final = 50.0
RIDE_WITHIN: Final = timedelta(hours=1)
AFTER_RIDE: Final = 0.3
UNSEEN: Final = 0.4
SLOW: Final = 0.7
KNOWN_S: Final = 120.0
"""What a minute counts after a ride, when nobody saw her leave what she knows, and when the steps are too long to see
that she walks; and how long she must be back on known ground to be walking there: one fix may be wrong."""

TRIP_M: Final = 15_000.0
"""Nobody walks so far from home. Who travels is on unknown ground all day long, and mostly with somebody."""

FARTHER: Final = 1.35
"""Who explores does so longer on some days than on others: of explorers a fifth fewer alarms than with 5 %, and whoever
is used to little is found half a minute later."""

FAR_RINGS: Final = 4
"""Cells from the nearest known place: 130 m each."""
RINGS_MAX: Final = 12
RING_M: Final = 131.0


def measure(moment: Moment) -> float:
    """Quarters of a minute on foot on unknown ground."""
    ground, movement = moment.movement.ground, moment.movement
    if ground.unknown_at is None or ground.known_s >= KNOWN_S:
        return 0.0
    minutes = min(ground.unknown_s / 60, ground.unknown_m / M_A_MINUTE)
    rode = movement.vehicle_at is not None and moment.at - movement.vehicle_at < RIDE_WITHIN
    rode = rode or (moment.home_m or 0.0) > TRIP_M
    share = (AFTER_RIDE if rode or ground.by_vehicle else 1.0) * (1.0 if ground.seen else UNSEEN)
    return COUNTS_A_MINUTE * minutes * share * (SLOW if is_slow(movement) else 1.0)


def is_far(moment: Moment) -> bool:
    """Whether she is far from everything that she knows."""
    return not habits.is_known_within(moment.habits, moment.cell, FAR_RINGS - 1)


def reason(moment: Moment, measured: float) -> Reason:
    """How long, how far, and how far from what she knows."""
    ground = moment.movement.ground
    away_m = RING_M * habits.rings_to_known(moment.habits, moment.cell, RINGS_MAX)
    minutes = ground.unknown_s / 60
    return Reason(
        code="unfamiliar_on_foot",
        params={"minutes": str(max(1, round(minutes))), "distance_m": str(round(away_m, -1))},
        numbers=numbers(minutes=minutes, walked_m=ground.unknown_m, away_m=away_m, measure=measured),
    )


RULE: Final = Rule(
    name="unfamiliar_on_foot",
    measure=measure,
    reason=reason,
    question="Does she walk where she has not been in four weeks?",
    floor=22.0,
    cap=130.0,
    rank=3,
    margin=FARTHER,
    urgent=160.0,
    urgent_if=is_far,
)
