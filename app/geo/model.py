"""Points and geofences."""

from datetime import date, datetime, time
from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

from app.kit.calendar import is_holiday
from app.kit.ids import GeofenceId, WearerId


class Point(Struct, frozen=True, gc=False):
    """A place on the WGS-84 ellipsoid, degrees."""

    lat_deg: float
    lon_deg: float


class FencePurpose(StrEnum):
    """What the place is to the wearer."""

    HOME = "home"
    SCHOOL = "school"
    PLACE = "place"


class Shape(Struct, frozen=True, kw_only=True):
    """Where a geofence is: a circle has `centre` and `radius_m`, a polygon has `corners`; one of the two."""

    centre: Point | None = None
    radius_m: float | None = None
    corners: tuple[Point, ...] = ()


class OnHolidays(StrEnum):
    """What public holidays are to a window of time."""

    LIKE_OTHERS = "like_others"
    """Days like all others: only the day of the week counts."""
    ALSO = "also"
    """The window is on every public holiday as well, whatever day of the week it is."""
    NOT = "not"
    """The window is on its days of the week unless they are public holidays."""
    ONLY = "only"
    """The window is on those of its days of the week that are public holidays."""


class Window(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A time of certain days: from `from_time` until `until_time` on the wall clock of the city, the next day's where
    that is not later (22:00 to 06:00; 00:00 to 00:00 is the whole day). `weekdays` are bits (Monday 1 … Sunday 64) of
    the days on which it begins.
    """

    weekdays: int
    from_time: time
    until_time: time
    holidays: OnHolidays = OnHolidays.LIKE_OTHERS

    def begins_on(self, day: date) -> bool:
        """Whether the window is on that day."""
        usual = bool(self.weekdays >> day.weekday() & 1)
        match self.holidays:
            case OnHolidays.ALSO:
                return usual or is_holiday(day)
            case OnHolidays.NOT:
                return usual and not is_holiday(day)
            case OnHolidays.ONLY:
                return usual and is_holiday(day)
            case OnHolidays.LIKE_OTHERS:
                return usual


Schedule = tuple[Window, ...] | None
"""When something is told: within any of these windows. None: always."""


class Geofence(Struct, frozen=True, kw_only=True, gc=False):
    """An area around which something is to be noticed. A circle has `centre` and `radius_m`; a polygon has `corners`
    (three or more, closed by itself). Leaving and arriving are told within `schedule`.
    `access_points` are the addresses of Wi-Fi that is heard there, 12 lower-case hex digits each.

    Those of many thousand wearers are kept in memory: they hold no cycles, and the collector passes them by.
    """

    id: GeofenceId
    wearer_id: WearerId
    name: str
    purpose: FencePurpose
    centre: Point | None = None
    radius_m: float | None = None
    corners: tuple[Point, ...] = ()
    tell_exit: bool = True
    tell_enter: bool = False
    schedule: Schedule = None
    access_points: tuple[str, ...] = ()
    created_at: datetime
    ended_at: datetime | None = None


class GeofenceDraft(Struct, frozen=True, kw_only=True):
    """A geofence that is asked for."""

    name: str
    shape: Shape
    purpose: FencePurpose = FencePurpose.PLACE
    tell_exit: bool = True
    tell_enter: bool = False
    schedule: Schedule = None
    access_points: tuple[str, ...] = ()


class GeofenceChange(Struct, frozen=True, kw_only=True):
    """What is to be different about a geofence; what is absent stays as it is."""

    name: str | UnsetType = UNSET
    shape: Shape | UnsetType = UNSET
    purpose: FencePurpose | UnsetType = UNSET
    tell_exit: bool | UnsetType = UNSET
    tell_enter: bool | UnsetType = UNSET
    schedule: Schedule | UnsetType = UNSET
    access_points: tuple[str, ...] | UnsetType = UNSET
