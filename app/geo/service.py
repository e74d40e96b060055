"""Geofences: asked for, changed and ended by those who look after a wearer; read by them and by whoever may see the
wearer's place."""

import re
from collections.abc import Iterable
from datetime import datetime

from msgspec import UNSET, structs
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.db import intents
from app.db.page import Page, page
from app.geo import fences, store
from app.geo import schedule as windows
from app.geo.model import Geofence, GeofenceChange, GeofenceDraft, Schedule, Shape
from app.households import service as households
from app.households.model import Scope, Wearer
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import GeofenceId, WearerId, new_id

GEOFENCES_MAX = 30
"""Of one wearer: every position is held against each of them."""

ACCESS_POINTS_MAX = 20
"""Of one geofence: a large house has three, a school a dozen."""

_MAC = re.compile("[0-9a-f]{12}")
_MAC_SEPARATORS = str.maketrans("", "", ":-.")

VERSION = store.VERSION


def fences_of(connection: Connection, wearer_ids: Iterable[WearerId]) -> dict[WearerId, list[Geofence]]:
    """The geofences of many wearers in one query; a wearer without any is absent."""
    return store.of_wearers(connection, wearer_ids)


def create(connection: Connection, wearer: Wearer, draft: GeofenceDraft, now: datetime) -> Geofence:
    """A new geofence of the wearer. Raises `InvalidInput` for a shape or a schedule that is none, `Conflict` when there
    are many.
    """
    if store.number_of(connection, wearer.id) >= GEOFENCES_MAX:
        raise Conflict(f"There are {GEOFENCES_MAX} geofences already; end one first.")
    shape = checked(draft.shape)
    fence = Geofence(
        id=GeofenceId(new_id()),
        wearer_id=wearer.id,
        name=draft.name,
        purpose=draft.purpose,
        centre=shape.centre,
        radius_m=shape.radius_m,
        corners=shape.corners,
        tell_exit=draft.tell_exit,
        tell_enter=draft.tell_enter,
        schedule=_checked_schedule(draft.schedule),
        access_points=_checked_access_points(draft.access_points),
        created_at=now,
    )
    store.insert(connection, wearer.city_id, fence)
    return fence


def add(connection: Connection, viewer: Viewer, wearer_id: WearerId, draft: GeofenceDraft, now: datetime) -> Geofence:
    """As `create`, by somebody. Raises `NotFound` for who does not look after the wearer."""
    return create(connection, households.managed_wearer(connection, viewer, wearer_id, now), draft, now)


def listed(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, last: GeofenceId | None, limit: int, now: datetime
) -> Page[Geofence]:
    """A page of the wearer's geofences, oldest first. Raises `NotFound` for who may not know them."""
    _readable(connection, viewer, wearer_id, now)
    return page(store.after(connection, wearer_id, last, limit + 1), limit, lambda fence: fence.id)


def shown(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, geofence_id: GeofenceId, now: datetime
) -> Geofence:
    """One geofence. Raises `NotFound` for an unknown one and for who may not know it."""
    _readable(connection, viewer, wearer_id, now)
    return _existing(connection, wearer_id, geofence_id)


def change(
    connection: Connection,
    viewer: Viewer,
    wearer_id: WearerId,
    geofence_id: GeofenceId,
    wanted: GeofenceChange,
    now: datetime,
) -> Geofence:
    """The geofence after the change. Raises `NotFound`, and `InvalidInput` for a shape or a schedule that is
    none.
    """
    households.managed_wearer(connection, viewer, wearer_id, now)
    fence = _existing(connection, wearer_id, geofence_id)
    different = {name: value for name, value in structs.asdict(wanted).items() if value is not UNSET}
    shape = different.pop("shape", None)
    if shape is not None:
        shape = checked(shape)
        different |= {"centre": shape.centre, "radius_m": shape.radius_m, "corners": shape.corners}
    fence = structs.replace(fence, **different)
    _checked_schedule(fence.schedule)
    fence = structs.replace(fence, access_points=_checked_access_points(fence.access_points))
    store.update(connection, fence)
    return fence


def end(connection: Connection, viewer: Viewer, wearer_id: WearerId, geofence_id: GeofenceId, now: datetime) -> None:
    """Ends a geofence: nothing is told of it any more. Raises `NotFound`."""
    households.managed_wearer(connection, viewer, wearer_id, now)
    fence = _existing(connection, wearer_id, geofence_id)
    store.end(connection, wearer_id, geofence_id, now)
    payload = {"wearer_id": str(wearer_id), "geofence_id": str(geofence_id), "purpose": fence.purpose.value}
    intents.intend(connection, "geofence_ended", str(geofence_id), payload, now)


def checked(shape: Shape) -> Shape:
    """The shape as it is kept: a ring whose last corner repeats the first, as GeoJSON writes it, loses that corner.

    Raises `InvalidInput`, naming the part at fault.
    """
    if (shape.centre is None) == (not shape.corners) or (shape.centre is None) != (shape.radius_m is None):
        raise InvalidInput(
            "A geofence is either a circle with a centre and a radius or a polygon with corners.", "shape"
        )
    if shape.radius_m is not None:
        if not fences.RADIUS_M_MIN <= shape.radius_m <= fences.RADIUS_M_MAX:
            wanted = f"{fences.RADIUS_M_MIN:.0f} m to {fences.RADIUS_M_MAX:.0f} m"
            raise InvalidInput(f"The radius must be {wanted}.", "shape.radius_m")
        return shape
    corners = shape.corners[:-1] if len(shape.corners) > 1 and shape.corners[0] == shape.corners[-1] else shape.corners
    fault = fences.corner_fault(corners)
    if fault is not None:
        where = "shape.corners" if fault.corner is None else f"shape.corners[{fault.corner}]"
        raise InvalidInput(fault.why, where)
    return Shape(corners=corners)


def _checked_schedule(schedule: Schedule) -> Schedule:
    fault = windows.fault(schedule)
    if fault is not None:
        raise InvalidInput(fault.why, f"schedule{fault.where}")
    return schedule


def _checked_access_points(access_points: Iterable[str]) -> tuple[str, ...]:
    """Each once, as 12 lower-case hex digits."""
    found: dict[str, None] = {}
    for number, written in enumerate(access_points):
        address = written.translate(_MAC_SEPARATORS).lower()
        if _MAC.fullmatch(address) is None or address in ("0" * 12, "f" * 12):
            raise InvalidInput("This is no address of an access point.", f"access_points[{number}]")
        found[address] = None
    if len(found) > ACCESS_POINTS_MAX:
        raise InvalidInput(f"A geofence has {ACCESS_POINTS_MAX} access points at most.", "access_points")
    return tuple(found)


def _existing(connection: Connection, wearer_id: WearerId, geofence_id: GeofenceId) -> Geofence:
    fence = store.one(connection, wearer_id, geofence_id)
    if fence is None:
        raise NotFound
    return fence


def _readable(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> None:
    """Raises `NotFound` for who neither looks after the wearer nor may see her place: a fence of purpose home is where
    she lives."""
    known = households.known_wearer(connection, viewer, wearer_id, now)
    if not known.manages and Scope.PLACE not in known.sees:
        raise NotFound
