"""Beyond her usual range: farther from home than on any of her days, on foot or by a vehicle."""

from datetime import timedelta
from typing import Final

from app.watch.model import Reason
from app.watch.movement.evidence import Moment, Rule, numbers
from app.watch.movement.habits import highest, nth_highest
from app.watch.movement.moving import Mode, is_slow

BEYOND: Final = 1.1
"""Her own farthest, times this (99 % distance × 1.1: 0.07 false alarms a person-day; detection notes, section 6)."""
SLOW_BEYOND: Final = 1.3
"""Where nobody sees how she goes: it is mostly a ride, and the farthest of her days was seen by chance."""
RODE_WITHIN: Final = timedelta(hours=1)
WALK_MPS: Final = 1.35
WALK_M_MAX: Final = 15_000.0
"""Nobody walks faster all the way from her door, nor farther in a day: who is there rode, seen or not."""
BEYOND_M: Final = 150.0
"""And at least so much farther: who never leaves her street may go round the corner."""


WALKED_RANK: Final = 3
"""Of who walked all the way, her third farthest day counts: a ride or two in four weeks do not make her range wide."""


def usual_m(moment: Moment) -> float:
    """How far from home she was on her farthest day, or, where she walked, on one that was not her farthest; 0 when
    nothing is known.
    """
    far = moment.habits.far
    return 10.0 * (nth_highest(far, WALKED_RANK) if _walked(moment) else highest(far))


def _walked(moment: Moment) -> bool:
    """Whether she was seen to walk here, off what she knows: no vehicle since she was at home."""
    movement, ground = moment.movement, moment.movement.ground
    if is_slow(movement) or movement.home_at is None or not ground.seen or ground.by_vehicle or moment.known:
        return False
    rode = movement.vehicle_at is not None and movement.vehicle_at >= movement.home_at
    return not rode and moment.taken.mode is Mode.FOOT and is_on_foot(moment)


def measure(moment: Moment) -> float:
    """Per cent of the border beyond which it is far for her."""
    if moment.home_m is None or moment.home_m <= BEYOND_M:
        return 0.0
    usual = usual_m(moment)
    if usual <= 0.0:
        return 0.0
    beyond = SLOW_BEYOND if is_slow(moment.movement) else BEYOND
    return min(255.0, 100.0 * moment.home_m / max(beyond * usual, usual + BEYOND_M))


def is_on_foot(moment: Moment) -> bool:
    """Whether she got there by herself: who rides farther than ever is probably taken somewhere."""
    movement, home_m = moment.movement, moment.home_m or 0.0
    if movement.vehicle_at is not None and moment.at - movement.vehicle_at <= RODE_WITHIN:
        return False
    if movement.home_at is not None and home_m > WALK_MPS * (moment.at - movement.home_at).total_seconds():
        return False
    return home_m <= WALK_M_MAX


def reason(moment: Moment, measured: float) -> Reason:
    """How far from home she is, and how far she goes at most."""
    home_m, usual = moment.home_m or 0.0, usual_m(moment)
    return Reason(
        code="beyond_range",
        params={"distance_m": str(round(home_m, -2)), "usual_m": str(round(usual, -2))},
        numbers=numbers(home_m=home_m, usual_m=usual),
    )


RULE: Final = Rule(
    name="beyond_range",
    measure=measure,
    reason=reason,
    question="Is she farther from home than on any of her days?",
    floor=100.0,
    cap=100.0,
    urgent=250.0,
    urgent_if=is_on_foot,
    fixes=3,
)
