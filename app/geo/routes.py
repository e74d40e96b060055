"""Geofences of a wearer over HTTP. Who looks after the wearer changes them; who may see her place reads them too."""

from datetime import datetime, time
from typing import Annotated
from uuid import UUID

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor
from app.geo import fences, service
from app.geo.model import (
    FencePurpose,
    Geofence,
    GeofenceChange,
    GeofenceDraft,
    OnHolidays,
    Point,
    Schedule,
    Shape,
    Window,
)
from app.geo.schedule import WINDOWS_MAX
from app.kit.calendar import ClockTime, Weekdays, bits_of, clock_text, days_of
from app.kit.clock import Clock
from app.kit.ids import GeofenceId, WearerId

Latitude = Annotated[float, Meta(ge=-90, le=90, description="WGS-84 latitude, degrees")]
Longitude = Annotated[float, Meta(ge=-180, le=180, description="WGS-84 longitude, degrees")]
Radius = Annotated[
    float, Meta(ge=fences.RADIUS_M_MIN, le=fences.RADIUS_M_MAX, description="radius of the circle, metres")
]
Name = Annotated[str, Meta(min_length=1, max_length=100, description="what people call the place")]
PurposeOfFence = Annotated[FencePurpose, Meta(description="what the place is to the wearer")]
TellExit = Annotated[bool, Meta(description="whether leaving is told")]
TellEnter = Annotated[bool, Meta(description="whether arriving is told")]


class Corner(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One corner of a polygon."""

    lat_deg: Latitude
    lon_deg: Longitude


class Circle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="circle"):
    """All that is within `radius_m` of a point."""

    lat_deg: Latitude
    lon_deg: Longitude
    radius_m: Radius


class Polygon(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="polygon"):
    """All that is within the sides from corner to corner, the last joined to the first, either way round."""

    corners: Annotated[
        list[Corner],
        Meta(
            min_length=fences.CORNERS_MIN,
            max_length=fences.CORNERS_MAX + 1,
            description="the first corner may be repeated at the end, as in GeoJSON",
        ),
    ]


class TimeWindow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A time of certain days, from `from_time` until `until_time`: the next day's where that is not later (22:00 to
    06:00; 00:00 to 00:00 is the whole day). `weekdays` are the days on which it begins.
    """

    weekdays: Weekdays
    from_time: ClockTime
    until_time: ClockTime
    holidays: Annotated[
        OnHolidays,
        Meta(
            description="public holidays of Japan. like_others: only the day of the week counts; also: the window is "
            "on every public holiday as well; not: it is on its days of the week unless they are public holidays; "
            "only: it is on those of its days of the week that are public holidays"
        ),
    ] = OnHolidays.LIKE_OTHERS


TimeWindows = Annotated[
    list[TimeWindow],
    Meta(
        min_length=1,
        max_length=WINDOWS_MAX,
        description="when leaving and arriving are told: within any of these windows; null: always. Who left before "
        "one began and is not back a quarter of an hour later is told then",
    ),
]


AccessPoints = Annotated[
    list[Annotated[str, Meta(max_length=17)]],
    Meta(
        max_length=service.ACCESS_POINTS_MAX,
        description="addresses (BSSID) of Wi-Fi that is heard there: a device without a fix that hears one of them is "
        "inside; shown as 12 lower-case hex digits",
    ),
]


class AddGeofence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A geofence to be added."""

    name: Name
    shape: Circle | Polygon
    purpose: PurposeOfFence = FencePurpose.PLACE
    tell_exit: TellExit = True
    tell_enter: TellEnter = False
    schedule: TimeWindows | None = None
    access_points: AccessPoints = []


class ChangeGeofence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different; absent fields stay as they are."""

    name: Name | UnsetType = UNSET
    shape: Circle | Polygon | UnsetType = UNSET
    purpose: PurposeOfFence | UnsetType = UNSET
    tell_exit: TellExit | UnsetType = UNSET
    tell_enter: TellEnter | UnsetType = UNSET
    schedule: TimeWindows | UnsetType | None = UNSET
    access_points: AccessPoints | UnsetType = UNSET


class ShownGeofence(Struct, frozen=True, kw_only=True):
    """A geofence (見守りエリア)."""

    id: UUID
    wearer: UUID
    name: Name
    purpose: PurposeOfFence
    shape: Circle | Polygon
    tell_exit: TellExit
    tell_enter: TellEnter
    schedule: TimeWindows | None
    access_points: AccessPoints
    created_at: datetime


@get(
    "/v1/wearers/{wearer_id:uuid}/geofences",
    guards=[May(Action.WEARER_READ)],
    operation_id="list_geofences",
    summary="Geofences of a wearer",
    tags=["geofences"],
)
async def list_geofences(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[ShownGeofence]:
    """The wearer's geofences, oldest first.

    For those who look after the wearer and those whose consent shows them her place; for others it is a 404.
    """
    last = decode_cursor(cursor, UUID)
    found = await database.read(
        lambda c: service.listed(c, viewer, WearerId(wearer_id), GeofenceId(last) if last else None, limit, clock())
    )
    return Page(items=[_shown(fence) for fence in found.items], next=found.next)


@post(
    "/v1/wearers/{wearer_id:uuid}/geofences",
    guards=[May(Action.GEOFENCE_WRITE)],
    operation_id="add_geofence",
    summary="Add a geofence",
    tags=["geofences"],
)
async def add_geofence(
    wearer_id: FromPath[UUID],
    data: JSONBody[AddGeofence],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ShownGeofence:
    """Adds a geofence, a circle or a polygon.

    For the family of the wearer's household and the clerks of her city; for others it is a 404. A polygon that crosses
    itself, has no area or is too large is a 400 that names the corner; too many geofences are a 409.
    """
    draft = GeofenceDraft(
        name=data.name,
        shape=_shape(data.shape),
        purpose=data.purpose,
        tell_exit=data.tell_exit,
        tell_enter=data.tell_enter,
        schedule=_schedule(data.schedule),
        access_points=tuple(data.access_points),
    )
    return _shown(await database.write(lambda c: service.add(c, viewer, WearerId(wearer_id), draft, clock())))


@get(
    "/v1/wearers/{wearer_id:uuid}/geofences/{geofence_id:uuid}",
    guards=[May(Action.WEARER_READ)],
    operation_id="read_geofence",
    summary="One geofence",
    tags=["geofences"],
)
async def read_geofence(
    wearer_id: FromPath[UUID],
    geofence_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ShownGeofence:
    """One geofence of the wearer, for the same people as the list."""
    return _shown(
        await database.read(lambda c: service.shown(c, viewer, WearerId(wearer_id), GeofenceId(geofence_id), clock()))
    )


@patch(
    "/v1/wearers/{wearer_id:uuid}/geofences/{geofence_id:uuid}",
    guards=[May(Action.GEOFENCE_WRITE)],
    operation_id="change_geofence",
    summary="Change a geofence",
    tags=["geofences"],
)
async def change_geofence(
    wearer_id: FromPath[UUID],
    geofence_id: FromPath[UUID],
    data: JSONBody[ChangeGeofence],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ShownGeofence:
    """Changes what is given. A new shape starts anew: on which side of it the wearer is must be seen first.

    For the family of the wearer's household and the clerks of her city; for others it is a 404. A shape that is none is
    a 400 that names the corner.
    """
    wanted = GeofenceChange(
        name=data.name,
        shape=UNSET if data.shape is UNSET else _shape(data.shape),
        purpose=data.purpose,
        tell_exit=data.tell_exit,
        tell_enter=data.tell_enter,
        schedule=UNSET if data.schedule is UNSET else _schedule(data.schedule),
        access_points=UNSET if data.access_points is UNSET else tuple(data.access_points),
    )
    ids = WearerId(wearer_id), GeofenceId(geofence_id)
    return _shown(await database.write(lambda c: service.change(c, viewer, *ids, wanted, clock())))


@delete(
    "/v1/wearers/{wearer_id:uuid}/geofences/{geofence_id:uuid}",
    guards=[May(Action.GEOFENCE_WRITE)],
    operation_id="end_geofence",
    summary="End a geofence",
    tags=["geofences"],
)
async def end_geofence(
    wearer_id: FromPath[UUID],
    geofence_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Ends the geofence: nothing is told of it any more.

    For the family of the wearer's household and the clerks of her city; for others, and when it has ended, it is a 404.
    """
    ids = WearerId(wearer_id), GeofenceId(geofence_id)
    await database.write(lambda c: service.end(c, viewer, *ids, clock()))


def _shape(shape: Circle | Polygon) -> Shape:
    if isinstance(shape, Circle):
        return Shape(centre=Point(shape.lat_deg, shape.lon_deg), radius_m=shape.radius_m)
    return Shape(corners=tuple(Point(corner.lat_deg, corner.lon_deg) for corner in shape.corners))


def _schedule(windows: list[TimeWindow] | None) -> Schedule:
    if windows is None:
        return None
    return tuple(
        Window(
            weekdays=bits_of(one.weekdays),
            from_time=time.fromisoformat(one.from_time),
            until_time=time.fromisoformat(one.until_time),
            holidays=one.holidays,
        )
        for one in windows
    )


def _shown_schedule(schedule: Schedule) -> list[TimeWindow] | None:
    if schedule is None:
        return None
    return [
        TimeWindow(
            weekdays=days_of(one.weekdays),
            from_time=clock_text(one.from_time),
            until_time=clock_text(one.until_time),
            holidays=one.holidays,
        )
        for one in schedule
    ]


def _shown(fence: Geofence) -> ShownGeofence:
    if fence.centre is not None and fence.radius_m is not None:
        shape: Circle | Polygon = Circle(
            lat_deg=fence.centre.lat_deg, lon_deg=fence.centre.lon_deg, radius_m=fence.radius_m
        )
    else:
        shape = Polygon(corners=[Corner(lat_deg=corner.lat_deg, lon_deg=corner.lon_deg) for corner in fence.corners])
    return ShownGeofence(
        id=fence.id,
        wearer=fence.wearer_id,
        name=fence.name,
        purpose=fence.purpose,
        shape=shape,
        tell_exit=fence.tell_exit,
        tell_enter=fence.tell_enter,
        schedule=_shown_schedule(fence.schedule),
        access_points=list(fence.access_points),
        created_at=fence.created_at,
    )


ROUTES = [list_geofences, add_geofence, read_geofence, change_geofence, end_geofence]
