"""Persons who are not real: where they live, where they go, how regularly. Each follows from a number.

`regular` is a person as the service is for: old, on foot, the same few ways (outings, minutes, company and places as
published of people with dementia). `irregular` goes about as young people do whose movement is public: new places,
vehicles, nights out. No rule may cry wolf there either.
"""

import math
from functools import lru_cache
from random import Random

from msgspec import Struct

from bench.detection.seeds import chance, in_set, number
from bench.detection.streets import Corner, Spot, Streets

POPULATIONS = ("regular", "irregular")
TOWN_LAT_DEG, TOWN_LON_DEG = 34.757, 134.841
"""Towns are within a quarter of a degree of here."""
ZIPF = 1.2
DOOR_M = 22.0
"""How far a door is from its corner."""


class Place(Struct, frozen=True, kw_only=True):
    """Where somebody goes: minutes of an ordinary stay, and how far she walks about while there."""

    corner: Corner
    door: Spot
    stay_min: float
    roam_m: float
    rides: bool = False
    laps_m: float = 0.0
    """The radius of the rounds that are walked there every time, as in a park; 0 for none."""


class Person(Struct, frozen=True, kw_only=True):
    """Somebody's habits. Rates are per day, shares are of outings."""

    user: str
    population: str
    lat_deg: float
    lon_deg: float
    home: Corner
    door: Spot
    places: tuple[Place, ...]
    weights: tuple[float, ...]
    strolls: tuple[tuple[Corner, ...], ...]
    """Corners that are passed on a walk for its own sake, home to home."""
    walks_mps: float
    rides_mps: float
    has_car: bool
    outings: float
    strolling: float
    new: float
    """Share of outings to where she has not been."""
    new_rides: float
    """Share of those for which she rides."""
    far_new: float
    """Share of those rides that end in another quarter, where she walks about."""
    accompanied: float
    evening: float
    """Share of outings that begin in the evening and may last into the night."""
    away: float
    """Share of nights spent elsewhere."""
    daily_sigma: float
    """How much her way differs from day to day, as the logarithm of felt lengths."""
    detours: float

    @property
    def streets(self) -> Streets:
        """The streets of her town."""
        return _streets(self.user)


@lru_cache(8)
def _streets(user: str) -> Streets:
    return Streets(number(f"streets/{user}"))


def person(population: str, index: int) -> Person:
    """The person of a number."""
    user = f"{population[0]}{index:04d}"
    rng = chance("person", user)
    streets = _streets(user)
    home = (rng.randint(-3, 3), rng.randint(-3, 3))
    regular = population == "regular"
    count = rng.randint(4, 8) if regular else rng.randint(5, 9)
    rides = rng.random() < (0.4 if regular else 0.95)
    riding = 0 if not rides else rng.randint(1, 2) if regular else rng.randint(1, 3)
    places = [_place(streets, home, rng, regular=regular, rides=n >= count - riding) for n in range(count)]
    if not regular and rng.random() < 0.6:
        places.insert(0, places.pop())  # Work or lectures are where one goes most.
        places[0] = _with_stay(places[0], rng.uniform(180.0, 420.0))
    weights = [1 / (n + 1) ** ZIPF for n in range(count)]
    if regular and rng.random() < 0.3:
        near = _place(streets, home, rng, regular=True, rides=False)
        places[1] = Place(corner=near.corner, door=near.door, stay_min=4.0, roam_m=0.0, laps_m=rng.uniform(35, 80))
    return Person(
        user=user, population=population, lat_deg=TOWN_LAT_DEG + rng.uniform(-0.25, 0.25),
        lon_deg=TOWN_LON_DEG + rng.uniform(-0.25, 0.25), home=home, door=_door(streets, home, rng),
        places=tuple(places), weights=tuple(weights),
        strolls=tuple(_stroll(streets, home, rng) for _ in range(rng.randint(1, 2))),
        walks_mps=_between(rng.gauss(0.9, 0.15), 0.5, 1.3) if regular else _between(rng.gauss(1.35, 0.1), 1.2, 1.5),
        rides_mps=rng.uniform(8.0, 10.0) if regular or rng.random() < 0.6 else rng.uniform(3.5, 5.5),
        has_car=rng.random() < 0.5,
        outings=1.2 if regular else rng.uniform(1.6, 3.0),
        strolling=rng.uniform(0.1, 0.3) if regular else rng.uniform(0.02, 0.1),
        new=0.10 if regular else rng.uniform(0.3, 0.5),
        new_rides=(0.25 if rides else 0.0) if regular else rng.uniform(0.3, 0.6),
        far_new=0.1 if regular else 0.5,
        accompanied=0.3 if regular else 0.0,
        evening=0.0 if regular else rng.uniform(0.1, 0.3),
        away=0.0 if regular else rng.uniform(0.0, 0.06),
        daily_sigma=0.05 if regular else 0.12,
        detours=0.05 if regular else 0.2,
    )  # fmt: skip


def people(population: str, chosen: str, count: int) -> list[Person]:
    """So many persons of the set `tune` or `report`."""
    found: list[Person] = []
    index = 0
    while len(found) < count:
        if in_set(f"{population[0]}{index:04d}", chosen):
            found.append(person(population, index))
        index += 1
    return found


def reached(streets: Streets, home: Corner, rng: Random, low_m: float, high_m: float) -> Corner:
    """A corner so far from home, to which a way leads. Near the middle of the range more often than in a disk."""
    while True:
        angle, far_m = rng.uniform(0, 2 * math.pi), rng.uniform(low_m, high_m)
        east, north = streets.spot(home)
        corner = streets.corner((east + far_m * math.sin(angle), north + far_m * math.cos(angle)))
        if corner != home and streets.way(home, corner, 0.0, rng, drives=far_m > 2_000):
            return corner


def _place(streets: Streets, home: Corner, rng: Random, *, regular: bool, rides: bool) -> Place:
    corner = reached(streets, home, rng, *((2_000, 6_000) if rides else (220, 1_300)))
    stay_min, roam_m = rng.choice(((20.0, 12.0), (30.0, 15.0), (60.0, 0.0), (90.0, 5.0), (45.0, 35.0), (15.0, 8.0)))
    stay_min *= 1.1 if regular else 1.5
    return Place(corner=corner, door=_door(streets, corner, rng), stay_min=stay_min, roam_m=roam_m, rides=rides)


def _with_stay(place: Place, stay_min: float) -> Place:
    return Place(corner=place.corner, door=place.door, stay_min=stay_min, roam_m=place.roam_m, rides=place.rides)


def _stroll(streets: Streets, home: Corner, rng: Random) -> tuple[Corner, ...]:
    first = reached(streets, home, rng, 300, 900)
    while True:
        second = reached(streets, home, rng, 300, 900)
        if second != first and streets.way(first, second, 0.0, rng):
            return first, second


def _door(streets: Streets, corner: Corner, rng: Random) -> Spot:
    east, north = streets.spot(corner)
    angle = rng.uniform(0, 2 * math.pi)
    return east + DOOR_M * math.sin(angle), north + DOOR_M * math.cos(angle)


def _between(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))
