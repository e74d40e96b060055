"""What the version before reads and writes where others of this version read and write it too: units in the stream and
states of wearers. A copy, taken at a release, that is not changed: the next release takes a new one.

As of 2026-11-28, tables 0005.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType


class Fix(Struct, frozen=True, kw_only=True, tag_field="type", tag="fix"):
    device: str
    lat_deg: float
    lon_deg: float
    at: datetime | UnsetType = UNSET
    accuracy_m: float | UnsetType = UNSET
    altitude_m: float | UnsetType = UNSET
    speed_mps: float | UnsetType = UNSET
    heading_deg: float | UnsetType = UNSET
    source: Literal["gnss", "wifi", "cell", "beacon"] | UnsetType = UNSET
    satellites: int | UnsetType = UNSET
    buffered: bool | UnsetType = UNSET


class Alarm(Struct, frozen=True, kw_only=True, tag_field="type", tag="alarm"):
    device: str
    kinds: tuple[str, ...]
    at: datetime | UnsetType = UNSET


class Health(Struct, frozen=True, kw_only=True, tag_field="type", tag="health"):
    device: str
    at: datetime | UnsetType = UNSET
    battery_pct: float | UnsetType = UNSET
    charging: bool | UnsetType = UNSET
    signal_pct: float | UnsetType = UNSET
    steps: int | UnsetType = UNSET
    wearing: bool | UnsetType = UNSET
    firmware: str | UnsetType = UNSET
    uptime_s: float | UnsetType = UNSET
    free_pct: float | UnsetType = UNSET
    load: float | UnsetType = UNSET


class Cell(Struct, frozen=True, kw_only=True):
    mcc: int
    mnc: int
    lac: int
    cid: int
    rssi_dbm: int | UnsetType = UNSET


class AccessPoint(Struct, frozen=True, kw_only=True):
    mac: str
    rssi_dbm: int | UnsetType = UNSET


class Survey(Struct, frozen=True, kw_only=True, tag_field="type", tag="survey"):
    device: str
    at: datetime | UnsetType = UNSET
    cells: tuple[Cell, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()


class Answer(Struct, frozen=True, kw_only=True, tag_field="type", tag="answer"):
    device: str
    command: str
    at: datetime | UnsetType = UNSET
    result: str | UnsetType = UNSET


class Unit(Struct, frozen=True, kw_only=True):
    ingest_ids: tuple[bytes, ...]
    city: int
    device_id: UUID
    format: str
    received_at: datetime
    messages: tuple[Fix | Alarm | Health | Survey | Answer, ...]


class TagHeard(Struct, frozen=True, kw_only=True):
    tag: UUID
    city: int
    heard_s: tuple[int, ...]
    rssi_dbm_max: float | UnsetType = UNSET
    battery_pct: float | UnsetType = UNSET
    buttons: tuple[tuple[int, int, int], ...] = ()


class DetectorReport(Struct, frozen=True, kw_only=True):
    sightings: int = 0
    strangers: int = 0
    skew_s: float | UnsetType = UNSET


class DetectorUnit(Struct, frozen=True, kw_only=True):
    ingest_ids: tuple[bytes, ...]
    city: int
    device_id: UUID
    format: str
    received_at: datetime
    report: DetectorReport
    tags: tuple[TagHeard, ...] = ()
    health: Health | UnsetType = UNSET
    fix: Fix | UnsetType = UNSET
    share: bool = False


class Envelope(Struct, frozen=True, array_like=True):
    city: int
    device_id: UUID
    format: str
    received_at: datetime
    of_detector: bool
    unit: Raw


class Place(Struct, frozen=True, kw_only=True):
    lat_deg: float
    lon_deg: float
    accuracy_m: float
    at: datetime


class Measured(Struct, frozen=True, array_like=True):
    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float


class Known(Struct, frozen=True, array_like=True):
    last: Measured
    candidate: Measured | None = None
    since: datetime | None = None
    agreeing: int = 0


class Side(StrEnum):
    UNKNOWN = "unknown"
    INSIDE = "inside"
    OUTSIDE = "outside"


class FenceState(Struct, kw_only=True, omit_defaults=True):
    side: Side = Side.UNKNOWN
    shape: int = 0
    inside_last_at: datetime | None = None
    outside_first_at: datetime | None = None
    outside_last_at: datetime | None = None
    outside_count: int = 0


class DeviceState(Struct, kw_only=True, omit_defaults=True):
    known: Known | None = None
    heard_at: datetime | None = None
    interval_s: int = 300
    silent: bool = False
    battery_low: bool = False
    removed: bool = False
    conditions_at: datetime | None = None


class Told(Struct, frozen=True, array_like=True):
    pair: int
    at: datetime


class Settled(IntEnum):
    ARRIVED = 1
    MISSED = 2
    UNKNOWN = 3
    NOT_TOLD = 4


class ArrivalState(Struct, kw_only=True, omit_defaults=True, array_like=True):
    day: int = 0
    how: Settled | None = None
    due_at: datetime | None = None


class TagState(Struct, kw_only=True, array_like=True):
    heard_at: datetime
    detectors: tuple[bytes, ...] = ()
    silent: bool = False


class WatchState(Struct, kw_only=True, omit_defaults=True):
    judged_at: datetime | None = None
    place: Place | None = None
    fences: dict[str, FenceState] = msgspec.field(default_factory=dict)
    devices: dict[str, DeviceState] = msgspec.field(default_factory=dict)
    told: list[Told] = msgspec.field(default_factory=list)
    arrivals: dict[str, ArrivalState] = msgspec.field(default_factory=dict)
    tags: dict[str, TagState] = msgspec.field(default_factory=dict)


WORDS: Mapping[str, frozenset[str]] = {
    "AlertKind": frozenset({"sos", "fall", "movement", "battery", "removed", "silent", "arrival", "device"}),
    "AlertState": frozenset({"open", "acknowledged", "resolved", "cancelled"}),
    "What": frozenset(
        {"opened", "evidence", "raised", "told", "nobody_reachable", "acknowledged", "resolved", "cancelled"}
    ),
    "Level": frozenset({"news", "notice", "urgent"}),
    "Purpose": frozenset({"place", "track", "alert", "live", "area", "passage"}),
}
"""What it can read in a row, and nothing else."""
