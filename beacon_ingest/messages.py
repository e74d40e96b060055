"""The only language that everything behind the edge hears (DESIGN section 9).

All times are aware UTC, all units SI and in the names, absent means unknown (never 0, never a place at 0,0).
Readers ignore fields and alarm kinds that they do not know: the lists grow.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

Utc = Annotated[datetime, Meta(tz=True, description="moment, ISO 8601 with an offset; UTC inside")]

FixSource = Literal["gnss", "wifi", "cell", "beacon"]
"""How the device itself knew the place."""

ALARM_KINDS = (
    "sos", "consultation", "fall", "low_battery", "removed", "power_off", "mains_failure", "tamper", "fence_enter",
    "fence_exit", "no_motion", "inactivity", "intrusion", "fire", "gas", "fault", "other",
)  # fmt: skip
"""What a device may report by itself, in the order of DESIGN section 9."""


class Fix(Struct, frozen=True, kw_only=True, tag_field="type", tag="fix"):
    """One raw measurement of a place, as the device gave it."""

    device: str
    lat_deg: float
    lon_deg: float
    at: Utc | UnsetType = UNSET
    accuracy_m: float | UnsetType = UNSET
    altitude_m: float | UnsetType = UNSET
    speed_mps: float | UnsetType = UNSET
    heading_deg: float | UnsetType = UNSET
    source: FixSource | UnsetType = UNSET
    satellites: int | UnsetType = UNSET
    buffered: bool | UnsetType = UNSET


class Alarm(Struct, frozen=True, kw_only=True, tag_field="type", tag="alarm"):
    """What the device itself reports: every kind that one frame carries, with or without a fix."""

    device: str
    kinds: tuple[str, ...]
    at: Utc | UnsetType = UNSET


class Health(Struct, frozen=True, kw_only=True, tag_field="type", tag="health"):
    """How the device is."""

    device: str
    at: Utc | UnsetType = UNSET
    battery_pct: float | UnsetType = UNSET
    charging: bool | UnsetType = UNSET
    signal_pct: float | UnsetType = UNSET
    steps: int | UnsetType = UNSET
    wearing: bool | UnsetType = UNSET
    firmware: str | UnsetType = UNSET
    uptime_s: float | UnsetType = UNSET
    free_pct: float | UnsetType = UNSET
    load: float | UnsetType = UNSET
    """Of a detector: how much of its memory is free, and its load average."""


TagScheme = Literal["ibeacon", "altbeacon", "eddystone-uid", "eddystone-eid", "mac", "rpa"]
"""How a tag says who it is."""


class TagName(Struct, frozen=True):
    """What a tag calls itself over the air.

    `id`: ibeacon `uuid/major/minor` (lower case with dashes, decimal), altbeacon 40, eddystone-uid 32, eddystone-eid
    16, mac 12 lower-case hex digits.
    """

    scheme: TagScheme
    id: str


class Sighting(Struct, frozen=True, kw_only=True, tag_field="type", tag="sighting"):
    """One tag heard by one detector at one moment. It never leaves the edge: strangers are among them.

    `mac` is the address that the advertisement was sent from, 12 lower-case hex digits, where the detector tells it.
    `tx_power_dbm` is what the frame states, plausible or not: above 0 in an iBeacon it is no power.
    """

    detector: str | UnsetType = UNSET
    at: Utc | UnsetType = UNSET
    rssi_dbm: float | UnsetType = UNSET
    tag: TagName
    tx_power_dbm: int | UnsetType = UNSET
    battery_pct: float | UnsetType = UNSET
    button_count: int | UnsetType = UNSET
    mac: str | UnsetType = UNSET


class TagHeard(Struct, frozen=True, kw_only=True):
    """What one detector heard of one registered tag in one unit: its sightings, put together.

    `heard_s` are the whole seconds since 1970 (UTC) in which it was heard, each once, in order. `buttons` are presses:
    their count, and the first and last second in which it was told.
    """

    tag: UUID
    city: int
    heard_s: tuple[int, ...]
    rssi_dbm_max: float | UnsetType = UNSET
    battery_pct: float | UnsetType = UNSET
    buttons: tuple[tuple[int, int, int], ...] = ()


class DetectorReport(Struct, frozen=True, kw_only=True):
    """What one unit says of its detector: how many advertisements of registered tags and of strangers it holds, and
    how far the detector's clock is ahead of ours (negative: behind), where it told a time.
    """

    sightings: int = 0
    strangers: int = 0
    skew_s: float | UnsetType = UNSET


class Cell(Struct, frozen=True, kw_only=True):
    """One radio cell heard. Signal in dBm."""

    mcc: int
    mnc: int
    lac: int
    cid: int
    rssi_dbm: int | UnsetType = UNSET


class AccessPoint(Struct, frozen=True, kw_only=True):
    """One Wi-Fi access point heard; `mac` as 12 lower-case hex digits."""

    mac: str
    rssi_dbm: int | UnsetType = UNSET


class Survey(Struct, frozen=True, kw_only=True, tag_field="type", tag="survey"):
    """What a device heard when it had no fix, for a resolver; kept only shortly."""

    device: str
    at: Utc | UnsetType = UNSET
    cells: tuple[Cell, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()


class Answer(Struct, frozen=True, kw_only=True, tag_field="type", tag="answer"):
    """What a device replied to a command."""

    device: str
    command: str
    at: Utc | UnsetType = UNSET
    result: str | UnsetType = UNSET


Message = Fix | Alarm | Health | Survey | Answer

encoder = msgspec.json.Encoder()
decoder = msgspec.json.Decoder(Message)


class Unit(Struct, frozen=True, kw_only=True):
    """What is acknowledged to a device as one: an HTTP body or a TCP frame, decoded.

    `ingest_ids` name it for the time that repeats may come (DESIGN section 5): the first is stored, a unit any of whose
    ids is already stored changes nothing. `device_id` and `city` say who spoke, as the registry knows them.
    """

    ingest_ids: tuple[bytes, ...]
    city: int
    device_id: UUID
    format: str
    received_at: Utc
    messages: tuple[Message, ...]


class DetectorUnit(Struct, frozen=True, kw_only=True):
    """What is acknowledged to a detector as one: what it heard of registered tags, and what it says of itself.

    As `Unit`; `device_id` is the detector's. Of strangers it holds a number and nothing else. With `share` it is what
    was heard of some of the tags only, and says nothing of the detector (`beacon_ingest/partitions.py`).
    """

    ingest_ids: tuple[bytes, ...]
    city: int
    device_id: UUID
    format: str
    received_at: Utc
    report: DetectorReport
    tags: tuple[TagHeard, ...] = ()
    health: Health | UnsetType = UNSET
    fix: Fix | UnsetType = UNSET
    share: bool = False


def encode(message: Message | Sighting) -> bytes:
    """One message as one line of JSON, `type` first, absent fields left out."""
    return encoder.encode(message)
