"""Passers-by, whose phones a detector hears, and what of them must be found nowhere."""

import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from msgspec import Struct

from tests.unit.beacon_ingest.poles import ibeacon


class Passer(Struct, frozen=True):
    """Somebody's phone: the address that it sends from and the UUID that it broadcasts."""

    mac: bytes
    uuid: UUID

    @property
    def colons(self) -> str:
        """Its address as people write it."""
        return self.mac.hex(":").upper()

    def traces(self) -> Iterator[bytes]:
        """Every spelling in which it could be left behind; texts in small letters."""
        for raw in (self.mac, self.uuid.bytes):
            yield raw
            yield raw[::-1]
            yield raw.hex().encode()
            yield raw[::-1].hex().encode()
        yield self.mac.hex(":").encode()
        yield self.mac[::-1].hex(":").encode()
        yield self.mac.hex("-").encode()
        yield str(self.uuid).encode()


def passers(count: int, seed: int = 20261128) -> list[Passer]:
    """So many; others for another seed."""
    chance = random.Random(seed)
    return [Passer(chance.randbytes(6), UUID(bytes=chance.randbytes(16))) for _ in range(count)]


def items(one: Passer) -> list[dict[str, Any]]:
    """One phone in every way in which our own form can tell it, well and badly."""
    adv = ibeacon(str(one.uuid))
    return [
        {"rssi_dbm": -70, "adv": adv, "mac": one.mac.hex()},
        {"rssi_dbm": -70, "adv": adv.upper(), "mac": one.colons, "battery_pct": 50, "button_count": 3},
        {"rssi_dbm": -70, "mac": one.colons, "battery_pct": 50},
        {"tag": {"scheme": "ibeacon", "id": f"{one.uuid}/1/2"}},
        {"tag": {"scheme": "rpa", "id": one.mac.hex()}, "button_count": 1},
        {"tag": {"scheme": one.mac.hex(), "id": str(one.uuid)}},
        {"adv": f"zz{one.mac.hex()}", "at": one.colons},
    ]
