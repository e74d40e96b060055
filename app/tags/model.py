"""Tags, detectors and what is known of them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from app.devices.model import Holding
from app.kit.ids import CityId, ContactId, DetectorId, TagId, WearerId
from beacon_ingest.messages import TagScheme

DetectorFormat = Literal["gateway", "minew", "theengs"]
"""The formats of the edge that detectors speak."""


class DetectorKind(StrEnum):
    """Where a detector is. `bridge` is no detector but a server that speaks for those of its format and city."""

    FIXED = "fixed"
    VEHICLE = "vehicle"
    FACILITY = "facility"
    HOME = "home"
    PHONE = "phone"
    BRIDGE = "bridge"


class Tag(Struct, frozen=True, kw_only=True):
    """A BLE tag that the town knows.

    `scheme` and `identity` are what it calls itself (`beacon_ingest.messages.TagName`). `mac` is its address, where it
    is fixed and known: needed when the identity is a factory default that others share, and to tie a battery report
    that names nobody. `interval_s` is how often it is heard where it is near, learnt from its passages.
    """

    id: TagId
    city_id: CityId
    vendor: str
    scheme: TagScheme
    identity: str
    mac: str | None
    name: str
    interval_s: float
    battery_pct: float | None
    battery_at: datetime | None
    created_at: datetime
    ended_at: datetime | None = None


class TagCarrier(Holding, frozen=True, kw_only=True):
    """Who wore a tag from when until when; ask `app.devices.carriers`."""

    tag_id: TagId
    wearer_id: WearerId


class TagLoan(Holding, frozen=True, kw_only=True):
    """When a contact who agreed carried a tag of their own. What is heard of it then becomes nobody's passage: it says
    for a short time whether somebody is with the wearer, and nothing else.
    """

    tag_id: TagId
    contact_id: ContactId


class Detector(Struct, frozen=True, kw_only=True):
    """A receiver that the town has fixed somewhere, or that moves with a vehicle or a phone.

    `external_id` is what it calls itself in its `format` (a Minew gateway its MAC, our own form any text). The place of
    one that moves is where it usually stands, or unknown. `interval_s` is how often it says that it is there, `range_m`
    how far it hears. The last group is what a register of street fixtures holds and nothing here reads.
    """

    id: DetectorId
    city_id: CityId
    format: DetectorFormat
    external_id: str
    kind: DetectorKind
    name: str
    address: str | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    range_m: float = 50.0
    interval_s: int = 60
    deaf_after_s: int = 6 * 3600
    key_generation: int = 1
    created_at: datetime
    ended_at: datetime | None = None

    camera_number: str | None = None
    pole_type: str | None = None
    pole_number: str | None = None
    height_m: float | None = None
    facing: str | None = None
    power: str | None = None
    line: str | None = None
    iccid: str | None = None
    mac: str | None = None
    hardware: str | None = None
    firmware: str | None = None
    installed_on: date | None = None
    permit_until: date | None = None
    maintainer: str | None = None
    inspected_on: date | None = None
    note: str | None = None


class DetectorTrouble(StrEnum):
    """What can be wrong with a detector. One that is none of these is up."""

    SILENT = "silent"
    """It says nothing."""
    DEAF = "deaf"
    """It says that it is there, and hears nothing, not even strangers."""
    CLOCK_WRONG = "clock_wrong"
    """Its clock is more than 120 s from ours: server time is used."""


class Spell(Struct, frozen=True, kw_only=True):
    """A time in which something was wrong with a detector; `until_at` is None while it still is."""

    detector_id: DetectorId
    trouble: DetectorTrouble
    from_at: datetime
    until_at: datetime | None


class DetectorHealth(Struct, frozen=True, kw_only=True):
    """What was last heard of and from a detector. `hearing_at` is when it last heard any advertisement at all."""

    detector_id: DetectorId
    heard_at: datetime
    hearing_at: datetime | None
    skew_s: float | None
    uptime_s: float | None
    battery_pct: float | None
    signal_pct: float | None
    firmware: str | None
    free_pct: float | None
    load: float | None
    sightings: int
    strangers: int
