"""Whether she leaves home by a way that she always takes: what two fixes outside say for that. Pure.

A receiver indoors drifts off straight away from home, slowly, over gardens and houses; who leaves walks along her
street, at a pace, and to the side soon. None of that is sure of two fixes, but it adds up. The weights were sought on
ways out and drifts of synthetic persons who are not those of the report, and on drifts of other shapes than those of
the generator (decision 0035).
"""

import math
from datetime import datetime, timedelta
from typing import Final

from app.geo.measure import from_local_m, to_local_m
from app.watch.movement import ways
from app.watch.movement.moving import Movement, Taken
from app.watch.movement.ways import Ways

Spot = tuple[float, float]

LAST: Final = 2
"""So many points of her line before this one are looked at: one may be wrong."""
STEPS_MAX: Final = 2.5
MPS_MAX: Final = 1.6
"""From one to the other are so many steps at the most, and nobody walks faster. A point of the line tells when she came
there and not when she went: who stayed and then leapt would seem to have walked.
"""

DAYS_MAX: Final = 10
DAYS_WEIGHT: Final = 0.09
"""Of each of two places, times the logarithm of one and of the days, up to so many, on which she walked there."""
PACE_MPS_MAX: Final = 0.5
"""Pace counts as it is, metres a second, up to this."""
GAINED_WEIGHT: Final = 0.4
GAINED_MPS_MAX: Final = 0.3
"""Who comes farther from home or nearer by so much in a second goes, or comes back."""
SIDE_M_MAX: Final = 30.0
SIDE_M: Final = 150.0
FAR_M_MAX: Final = 200.0
FAR_M: Final = 900.0
"""Metres to the side and away from home count a part of this, up to so many."""
SURE: Final = 1.02
"""When all of it comes to this, she has left. At half a metre a second, 60 m from home and then 90 m, she comes
to 1.15 on a street that she took on ten days, and to 0.72 where she never was.
"""
LATELY: Final = timedelta(minutes=10)
"""Who was not at home for so long and comes nearer comes home."""


def is_sure(movement: Movement, taken: Taken, since: datetime, apart_s: float, home: Spot, known: Ways) -> bool:
    """Whether this fix and one of the last before it lie on her way from home (latitude, longitude): one that is not
    before `since`, when she was seen outside first, and at least so long ago.
    """
    trail, home_at, point = movement.trail, movement.home_at, taken.point
    if trail is None or home_at is None:
        return False
    origin = trail.lat_deg, trail.lon_deg
    here = to_local_m(*origin, point.lat_deg, point.lon_deg)
    door = to_local_m(*origin, *home)
    days = ways.days_at(known, point.lat_deg, point.lon_deg)
    now_s = (point.at - trail.from_at).total_seconds()
    since_s = int((since - trail.from_at).total_seconds())
    longest_s = STEPS_MAX * max(taken.time_s, apart_s)
    lately = point.at - home_at <= LATELY
    for then_s, east_m, north_m in trail.points[-1 - LAST :]:
        there, time_s = (float(east_m), float(north_m)), now_s - then_s
        if then_s < since_s or not apart_s <= time_s <= longest_s or math.dist(there, here) > MPS_MAX * time_s:
            continue
        if not lately and math.dist(door, here) < math.dist(door, there):
            continue
        then_days = ways.days_at(known, *from_local_m(*origin, *there))
        if evidence(door, there, here, time_s, (then_days, days)) >= SURE:
            return True
    return False


def evidence(door: Spot, there: Spot, here: Spot, time_s: float, days: tuple[int, int]) -> float:
    """What it says for leaving that she was there and is here so long after it: places in metres on one flat map, and
    on how many days she walked at each of the two.

    >>> street = evidence((0, 0), (60, 0), (110, 0), 60.0, (10, 10))
    >>> over_gardens = evidence((0, 0), (60, 0), (110, 0), 60.0, (0, 0))
    >>> round(street, 2), round(over_gardens, 2)
    (1.17, 0.74)
    """
    far_m, then_m = math.dist(door, here), math.dist(door, there)
    gained_mps = (far_m - then_m) / time_s
    across = (here[0] - door[0]) * (there[1] - door[1]) - (here[1] - door[1]) * (there[0] - door[0])
    return (
        DAYS_WEIGHT * (math.log1p(min(days[0], DAYS_MAX)) + math.log1p(min(days[1], DAYS_MAX)))
        + min(math.dist(there, here) / time_s, PACE_MPS_MAX)
        + GAINED_WEIGHT * max(-GAINED_MPS_MAX, min(gained_mps, GAINED_MPS_MAX))
        + min(abs(across) / max(far_m, 1.0), SIDE_M_MAX) / SIDE_M
        + min(far_m, FAR_M_MAX) / FAR_M
    )
