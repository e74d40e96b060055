"""Points and geofences."""

from datetime import datetime
from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

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


class Geofence(Struct, frozen=True, kw_only=True, gc=False):
    """An area around which something is to be noticed. A circle has `centre` and `radius_m`; a polygon has `corners`
    (three or more, closed by itself).

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
    created_at: datetime
    ended_at: datetime | None = None


class GeofenceDraft(Struct, frozen=True, kw_only=True):
    """A geofence that is asked for."""

    name: str
    shape: Shape
    purpose: FencePurpose = FencePurpose.PLACE
    tell_exit: bool = True
    tell_enter: bool = False


class GeofenceChange(Struct, frozen=True, kw_only=True):
    """What is to be different about a geofence; what is absent stays as it is."""

    name: str | UnsetType = UNSET
    shape: Shape | UnsetType = UNSET
    purpose: FencePurpose | UnsetType = UNSET
    tell_exit: bool | UnsetType = UNSET
    tell_enter: bool | UnsetType = UNSET
