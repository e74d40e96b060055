"""Observations that watches look at, the state they keep of a subject, and what they say happened."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from app.geo.model import Geofence
from app.geo.quality import Known
from app.geo.quality import Place as Fixed
from app.kit.calendar import JST
from app.kit.ids import AccountId, AlertId, AllowanceId, ExpectationId, WearerId
from app.push.model import Level
from app.tags.model import DetectorKind
from app.watch.movement.allowances import Allowance, FineScope
from app.watch.movement.closing import Learnt
from app.watch.movement.habits import DAYS, Habits
from app.watch.movement.moving import Movement

JUDGED_AGE_MAX: Final = timedelta(hours=2)
"""A fix or a passage older than this goes to history and teaches, but no rule judges it (DESIGN section 7, promise
3)."""


DETECTORS_MAX: Final = 20
"""Detectors of one expectation: all gates of a school."""


class AlertKind(StrEnum):
    """What an alert is about. All rules of movement share one kind: one incident, one alert."""

    SOS = "sos"
    FALL = "fall"
    MOVEMENT = "movement"
    BATTERY = "battery"
    REMOVED = "removed"
    SILENT = "silent"
    ARRIVAL = "arrival"
    DEVICE = "device"
    STICKER = "sticker"
    """Somebody scanned a sticker of hers and says that they are with her."""


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
    what had begun, or begins and is over at once). News is told and is no alert at all: nobody needs to see to it.
    """

    BEGAN = "began"
    OVER = "over"
    PASSING = "passing"
    NEWS = "news"


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
    """An accepted fix. `accuracy_m` is the stated one or what is assumed for how the place is known (`known_by`, as in
    `app.history.model.KnownBy`).
    """

    device_id: UUID
    at: datetime
    received_at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float
    known_by: str | None = None


class AlarmHeard(Struct, frozen=True, kw_only=True):
    """What a device itself reports. `place` is that of the same frame, where it had one that was accepted."""

    device_id: UUID
    at: datetime
    received_at: datetime
    kinds: tuple[str, ...]
    place: Place | None = None


class HealthHeard(Struct, frozen=True, kw_only=True):
    """What a device, or a tag (`of_tag`), said about itself; None is unknown."""

    device_id: UUID
    at: datetime
    received_at: datetime
    battery_pct: float | None = None
    charging: bool | None = None
    of_tag: bool = False


class Heard(Struct, frozen=True, kw_only=True):
    """The device gave a sign of life, whatever it said. `interval_s` is how often it should."""

    device_id: UUID
    received_at: datetime
    interval_s: int


class Passed(Struct, frozen=True, kw_only=True):
    """A tag of hers came within earshot of a detector: a passage began at `at`. Its place may be unknown (a bus without
    one). `last_at`: how long it had gone on as far as was known then, None for no longer than its beginning; what it
    becomes after that is no observation. `doubtful`: it cannot be true together with another passage, and moves nobody.
    `kind`: where the detector stands or moves.
    """

    tag_id: UUID
    detector_id: UUID
    detector_name: str
    at: datetime
    received_at: datetime
    last_at: datetime | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    accuracy_m: float | None = None
    doubtful: bool = False
    kind: DetectorKind = DetectorKind.FIXED


class Surveyed(Struct, frozen=True, kw_only=True):
    """Wi-Fi access points that a device heard when it had no fix; addresses as 12 lower-case hex digits."""

    device_id: UUID
    at: datetime
    received_at: datetime
    access_points: tuple[str, ...]


Observation = Seen | AlarmHeard | HealthHeard | Heard | Passed | Surveyed


class Side(StrEnum):
    """On which side of a fence the wearer is, as far as is confirmed."""

    UNKNOWN = "unknown"
    INSIDE = "inside"
    OUTSIDE = "outside"


class Spread(Struct, array_like=True):
    """How far apart places are: the least rectangle that holds them, degrees."""

    south_deg: float
    west_deg: float
    north_deg: float
    east_deg: float


class FenceState(Struct, kw_only=True, omit_defaults=True):
    """What is known of one wearer and one fence. The times are of fixes; the evidence to be outside is an interval with
    a count, and the `spread` of its sharpest places (`leaving.py`). `untold_at` is when she left without its being
    told (`fence.py`), `vetoed_at` since when a tag at home contradicts the tracker (`home.py`), `crossed_at` when it
    was last told that she passed through (`crossing.py`).
    """

    side: Side = Side.UNKNOWN
    shape: int = 0
    inside_last_at: datetime | None = None
    outside_first_at: datetime | None = None
    outside_last_at: datetime | None = None
    outside_count: int = 0
    spread: Spread | None = None
    untold_at: datetime | None = None
    vetoed_at: datetime | None = None
    crossed_at: datetime | None = None


class Double(Struct, frozen=True, array_like=True):
    """Where a device was found that is in use elsewhere: the last refused place, how often it was there by turns with
    its own, and when a place of its own was last taken before.
    """

    place: Fixed
    times: int
    own_at: datetime | None = None


class Alike(Struct, frozen=True, array_like=True):
    """Fences of which the same is known: what that is, and each one's id and shape (`fitting.py`)."""

    known: FenceState
    fences: bytes


class DeviceState(Struct, kw_only=True, omit_defaults=True):
    """What rules remember of one device of a subject; `double`: what another one says under its name."""

    known: Known | None = None
    heard_at: datetime | None = None
    interval_s: int = 300
    silent: bool = False
    battery_low: bool = False
    removed: bool = False
    conditions_at: datetime | None = None
    double: Double | None = None


class Told(Struct, frozen=True, array_like=True):
    """A passage that was told: `pair` stands for the tag and the detector."""

    pair: int
    at: datetime


class Settled(IntEnum):
    """How the question whether somebody arrived was answered for a day."""

    ARRIVED = 1
    """She came, or was there already; in time, or late before anybody was told that she had not."""
    MISSED = 2
    """It was told that she had not arrived."""
    UNKNOWN = 3
    """It was told that nobody can say."""
    NOT_TOLD = 4
    """The day had long gone by when the service was up again."""


class ArrivalState(Struct, kw_only=True, omit_defaults=True, array_like=True):
    """What is known of one expectation: the day that was settled last (as `date.toordinal`) and how, and when the next
    one will be judged.
    """

    day: int = 0
    how: Settled | None = None
    due_at: datetime | None = None


class TagState(Struct, kw_only=True, array_like=True):
    """What is kept of a tag: when it was last heard, the detectors of its last passages, the newest last (16 bytes
    each), and whether its silence was told.
    """

    heard_at: datetime
    detectors: tuple[bytes, ...] = ()
    silent: bool = False


class WatchState(Struct, kw_only=True, omit_defaults=True):
    """All that is kept of a subject between two observations; at most 4 KB as msgpack. The key of `fences`, `devices`,
    `arrivals` and `tags` is the id's hex. `last_fix` is the newest, where a fence tells of arriving. `alike` holds
    fences only where it is stored (`fitting.py`).
    """

    judged_at: datetime | None = None
    place: Place | None = None
    fences: dict[str, FenceState] = msgspec.field(default_factory=dict)
    devices: dict[str, DeviceState] = msgspec.field(default_factory=dict)
    told: list[Told] = msgspec.field(default_factory=list)
    arrivals: dict[str, ArrivalState] = msgspec.field(default_factory=dict)
    tags: dict[str, TagState] = msgspec.field(default_factory=dict)
    movement: Movement | None = None
    last_fix: Fixed | None = None
    learnt: Learnt | None = None
    alike: list[Alike] = msgspec.field(default_factory=list)

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
    passages: bool = True
    tag_silence_h: int = 36
    movement: bool = True


class Expectation(Struct, frozen=True, kw_only=True):
    """Where a wearer is expected: to pass any of these detectors on these days of the week (bits: Monday 1 … Sunday
    64), from when and by when on the wall clock of her city, `by_time` being the later one. `interval_s` is the longest
    at which one of these detectors says that it is there, when this was read.
    """

    id: ExpectationId
    wearer_id: WearerId
    name: str
    detector_ids: tuple[UUID, ...]
    weekdays: int
    from_time: time
    by_time: time
    tell_arrival: bool
    created_at: datetime
    interval_s: int = 60

    def is_on(self, day: date) -> bool:
        """Whether the wearer is expected on `day`."""
        return bool(self.weekdays >> day.weekday() & 1)


class KeptAllowance(Struct, frozen=True, kw_only=True):
    """An allowance as it is kept: whose, after which alert, how far it was meant to reach, and who said so."""

    id: AllowanceId
    wearer_id: WearerId
    alert_id: AlertId
    scope: FineScope
    said_by: AccountId
    allowance: Allowance


class Subject(Struct, frozen=True, kw_only=True, gc=False):
    """Who is looked at: the wearer with her fences, settings and expectations, the zone of her city, what is known of
    her days, and what her family said is fine. `learn_days`: rules that need those days speak from then on.
    """

    wearer_id: WearerId
    fences: tuple[Geofence, ...] = ()
    settings: WatchSettings = WatchSettings()
    expectations: tuple[Expectation, ...] = ()
    zone: ZoneInfo = JST
    habits: Habits | None = None
    allowances: tuple[Allowance, ...] = ()
    learn_days: int = DAYS
