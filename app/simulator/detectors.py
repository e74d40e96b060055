"""The detectors of the town, of three kinds: poles on street corners, vehicles on their rounds, houses. Pure.

Most speak our own form, some with the bearer key and some signed; four are Minew gateways; three houses have an
OpenMQTTGateway whose broker speaks for them. One clock was never set, and one detector falls silent.
"""

from collections.abc import Sequence
from random import Random
from typing import Literal

from msgspec import Struct

from app.simulator.outings import legs_of
from app.simulator.streets import Path, Spot, Streets, apart_m, corners_between
from app.simulator.town import Town
from app.simulator.ways import there_and_back, wandering

Format = Literal["gateway", "minew", "theengs"]

APART_M = 90.0
"""Poles stand no nearer to each other than this, but for those of the school."""
WITHIN_M = 800.0
GATES_APART_M = 40.0
CHILDREN_HOUSE_M = (120.0, 300.0)
"""From the school."""
ON_THE_WAY = 14
"""So many of the poles stand on ways to school."""
BUS_MPS, CAR_MPS = 6.0, 7.5
BUS_STOPS, CAR_STOPS = 6, 4
INTERVAL_S = 120
"""How often a detector says that it is there: with 40 of them and a clock 30 times as fast, 10 a second."""
DIES_AT_S, DYING_INTERVAL_S = 60.0, 30
"""The one that dies speaks more often, so that its silence is noticed before anybody is missed there. The service looks
for silent detectors every 30 real seconds, however fast the clock.
"""

GATE, EAST_GATE, CHILDREN_HOUSE = "gate", "east-gate", "children-house"
PLACES = {GATE: "校門", EAST_GATE: "東門", CHILDREN_HOUSE: "児童館前"}
"""Poles that have a meaning, by key. That at the children's house falls silent."""
CORNERS = (
    "本町", "栄町", "寿町", "旭町", "緑町", "若葉町", "桜町", "元町", "中町", "新町", "川端", "橋本", "宮前",
    "寺前", "池田", "北野", "南野", "西脇", "東雲", "朝日", "末広", "幸町", "泉町", "松原", "竹田",
)  # fmt: skip
HOUSES = {
    "school": "小学校", "library": "図書館", "station": "駅", "community": "公民館", "city-hall": "市役所",
    "clinic": "診療所", "welfare": "福祉センター",
}  # fmt: skip
VEHICLES = {"bus-1": "市バス1", "bus-2": "市バス2", "bus-3": "市バス3", "patrol": "青パト", "city-car": "公用車"}
MINEW = frozenset({"corner-2", "corner-9", "corner-16", "clinic"})
BRIDGED = frozenset({"library", "station", "community"})
NEVER_SET = "corner-5"
"""Its clock began in 1970."""


class Detector(Struct, frozen=True, kw_only=True):
    """A detector where it stands, or on its round. `external_id`: what it calls itself; None where it is given its id.

    `signed`: it signs its bodies instead of showing its key. `stops_at_s`: when it falls silent for ever.
    """

    key: str
    name: str
    kind: Literal["fixed", "vehicle", "facility"]
    format: Format
    external_id: str | None
    signed: bool
    spot: Spot
    path: Path | None = None
    speed_mps: float = 0.0
    clock_was_set: bool = True
    stops_at_s: float | None = None
    interval_s: int = INTERVAL_S

    def at(self, since_s: float) -> Spot:
        """Where it is."""
        return self.spot if self.path is None else there_and_back(self.path, since_s * self.speed_mps)[0]


def detectors_of(town: Town) -> tuple[Detector, ...]:
    """The detectors of a town, about 40."""
    random = Random(f"detectors/{town.seed}")
    spots = _gates(town, random)
    spots |= {f"corner-{number}": spot for number, spot in enumerate(_corners(town, list(spots.values()), random))}
    spots |= _houses(town, random)
    names = PLACES | {f"corner-{number}": f"{name}の角" for number, name in enumerate(CORNERS)} | HOUSES
    made = [_staying(number, key, names[key], spot, random) for number, (key, spot) in enumerate(spots.items())]
    made += [_vehicle(number, key, name, town.streets, random) for number, (key, name) in enumerate(VEHICLES.items())]
    return tuple(made)


def _staying(number: int, key: str, name: str, spot: Spot, random: Random) -> Detector:
    form: Format = "minew" if key in MINEW else "theengs" if key in BRIDGED else "gateway"
    address = f"ac233f{random.getrandbits(24):06x}"
    return Detector(
        key=key,
        name=name,
        kind="facility" if key in HOUSES else "fixed",
        format=form,
        external_id={"minew": address, "theengs": f"OMG_{key}"}.get(form),
        signed=form == "gateway" and number % 2 == 1,
        spot=spot,
        clock_was_set=key != NEVER_SET,
        stops_at_s=DIES_AT_S if key == CHILDREN_HOUSE else None,
        interval_s=DYING_INTERVAL_S if key == CHILDREN_HOUSE else INTERVAL_S,
    )


def _vehicle(number: int, key: str, name: str, streets: Streets, random: Random) -> Detector:
    is_bus = key.startswith("bus")
    path = wandering(streets, BUS_STOPS if is_bus else CAR_STOPS, random)
    return Detector(
        key=key, name=name, kind="vehicle", format="gateway", external_id=None, signed=number % 2 == 0,
        spot=path.spots[0], path=path, speed_mps=BUS_MPS if is_bus else CAR_MPS,
    )  # fmt: skip


def _gates(town: Town, random: Random) -> dict[str, Spot]:
    """Where the poles with a meaning stand. The east gate is down the street that leads most to the east."""
    corners, school = town.streets.corners, town.school
    beside = [corners[number] for number in town.streets.joined[corners.index(school)]]
    east = max(beside, key=lambda corner: corner.east_m)
    share = min(1.0, GATES_APART_M / apart_m(school, east))
    east_gate = Spot(
        school.east_m + share * (east.east_m - school.east_m), school.north_m + share * (east.north_m - school.north_m)
    )
    house = corners[random.choice(corners_between(town.streets, school, *CHILDREN_HOUSE_M))]
    return {GATE: school, EAST_GATE: east_gate, CHILDREN_HOUSE: house}


def _corners(town: Town, taken: Sequence[Spot], random: Random) -> list[Spot]:
    """Corners for poles: first some on the ways to school, then anywhere."""
    ways = [leg.path for one in town.pupils for leg in legs_of(one.life, 0)[:1] if leg.path is not None]
    on_ways = list(dict.fromkeys(spot for path in ways for spot in path.spots))
    anywhere = [town.streets.corners[one] for one in corners_between(town.streets, Spot(0.0, 0.0), 0.0, WITHIN_M)]
    random.shuffle(on_ways)
    random.shuffle(anywhere)
    found: list[Spot] = []
    for candidates, count in ((on_ways, ON_THE_WAY), (anywhere, len(CORNERS))):
        for spot in candidates:
            if len(found) < count and all(apart_m(spot, other) >= APART_M for other in (*taken, *found)):
                found.append(spot)
    assert len(found) == len(CORNERS), "the town is too small for its poles"
    return found


def _houses(town: Town, random: Random) -> dict[str, Spot]:
    """The school, and houses at corners anywhere."""
    anywhere = corners_between(town.streets, Spot(0.0, 0.0), 0.0, WITHIN_M)
    spots = {
        key: town.streets.corners[number]
        for key, number in zip(HOUSES, random.sample(anywhere, len(HOUSES)), strict=True)
    }
    return spots | {"school": town.school}
