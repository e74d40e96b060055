"""Where a wearer is at any moment. Pure: a home, a round of legs that repeats with other ways, and a moment in seconds.

Time is cut into rounds. In each, a wearer goes out at most once, along streets, and has long come home when the next
one begins; between legs she is at home, indoors. A leg is a walk or ride along a path, or a stay.
"""

import math
from random import Random

from msgspec import Struct

from app.simulator.people import Part
from app.simulator.streets import Origin, Path, Spot, Streets, corners_between, way

ROUND_S = 3 * 3600.0

SPEED_MPS, SPEED_SIGMA_MPS = 0.9, 0.15
"""Walking speed of old people with and without dementia, as the detection notes give it."""
SPEED_MPS_MIN, SPEED_MPS_MAX = 0.6, 1.3
CAR_MPS = 8.0
AT_THE_DOOR_S = 180.0
"""How long somebody who comes home is still outside the door."""

WANDERER_LEAVES_S = 120.0
WANDERER_MPS = 1.1
WANDERER_GOES_M = (900.0, 1150.0)
WANDERER_LOST_S = 420.0
SOS_AT_S = 600.0
SCHOOL_LEAVES_S = 45.0
SCHOOL_S = 90 * 60.0
PARK_M = (150.0, 600.0)
PARK_FROM_SCHOOL_M = 130.0
"""Who does not arrive at school comes never nearer to it: no detector at a gate hears that far."""
PARK_S = 60 * 60.0
OUT_PROBABILITY = 0.75
OUT_LEAVES_S = (90.0, 25 * 60.0)
OUT_M = (220.0, 650.0)
OUT_STAY_S = (8 * 60.0, 40 * 60.0)
OFFLINE_S = 6 * 60.0


class Leg(Struct, frozen=True, kw_only=True):
    """A part of an outing, in seconds of its round. With a path it moves along it, else it stays at `spot`."""

    from_s: float
    until_s: float
    spot: Spot
    path: Path | None = None
    indoors: bool = False


class Whereabouts(Struct, frozen=True):
    """The truth about a wearer at a moment."""

    spot: Spot
    indoors: bool
    speed_mps: float = 0.0
    heading_deg: float = 0.0


class Life(Struct, frozen=True, kw_only=True):
    """A wearer's ways: where home is, and how she goes out. `seed` names her and the town. `leaves_later_s`: not every
    child leaves for school in the same second.
    """

    seed: str
    part: Part
    streets: Streets
    origin: Origin
    home: int
    school: int
    offline: bool = False
    leaves_later_s: float = 0.0

    @property
    def home_spot(self) -> Spot:
        """The door of her home."""
        return self.streets.corners[self.home]


class Day:
    """One wearer's life as it is lived: it remembers the round that it is in, so that asking is cheap."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self._number = -1
        self._legs: tuple[Leg, ...] = ()

    def legs(self, number: int) -> tuple[Leg, ...]:
        """The legs of a round, in order, without gaps between the first and the last."""
        if number != self._number:
            self._number, self._legs = number, legs_of(self.life, number)
        return self._legs

    def at(self, since_s: float) -> Whereabouts:
        """Where she is so many seconds after the beginning."""
        number, in_round_s = divmod(since_s, ROUND_S)
        for leg in self.legs(int(number)):
            if leg.from_s <= in_round_s < leg.until_s:
                return _on(leg, in_round_s)
        return Whereabouts(self.life.home_spot, indoors=True)

    def is_online(self, since_s: float) -> bool:
        """Whether her device has a network."""
        if not self.life.offline:
            return True
        number, in_round_s = divmod(since_s, ROUND_S)
        legs = self.legs(int(number))
        # The network is gone around the middle of the way out.
        middle_s = (legs[0].from_s + legs[0].until_s) / 2 if legs else math.inf
        return abs(in_round_s - middle_s) > OFFLINE_S / 2


def presses_sos_at_s(life: Life, number: int) -> float | None:
    """When in the life of the town she presses SOS in a round; None when she does not."""
    return number * ROUND_S + SOS_AT_S if life.part is Part.PRESSES_SOS else None


def legs_of(life: Life, number: int) -> tuple[Leg, ...]:
    """The legs of one round. The same life and number give the same legs."""
    random = Random(f"{life.seed}/{number}")
    match life.part:
        case Part.WANDERS:
            return _gets_lost(life, random)
        case Part.GOES_TO_SCHOOL:
            to_school = way(life.streets, life.home, life.school, random)
            leaves_s = SCHOOL_LEAVES_S + life.leaves_later_s
            return _there_and_back(to_school, leaves_s, SCHOOL_S, _speed_mps(random))
        case Part.MISSES_SCHOOL:
            leaves_s = SCHOOL_LEAVES_S + life.leaves_later_s
            return _there_and_back(_way_past_school(life, random), leaves_s, PARK_S, _speed_mps(random))
        case Part.GOES_OUT:
            if number > 0 and random.random() > OUT_PROBABILITY:
                return ()
            place = random.choice(corners_between(life.streets, life.home_spot, *OUT_M))
            out = way(life.streets, life.home, place, random)
            return _there_and_back(out, random.uniform(*OUT_LEAVES_S), random.uniform(*OUT_STAY_S), _speed_mps(random))
        case Part.STAYS_IN | Part.PRESSES_SOS:
            return ()


def _way_past_school(life: Life, random: Random) -> Path:
    """A way to a park, far from the school all along."""
    school = life.streets.corners[life.school]
    parks = corners_between(life.streets, life.home_spot, *PARK_M)
    random.shuffle(parks)
    ways = (way(life.streets, life.home, park, random) for park in parks)
    return next(one for one in ways if one.nearest_m(school) >= PARK_FROM_SCHOOL_M)


def _gets_lost(life: Life, random: Random) -> tuple[Leg, ...]:
    """She leaves, goes on and on, stands lost, and is brought home by car."""
    far = corners_between(life.streets, life.home_spot, *WANDERER_GOES_M)
    away = way(life.streets, life.home, random.choice(far), random)
    lost_s = WANDERER_LEAVES_S + away.length_m / WANDERER_MPS
    found_s = lost_s + WANDERER_LOST_S
    home_s = found_s + away.length_m / CAR_MPS
    return (
        Leg(from_s=WANDERER_LEAVES_S, until_s=lost_s, spot=away.spots[0], path=away),
        Leg(from_s=lost_s, until_s=found_s, spot=away.spots[-1]),
        Leg(from_s=found_s, until_s=home_s, spot=away.spots[-1], path=away.backwards()),
        Leg(from_s=home_s, until_s=home_s + AT_THE_DOOR_S, spot=away.spots[0]),
    )


def _there_and_back(out: Path, leaves_s: float, stays_s: float, speed_mps: float) -> tuple[Leg, ...]:
    """To a place, in it for a while, and home the same way."""
    there_s = leaves_s + out.length_m / speed_mps
    leaves_again_s = there_s + stays_s
    home_s = leaves_again_s + out.length_m / speed_mps
    return (
        Leg(from_s=leaves_s, until_s=there_s, spot=out.spots[0], path=out),
        Leg(from_s=there_s, until_s=there_s + AT_THE_DOOR_S, spot=out.spots[-1]),
        Leg(from_s=there_s + AT_THE_DOOR_S, until_s=leaves_again_s, spot=out.spots[-1], indoors=True),
        Leg(from_s=leaves_again_s, until_s=home_s, spot=out.spots[-1], path=out.backwards()),
        Leg(from_s=home_s, until_s=home_s + AT_THE_DOOR_S, spot=out.spots[0]),
    )


def _speed_mps(random: Random) -> float:
    return min(max(random.gauss(SPEED_MPS, SPEED_SIGMA_MPS), SPEED_MPS_MIN), SPEED_MPS_MAX)


def _on(leg: Leg, in_round_s: float) -> Whereabouts:
    if leg.path is None:
        return Whereabouts(leg.spot, indoors=leg.indoors)
    share = (in_round_s - leg.from_s) / (leg.until_s - leg.from_s)
    spot, heading_deg = leg.path.at(share * leg.path.length_m)
    return Whereabouts(spot, False, leg.path.length_m / (leg.until_s - leg.from_s), heading_deg)
