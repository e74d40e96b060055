"""Observations that watches look at, the state they keep of a subject, and what they say happened."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec import Struct

from app.geo.model import Geofence
from app.geo.quality import Known
from app.kit.ids import WearerId
from app.push.model import Level


class AlertKind(StrEnum):
    """What an alert is about. All rules of movement share one kind: one incident, one alert."""

    SOS = "sos"
    FALL = "fall"
    MOVEMENT = "movement"
    BATTERY = "battery"
    REMOVED = "removed"
    SILENT = "silent"
    DEVICE = "device"


class Reason(Struct, frozen=True, kw_only=True):
    """Why a rule spoke: a code that the catalogues put into words, the words' parts, and the numbers behind it for
    tuning.
    """

    code: str
    params: Mapping[str, str] = {}
    numbers: Mapping[str, float] = {}


class Place(Struct, frozen=True, kw_only=True):
    """A known place with how sure it is (metres, 68 %) and when it was."""

    lat_deg: float
    lon_deg: float
    accuracy_m: float
    at: datetime


class Outcome(StrEnum):
    """What a watch event does to alerts: something began, something is over, or something was worth a line (it ends
    what had begun, or begins and is over at once).
    """

    BEGAN = "began"
    OVER = "over"
    PASSING = "passing"


class WatchEvent(Struct, frozen=True, kw_only=True):
    """What a watch says happened to a wearer.

    `cause` names the occurrence (device and event time), so that a replay is recognised for ever. `subject` is what one
    alert of this kind is about and never empty. `at` is when it happened, `received_at` when we heard of it.
    """

    wearer_id: WearerId
    kind: AlertKind
    rule: str
    subject: str
    level: Level
    cause: str
    at: datetime
    received_at: datetime
    outcome: Outcome = Outcome.BEGAN
    reasons: tuple[Reason, ...] = ()
    place: Place | None = None


class Seen(Struct, frozen=True, kw_only=True):
    """An accepted fix. `accuracy_m` is the stated one or what is assumed for how the place is known."""

    device_id: UUID
    at: datetime
    received_at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float


class AlarmHeard(Struct, frozen=True, kw_only=True):
    """What a device itself reports. `place` is that of the same frame, where it had one that was accepted."""

    device_id: UUID
    at: datetime
    received_at: datetime
    kinds: tuple[str, ...]
    place: Place | None = None


class HealthHeard(Struct, frozen=True, kw_only=True):
    """What a device said about itself; None is unknown."""

    device_id: UUID
    at: datetime
    received_at: datetime
    battery_pct: float | None = None
    charging: bool | None = None


class Heard(Struct, frozen=True, kw_only=True):
    """The device gave a sign of life, whatever it said. `interval_s` is how often it should."""

    device_id: UUID
    received_at: datetime
    interval_s: int


class Passed(Struct, frozen=True, kw_only=True):
    """A tag of hers came within earshot of a detector: a passage began at `at`. Its place may be unknown (a bus without
    one). `doubtful`: it cannot be true together with another passage, and moves nobody.
    """

    tag_id: UUID
    detector_id: UUID
    detector_name: str
    at: datetime
    received_at: datetime
    lat_deg: float | None = None
    lon_deg: float | None = None
    accuracy_m: float | None = None
    doubtful: bool = False


Observation = Seen | AlarmHeard | HealthHeard | Heard | Passed


class Side(StrEnum):
    """On which side of a fence the wearer is, as far as is confirmed."""

    UNKNOWN = "unknown"
    INSIDE = "inside"
    OUTSIDE = "outside"


class FenceState(Struct, kw_only=True, omit_defaults=True):
    """What is known of one wearer and one fence. The times are of fixes; the evidence to be outside is an interval with
    a count.
    """

    side: Side = Side.UNKNOWN
    shape: int = 0
    inside_last_at: datetime | None = None
    outside_first_at: datetime | None = None
    outside_last_at: datetime | None = None
    outside_count: int = 0


class DeviceState(Struct, kw_only=True, omit_defaults=True):
    """What rules remember of one device of a subject."""

    known: Known | None = None
    heard_at: datetime | None = None
    interval_s: int = 300
    silent: bool = False
    battery_low: bool = False
    removed: bool = False
    conditions_at: datetime | None = None


class WatchState(Struct, kw_only=True, omit_defaults=True):
    """All that is kept of a subject between two observations; at most 4 KB as msgpack. The key of `fences` and
    `devices` is the id's hex.
    """

    judged_at: datetime | None = None
    place: Place | None = None
    fences: dict[str, FenceState] = msgspec.field(default_factory=dict)
    devices: dict[str, DeviceState] = msgspec.field(default_factory=dict)

    def device(self, device_id: UUID) -> DeviceState:
        """The state of one device, begun when it was not there."""
        return self.devices.setdefault(device_id.hex, DeviceState())


class WatchSettings(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a family may set for a wearer. SOS and fall cannot be switched off."""

    geofence: bool = True
    battery: bool = True
    battery_low_pct: int = 20
    removed: bool = True
    silence: bool = True
    silence_s_min: int = 900


class Subject(Struct, frozen=True, kw_only=True):
    """Who is looked at: the wearer with her fences and settings."""

    wearer_id: WearerId
    fences: tuple[Geofence, ...] = ()
    settings: WatchSettings = WatchSettings()
