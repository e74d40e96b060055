"""Those who pass by and are nobody's business: phones that change their address, earphones, finder tags, a shop's
iBeacon, a cat's. Pure.

What they broadcast and from which addresses is decided by the seed and the moment, so that a test can look for every
trace of them.
"""

from collections.abc import Iterator
from random import Random
from uuid import UUID

from msgspec import Struct

from app.simulator import adverts
from app.simulator.streets import Path, Spot
from app.simulator.tags import static_address
from app.simulator.town import Town
from app.simulator.ways import there_and_back, wandering

TURNS_S = 900.0
"""Phones take a new address every 15 minutes (Core Specification, volume 3, part C, 10.8: the recommended time)."""
KINDS = ("iphone",) * 12 + ("earphones",) * 4 + ("finder",) * 3 + ("cat",) * 3 + ("shop",) * 2
WALKS_MPS = (0.8, 1.5)
CORNERS = 4
"""So many corners of the town a passer-by sees on a walk."""


class Stranger(Struct, frozen=True, kw_only=True):
    """One passer-by, who walks up and down a path for ever; with none, it stands at `spot`."""

    seed: str
    kind: str
    spot: Spot
    path: Path | None
    speed_mps: float
    interval_s: float

    def at(self, since_s: float) -> Spot:
        """Where it is."""
        return self.spot if self.path is None else there_and_back(self.path, since_s * self.speed_mps)[0]

    def address(self, since_s: float) -> str:
        """From which address it sends, 12 hexadecimal digits; phones' are private ones (top bits 01)."""
        if self.kind in ("cat", "shop"):
            return static_address(Random(f"{self.seed}/address"))
        random = Random(f"{self.seed}/address/{since_s // TURNS_S:.0f}")
        return f"{random.getrandbits(46) | 0x40 << 40:012x}"

    def adv(self, since_s: float, number: int) -> bytes:
        """What it broadcasts."""
        random = Random(f"{self.seed}/adv/{since_s // TURNS_S:.0f}")
        match self.kind:
            case "iphone":
                return adverts.apple_nearby(random)
            case "earphones":
                return adverts.fast_pair(random)
            case "finder":
                return adverts.apple_finding(random)
            case _:
                return adverts.ibeacon(self.uuid, 1, 7)

    @property
    def uuid(self) -> UUID:
        """What a cat's or a shop's iBeacon calls itself."""
        return UUID(bytes=Random(f"{self.seed}/uuid").randbytes(16), version=4)


def strangers_of(town: Town) -> tuple[Stranger, ...]:
    """The passers-by of a town."""
    random = Random(f"strangers/{town.seed}")
    return tuple(_stranger(town, kind, number, random) for number, kind in enumerate(KINDS))


def traces(town: Town, until_s: float) -> Iterator[bytes]:
    """What nobody may keep of them up to a moment: all addresses that they have used, all names, 6 or 16 bytes each."""
    for one in strangers_of(town):
        if one.kind in ("cat", "shop"):
            yield bytes.fromhex(one.address(0.0))
            yield one.uuid.bytes
            continue
        for turn in range(int(until_s // TURNS_S) + 1):
            yield bytes.fromhex(one.address(turn * TURNS_S))


def _stranger(town: Town, kind: str, number: int, random: Random) -> Stranger:
    path = None if kind == "shop" else wandering(town.streets, CORNERS, random)
    return Stranger(
        seed=f"stranger/{town.seed}/{number}", kind=kind,
        spot=random.choice(town.streets.corners) if path is None else path.spots[0],
        path=path, speed_mps=random.uniform(*WALKS_MPS), interval_s=random.uniform(1.0, 2.0),
    )  # fmt: skip
