"""Points and geofences."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from app.kit.ids import GeofenceId, WearerId


class Point(Struct, frozen=True):
    """A place on the WGS-84 ellipsoid, degrees."""

    lat_deg: float
    lon_deg: float


class FencePurpose(StrEnum):
    """What the place is to the wearer."""

    HOME = "home"
    SCHOOL = "school"
    PLACE = "place"


class Geofence(Struct, frozen=True, kw_only=True):
    """An area around which something is to be noticed. A circle has `centre` and `radius_m`; a polygon has `corners` (three or more, closed by itself)."""

    id: GeofenceId
    wearer_id: WearerId
    name: str
    purpose: FencePurpose
    centre: Point | None = None
    radius_m: float | None = None
    corners: tuple[Point, ...] = ()
    tell_exit: bool = True
    tell_enter: bool = False
    created_at: datetime
    ended_at: datetime | None = None
