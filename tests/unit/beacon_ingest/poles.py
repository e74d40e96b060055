"""Detectors, tags and passers-by of a test, and the bodies that detectors send."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET

from beacon_ingest.messages import DetectorUnit, Sighting, TagName
from beacon_ingest.registry import Entry, TagEntry
from tests.unit.beacon_ingest.edge import KAKOGAWA, TAKASAGO, Edge, entry

TOWN_UUID = "acfd065e-c3c0-11e3-9bbe-1a514932ac01"
FACTORY_UUID = "fda50693-a4e2-4fb1-afcf-c6eb07647825"
"""What many makers deliver their tags with."""
STRANGER_UUID = "2b8d4c5e-70f1-4a3b-8c6d-9e0f1a2b3c4d"
HANA_MAC, FACTORY_MAC, STRANGER_MAC = "ac233fa0001b", "ac233fa0002c", "5e8b7a6c4d3f"


def pole(number: int, format: str, external_id: str, **more: Any) -> Entry:
    """A detector, which may sign with its key."""
    key = f"key-of-{external_id}"
    more = {"secret": key.encode(), "interval_s": 30, **more}
    return entry(number, format, external_id, key=key, detector=True, **more)


GATE = pole(21, "gateway", "gate")
CORNER = pole(22, "gateway", "corner")
FAR_GATE = pole(23, "gateway", "far-gate", city=TAKASAGO)
BRIDGE = pole(24, "gateway", "town-server", forwarder=True)
MINEW = pole(25, "minew", "ac233fc00002")
BROKER = pole(26, "theengs", "town-broker", forwarder=True)
THEENGS = pole(27, "theengs", "OMG_POLE12")
FAR_THEENGS = pole(28, "theengs", "OpenMQTTGateway", city=TAKASAGO)
POLES = (GATE, CORNER, FAR_GATE, BRIDGE, MINEW, BROKER, THEENGS, FAR_THEENGS)


def tag(number: int, scheme: Any, identity: str, *, city: int = KAKOGAWA, **more: Any) -> TagEntry:
    """A registered tag."""
    return TagEntry(tag_id=UUID(int=number), city=city, name=TagName(scheme, identity), **more)


HANA_TAG = tag(101, "ibeacon", f"{TOWN_UUID}/1/2", mac=HANA_MAC)
TARO_TAG = tag(102, "ibeacon", f"{TOWN_UUID}/1/3")
FACTORY_TAG = tag(103, "ibeacon", f"{FACTORY_UUID}/10001/19641", mac=FACTORY_MAC, bound=True)
MAC_TAG = tag(104, "mac", "ac233fa0003d", mac="ac233fa0003d")
TAGS = (HANA_TAG, TARO_TAG, FACTORY_TAG, MAC_TAG)


def town_edge(**more: Any) -> Edge:
    """An edge that knows the detectors and the tags."""
    return Edge(**{"entries": POLES, "tags": TAGS, **more})


def sighted(name: TagEntry | TagName, at: datetime | None = None, mac: str | None = None, **more: Any) -> Sighting:
    """What a decoder makes of one advertisement."""
    return Sighting(
        tag=name.name if isinstance(name, TagEntry) else name,
        at=UNSET if at is None else at,
        mac=UNSET if mac is None else mac,
        **more,
    )


def ibeacon(uuid: str = TOWN_UUID, major: int = 1, minor: int = 2) -> str:
    """The bytes of an iBeacon's advertisement, in hex."""
    return f"0201061aff4c000215{uuid.replace('-', '')}{major:04x}{minor:04x}c5"


def item(minor: int = 2, mac: str | None = HANA_MAC, **more: Any) -> dict[str, Any]:
    """One item of our own form: a tag of the town."""
    return {"rssi_dbm": -70, "adv": ibeacon(minor=minor), **({} if mac is None else {"mac": mac}), **more}


STRANGER = {"rssi_dbm": -80, "adv": ibeacon(STRANGER_UUID), "mac": STRANGER_MAC}


def body(items: Sequence[object] = (), detector: str | None = "gate", **more: object) -> bytes:
    """A body of our own form."""
    return json.dumps({"detector": detector, "seq": 7, "items": list(items), **more}).encode()


def signed(content: bytes, key: str = "key-of-gate", detector: str = "gate") -> dict[str, str]:
    """The headers of a body that is signed."""
    digest = hmac.new(key.encode(), content, hashlib.sha256).hexdigest()
    return {"mimamori_signature": f"sha256={digest}", "mimamori_detector": detector}


def bearer(one: Entry) -> str:
    """The header with the key of a detector."""
    return f"Bearer key-of-{one.external_id}"


def units(edge: Edge) -> list[DetectorUnit]:
    """What went on."""
    return [one for one in edge.stream.units if isinstance(one, DetectorUnit)]
