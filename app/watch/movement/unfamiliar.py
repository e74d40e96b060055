"""Unfamiliar on foot: walking where she has not been in four weeks.

People who get lost mostly do so on an ordinary outing, and go on until they are stuck (Rowe 2011; detection notes,
sections 0 and 3.2). Counted from where she left the ground she knows: minutes on foot, or 50 m of way each, whichever
is less, so that standing about with the errors of a receiver does not count. Who came by a vehicle within the hour, or
was not seen to leave known ground, is not lost by that alone.

Who is lost goes on and does not turn round; an errand goes round corners and about a shop. So it counts less of who
walks about, and whoever has gone straight on for a while is heard of as soon as she leaves the ground she knows. Of
who explores more than others that is no sign: it never counts for more than what is the least for everybody.
"""

from datetime import timedelta
from typing import Final

from app.watch.model import Reason
from app.watch.movement import habits
from app.watch.movement.evidence import Moment, Rule, numbers
from app.watch.movement.moving import is_slow
from app.watch.movement.onward import straight_over, straight_since

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

FLOOR: Final = 20.0
FARTHER: Final = 1.2
"""Who explores does so longer on some days than on others."""

WINDING: Final = 0.5
STRAIGHT: Final = 0.9
ASTRAY: Final = 0.2
"""What counts of her walk since known ground ended: all of it where it is so straight, so little where it winds."""

SEEN_S_MAX: Final = 90.0
"""With longer steps every walk looks straight."""
ON_M: Final = 600.0
ON_M_MIN: Final = 300.0
ON: Final = 0.85
ON_AND_ON: Final = 0.97
SOONER: Final = 16.0
"""Who has walked so far (300 m at least), known ground or not: as straight as `ON`, a minute counts for more than one,
as straight as `ON_AND_ON` for so many; but never beyond `FLOOR`."""

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
    return _counts(moment, COUNTS_A_MINUTE * minutes * share * (SLOW if is_slow(movement) else 1.0))


def _counts(moment: Moment, measured: float) -> float:
    """What counts of it, by how straight she walks."""
    trail, unknown_at = moment.movement.trail, moment.movement.ground.unknown_at
    if trail is None or unknown_at is None:
        return measured
    straight = straight_since(trail.points, (unknown_at - trail.from_at).total_seconds())
    counts = measured * _between(straight, WINDING, STRAIGHT, ASTRAY, 1.0)
    if counts >= FLOOR or moment.taken.time_s > SEEN_S_MAX:
        return counts
    on = straight_over(trail.points, ON_M, ON_M_MIN)
    return counts if on < ON else max(counts, min(FLOOR, measured * _between(on, ON, ON_AND_ON, 1.0, SOONER)))


def _between(value: float, low: float, high: float, first: float, last: float) -> float:
    """As far between the first and the last as a value is between low and high."""
    return first + (last - first) * min(1.0, max(0.0, (value - low) / (high - low)))


def is_far(moment: Moment) -> bool:
    """Whether she is far from everything that she knows."""
    return not habits.is_known_within(moment.habits, moment.cell, FAR_RINGS - 1)


def reason(moment: Moment, measured: float) -> Reason:
    """How long, how far, and how far from what she knows; of who was heard of sooner, that she goes straight on."""
    ground, trail = moment.movement.ground, moment.movement.trail
    away_m = RING_M * habits.rings_to_known(moment.habits, moment.cell, RINGS_MAX)
    minutes = ground.unknown_s / 60
    on = 0.0 if trail is None else straight_over(trail.points, ON_M, ON_M_MIN)
    straight_on = on >= ON and minutes < FLOOR / COUNTS_A_MINUTE
    return Reason(
        code="straight_on" if straight_on else "unfamiliar_on_foot",
        params={"minutes": str(max(1, round(minutes))), "distance_m": str(round(away_m, -1))},
        numbers=numbers(
            minutes=minutes, walked_m=ground.unknown_m, away_m=away_m, straight_pct=100 * on, measure=measured
        ),
    )


RULE: Final = Rule(
    name="unfamiliar_on_foot",
    measure=measure,
    reason=reason,
    question="Does she walk where she has not been in four weeks?",
    floor=FLOOR,
    cap=130.0,
    rank=4,
    margin=FARTHER,
    urgent=160.0,
    urgent_if=is_far,
)
