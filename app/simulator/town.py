"""A town out of a seed: streets, and residents with homes, devices, fences and lives. Pure.

It lies on the map where Kakogawa is, in Hyogo; its streets and people are made up.
"""

from random import Random

from msgspec import Struct

from app.simulator.children import CHILDREN, Child
from app.simulator.outings import Life
from app.simulator.people import PEOPLE, Device, Part, Person
from app.simulator.streets import Origin, Spot, Streets, apart_m, corners_between, laid_out

CENTRE = Origin(34.757, 134.841)

HOME_RADIUS_M = 100.0
SCHOOL_RADIUS_M = 90.0
RANGE_RADIUS_M = 1_000.0
"""How far somebody who goes out alone usually goes."""

HOMES_WITHIN_M = 520.0
HOMES_APART_M = 60.0
SCHOOL_FROM_HOME_M = (280.0, 480.0)
PUPILS_FROM_SCHOOL_M = (200.0, 480.0)
LEAVES_LATER_S = 90.0

INTERVAL_S = {Device.WATCH: 300, Device.OWNTRACKS: 600, Device.TRACCAR_CLIENT: 600, Device.OSMAND: 600}
"""How often a device says something by itself when nothing happens."""

ID_DIGITS = {Device.WATCH: 10, Device.TRACCAR_CLIENT: 8, Device.OSMAND: 8}
"""How long the number is by which a device is known; OwnTracks users have names."""


class Circle(Struct, frozen=True, kw_only=True):
    """A geofence to be asked for. `purpose`, `tell_exit` and `tell_enter` are the API's."""

    name: str
    purpose: str
    centre: Spot
    radius_m: float
    tell_exit: bool
    tell_enter: bool = False


class Resident(Struct, frozen=True, kw_only=True):
    """A wearer as she lives here. `external_id` is what her device calls itself, `interval_s` how often it reports."""

    person: Person
    life: Life
    external_id: str
    interval_s: int
    fences: tuple[Circle, ...]


class Pupil(Struct, frozen=True, kw_only=True):
    """A child as it lives here. Brothers and sisters live together; grandparents of the same name do not."""

    child: Child
    life: Life


class Town(Struct, frozen=True, kw_only=True):
    """Everything that a seed decides."""

    seed: int
    origin: Origin
    streets: Streets
    school: Spot
    residents: tuple[Resident, ...]
    pupils: tuple[Pupil, ...]


def town_of(seed: int) -> Town:
    """The town of a seed, always the same one."""
    random = Random(f"town/{seed}")
    streets = laid_out(random)
    homes = _homes(streets, random)
    child = next(index for index, person in enumerate(PEOPLE) if person.part is Part.GOES_TO_SCHOOL)
    school = random.choice(corners_between(streets, streets.corners[homes[child]], *SCHOOL_FROM_HOME_M))
    residents = tuple(
        _resident(person, home, seed, streets, school, random) for person, home in zip(PEOPLE, homes, strict=True)
    )
    return Town(
        seed=seed,
        origin=CENTRE,
        streets=streets,
        school=streets.corners[school],
        residents=residents,
        pupils=_pupils(seed, streets, school),
    )


def _pupils(seed: int, streets: Streets, school: int) -> tuple[Pupil, ...]:
    """The children in homes around the school."""
    random = Random(f"pupils/{seed}")
    households = list(dict.fromkeys(child.household for child in CHILDREN))
    around = corners_between(streets, streets.corners[school], *PUPILS_FROM_SCHOOL_M)
    homes = dict(zip(households, random.sample(around, len(households)), strict=True))
    return tuple(
        Pupil(
            child=child,
            life=Life(
                seed=f"{seed}/{child.key}",
                part=child.part,
                streets=streets,
                origin=CENTRE,
                home=homes[child.household],
                school=school,
                leaves_later_s=random.uniform(0, LEAVES_LATER_S),
            ),
        )
        for child in CHILDREN
    )


def _homes(streets: Streets, random: Random) -> list[int]:
    """A corner for each person, none next door to another."""
    candidates = corners_between(streets, Spot(0.0, 0.0), 0.0, HOMES_WITHIN_M)
    random.shuffle(candidates)
    homes: list[int] = []
    for corner in candidates:
        if all(apart_m(streets.corners[corner], streets.corners[home]) >= HOMES_APART_M for home in homes):
            homes.append(corner)
    assert len(homes) >= len(PEOPLE), "the town is too small for its people"
    return homes[: len(PEOPLE)]


def _resident(person: Person, home: int, seed: int, streets: Streets, school: int, random: Random) -> Resident:
    life = Life(
        seed=f"{seed}/{person.key}",
        part=person.part,
        streets=streets,
        origin=CENTRE,
        home=home,
        school=school,
        offline=person.offline,
    )
    external_id = person.key if person.device is Device.OWNTRACKS else _digits(random, ID_DIGITS[person.device])
    fences = _fences(person.part, life.home_spot, streets.corners[school])
    return Resident(
        person=person, life=life, external_id=external_id, interval_s=INTERVAL_S[person.device], fences=fences
    )


def _digits(random: Random, count: int) -> str:
    return str(random.randrange(10 ** (count - 1), 10**count))


def _fences(part: Part, home: Spot, school: Spot) -> tuple[Circle, ...]:
    """The fences of the family: home for everybody, told when left only of those who should not leave it alone."""
    free = part in (Part.GOES_OUT, Part.GOES_TO_SCHOOL)
    at_home = Circle(name="自宅", purpose="home", centre=home, radius_m=HOME_RADIUS_M, tell_exit=not free)
    if not free:
        return (at_home,)
    usual = Circle(name="いつもの範囲", purpose="place", centre=home, radius_m=RANGE_RADIUS_M, tell_exit=True)
    if part is Part.GOES_OUT:
        return (at_home, usual)
    at_school = Circle(
        name="小学校", purpose="school", centre=school, radius_m=SCHOOL_RADIUS_M, tell_exit=False, tell_enter=True
    )
    return (at_home, usual, at_school)
