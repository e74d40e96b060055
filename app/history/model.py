"""Positions and the answers made of them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from app.geo.quality import Refused
from app.kit.ids import CityId, ContactId, DetectorId, DeviceId, PassageId, TagId, WearerId
from app.tags.model import DetectorKind
from beacon_ingest.messages import AccessPoint, Cell


class KnownBy(StrEnum):
    """How a place is known."""

    GNSS = "gnss"
    WIFI = "wifi"
    CELL = "cell"
    BEACON = "beacon"
    DETECTOR = "detector"
    STICKER = "sticker"
    TYPED = "typed"


SAID = frozenset({KnownBy.STICKER, KnownBy.TYPED})
"""What people say, and no device measured."""


class Position(Struct, frozen=True, kw_only=True):
    """An accepted fix, stored. `cell` is the H3 cell at resolution 12 as a signed 64-bit integer, `hour` the hours
    since 1970-01-01 UTC of `fix_at`."""

    city_id: CityId
    device_id: DeviceId
    fix_at: datetime
    ordinal: int
    wearer_id: WearerId | None
    contact_id: ContactId | None
    received_at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None
    altitude_m: float | None
    speed_mps: float | None
    heading_deg: float | None
    known_by: KnownBy
    cell: int
    hour: int


class Said(Struct, frozen=True, kw_only=True):
    """A place where somebody said that a wearer was. `source_id` names what it came by: the sticker."""

    source_id: UUID
    at: datetime
    city_id: CityId
    wearer_id: WearerId
    received_at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None
    known_by: KnownBy


class RefusedFix(Struct, frozen=True, kw_only=True):
    """A fix that became no position, kept apart with the reason."""

    city_id: CityId
    device_id: DeviceId
    fix_at: datetime
    received_at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None
    reason: Refused


class KeptSurvey(Struct, frozen=True, kw_only=True):
    """What a device heard when it had no fix. It may give away where somebody lives, so it is kept only shortly."""

    city_id: CityId
    device_id: DeviceId
    at: datetime
    received_at: datetime
    cells: tuple[Cell, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()


class TrackPoint(Struct, frozen=True):
    """One place on a track: when it was, how it is known and how sure, and when we heard of it. One that a detector
    tells has the detector's name, and until when it heard the tag. `carried_id`: the device, tag or sticker that she
    had.
    """

    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None
    known_by: KnownBy
    received_at: datetime
    until: datetime | None = None
    detector: str | None = None
    carried_id: UUID | None = None


class Track(Struct, frozen=True, kw_only=True):
    """Where somebody was, in order of time. `left_out` points were between those shown and would hardly bend the line.

    `next_at` is the time after which the following part begins, None at the end.
    """

    points: list[TrackPoint]
    left_out: int
    next_at: datetime | None


class Freshness(StrEnum):
    """How far a last known place is still where somebody is."""

    FRESH = "fresh"
    """Not older than the device's own reports make it."""
    STALE = "stale"
    """The device should have reported since: where she is now is not known, only where she was."""
    UNKNOWN = "unknown"
    """No place is known at all."""


class Whereabouts(Struct, frozen=True, kw_only=True):
    """The last known place and how old it is."""

    freshness: Freshness
    position: Position | None = None
    age_s: int | None = None


class Nearby(Struct, frozen=True):
    """Somebody's place within an area, and how far from its middle."""

    at: datetime
    device_id: DeviceId
    wearer_id: WearerId | None
    contact_id: ContactId | None
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None
    known_by: KnownBy
    received_at: datetime
    distance_m: float


class Passage(Struct, frozen=True, kw_only=True):
    """One tag near one detector without a gap, stored. Its place is the detector's then, None where nobody knows it
    (a bus without a place). `heard` holds the seconds in which it was heard. `skew_s` is how far the detector's clock
    was ahead of ours when we first heard of it: with it the sender's own time is known, whichever was believed.
    """

    city_id: CityId
    tag_id: TagId
    detector_id: DetectorId
    id: PassageId
    opened_at: datetime
    wearer_id: WearerId | None
    last_at: datetime
    heard: bytes
    rssi_dbm_max: float | None
    lat_deg: float | None
    lon_deg: float | None
    accuracy_m: float | None
    cell: int | None
    doubtful: bool
    received_at: datetime
    skew_s: float | None


class Spot(Struct, frozen=True):
    """Where a detector is or was, and how far it hears around it, metres."""

    lat_deg: float
    lon_deg: float
    accuracy_m: float


class Doubt(Struct, frozen=True, kw_only=True):
    """Two passages of one tag that cannot both be true: so far apart within so short a time; and whose they were."""

    city_id: CityId
    tag_id: TagId
    passage_id: PassageId
    other_id: PassageId
    distance_m: float
    apart_s: float
    at: datetime
    wearer_id: WearerId | None
    other_wearer_id: WearerId | None


class Began(Struct, frozen=True):
    """A passage that is news, what the detector is called, and where it stands or moves."""

    passage: Passage
    detector_name: str
    kind: DetectorKind


class Signal(Struct, frozen=True, kw_only=True):
    """What the tag of a wearer said at a moment, with where it was heard. A press, a charge in percent, or both."""

    wearer_id: WearerId
    city_id: CityId
    tag_id: TagId
    at: datetime
    received_at: datetime
    pressed: bool = False
    battery_pct: float | None = None
    spot: Spot | None = None
