"""The tags that people of the town wear: one each, of four makes. Pure."""

from functools import cached_property
from random import Random
from uuid import UUID

from msgspec import Struct

from app.simulator import adverts
from app.simulator.town import Town
from beacon_ingest.messages import TagScheme

INTERVAL_S = (1.0, 2.0)
"""How long after each other a tag advertises."""
TOWN_UUID = UUID("8f1d2c3a-9b47-4e0c-a6d5-2e71b80c4f19")
"""Of the iBeacons that the city hands out; made up."""
TLM_EVERY = 5
"""Of so many advertisements of an Eddystone tag one tells its battery."""
SCHEMES: tuple[TagScheme, ...] = ("ibeacon", "ibeacon", "ibeacon", "eddystone-uid", "ibeacon", "altbeacon")
"""What the wearers of the town wear, in turn; the last of all wears a tag that is known by its address."""
FULL_MV, EMPTY_MV = 3000, 2400


class Tag(Struct, frozen=True, kw_only=True, dict=True):
    """A tag and who wears it. `identity` is spelt as the API's; it sends from `mac`, once in `interval_s`."""

    wearer: str
    scheme: TagScheme
    identity: str
    mac: str
    interval_s: float
    millivolts: int

    @cached_property
    def frame(self) -> bytes:
        """What it broadcasts to be known."""
        match self.scheme:
            case "ibeacon":
                uuid, major, minor = self.identity.split("/")
                return adverts.ibeacon(UUID(uuid), int(major), int(minor))
            case "altbeacon":
                return adverts.altbeacon(bytes.fromhex(self.identity))
            case "eddystone-uid":
                return adverts.eddystone_uid(bytes.fromhex(self.identity))
            case _:
                return adverts.named("mimamori")

    def address(self, since_s: float) -> str:
        """From which address it sends: always the same."""
        return self.mac

    def adv(self, since_s: float, number: int) -> bytes:
        """Its advertisement of this number, so many seconds after the beginning."""
        if self.scheme == "eddystone-uid" and number % TLM_EVERY == TLM_EVERY - 1:
            return adverts.eddystone_tlm(self.millivolts, since_s)
        return self.frame


def tags_of(town: Town) -> tuple[Tag, ...]:
    """A tag for everybody who lives in the town."""
    random = Random(f"tags/{town.seed}")
    keys = [one.person.key for one in town.residents] + [one.child.key for one in town.pupils]
    return tuple(_tag(number, key, number == len(keys) - 1, random) for number, key in enumerate(keys))


def static_address(random: Random) -> str:
    """A random static address, 12 hexadecimal digits (Core Specification, volume 6, part B, 1.3.2: top bits 11)."""
    return f"{random.getrandbits(48) | 0xC0 << 40:012x}"


def _tag(number: int, wearer: str, by_address: bool, random: Random) -> Tag:
    scheme: TagScheme = "mac" if by_address else SCHEMES[number % len(SCHEMES)]
    mac = static_address(random)
    match scheme:
        case "ibeacon":
            identity = f"{TOWN_UUID}/{1 + number // 100}/{number}"
        case "altbeacon":
            identity = random.randbytes(20).hex()
        case "eddystone-uid":
            identity = random.randbytes(16).hex()
        case _:
            identity = mac
    return Tag(
        wearer=wearer, scheme=scheme, identity=identity, mac=mac, interval_s=round(random.uniform(*INTERVAL_S), 2),
        millivolts=random.randint(EMPTY_MV, FULL_MV),
    )  # fmt: skip
