"""Queries over the stored geofences. Ended ones stay in the table and are found by nothing here."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import dialect, versions
from app.db.types import KeyBytes
from app.geo.model import FencePurpose, Geofence, Point, Schedule, Window
from app.geo.tables import geofence
from app.kit.ids import CityId, GeofenceId, WearerId

_ALIVE = geofence.c.ended_at.is_(None)


_PURPOSES = {purpose.value: purpose for purpose in FencePurpose}
_OF_WEARERS = dialect.Lookup(
    sa.select(
        *(geofence.c[name] for name in ("id", "name", "purpose", "lat_deg", "lon_deg", "radius_m", "corners")),
        *(geofence.c[name] for name in ("tell_exit", "tell_enter", "schedule", "access_points", "created_at")),
        sa.type_coerce(geofence.c.wearer_id, KeyBytes()).label("of_wearer"),
    )
    .where(geofence.c.wearer_id.in_(sa.bindparam("ids", expanding=True)), _ALIVE)
    .order_by(geofence.c.id),
    sa.Column("wearer_id", KeyBytes()),
)
VERSION = "geofence"
"""Changes with the geofences of a wearer, for those who keep them in memory."""


def insert(connection: Connection, city_id: CityId, fence: Geofence) -> None:
    """Keeps a new geofence of a wearer of that city."""
    connection.execute(sa.insert(geofence).values(id=fence.id, city_id=city_id, **_values(fence)))
    versions.bump(connection, VERSION, [fence.wearer_id])


def update(connection: Connection, fence: Geofence) -> None:
    """Keeps what is different about a geofence."""
    connection.execute(sa.update(geofence).where(geofence.c.id == fence.id).values(**_values(fence)))
    versions.bump(connection, VERSION, [fence.wearer_id])


def end(connection: Connection, wearer_id: WearerId, geofence_id: GeofenceId, now: datetime) -> bool:
    """Ends a geofence of the wearer; whether there was one to end."""
    mine = (geofence.c.id == geofence_id) & (geofence.c.wearer_id == wearer_id)
    ended = connection.execute(sa.update(geofence).where(mine, _ALIVE).values(ended_at=now)).rowcount == 1
    versions.bump(connection, VERSION, [wearer_id])
    return ended


def one(connection: Connection, wearer_id: WearerId, geofence_id: GeofenceId) -> Geofence | None:
    """The wearer's geofence of that id."""
    mine = (geofence.c.id == geofence_id) & (geofence.c.wearer_id == wearer_id)
    row = connection.execute(sa.select(geofence).where(mine, _ALIVE)).one_or_none()
    return None if row is None else _fence(row)


def after(connection: Connection, wearer_id: WearerId, last: GeofenceId | None, count: int) -> Sequence[Geofence]:
    """The first `count` geofences of the wearer made after `last`, oldest first: keys sort by their time."""
    query = sa.select(geofence).where(geofence.c.wearer_id == wearer_id, _ALIVE).order_by(geofence.c.id).limit(count)
    if last is not None:
        query = query.where(geofence.c.id > last)
    return [_fence(row) for row in connection.execute(query)]


def number_of(connection: Connection, wearer_id: WearerId) -> int:
    """How many geofences the wearer has."""
    query = sa.select(sa.func.count()).select_from(geofence).where(geofence.c.wearer_id == wearer_id, _ALIVE)
    return connection.execute(query).scalar_one()


def of_wearers(connection: Connection, wearer_ids: Iterable[WearerId]) -> dict[WearerId, list[Geofence]]:
    """The geofences of many wearers in one query, oldest first; a wearer without any is absent."""
    asked = {one.bytes: one for one in wearer_ids}
    found: dict[WearerId, list[Geofence]] = {}
    for row in _OF_WEARERS.rows(connection, asked):
        key, name, purpose, lat_deg, lon_deg, radius_m, corners, tell_exit, tell_enter = row[:9]
        schedule, access_points, created_at, whose = row[9:]
        wearer_id = asked[whose]
        fence = Geofence(
            id=key,
            wearer_id=wearer_id,
            name=name,
            purpose=_PURPOSES[purpose],
            centre=None if lat_deg is None else Point(lat_deg, lon_deg),
            radius_m=radius_m,
            corners=tuple([Point(*corner) for corner in corners]),
            tell_exit=tell_exit,
            tell_enter=tell_enter,
            schedule=_schedule(schedule),
            access_points=tuple(access_points or ()),
            created_at=created_at,
        )
        found.setdefault(wearer_id, []).append(fence)
    return found


def _values(fence: Geofence) -> dict[str, Any]:
    return {
        "wearer_id": fence.wearer_id,
        "name": fence.name,
        "purpose": fence.purpose.value,
        "lat_deg": None if fence.centre is None else fence.centre.lat_deg,
        "lon_deg": None if fence.centre is None else fence.centre.lon_deg,
        "radius_m": fence.radius_m,
        "corners": [[corner.lat_deg, corner.lon_deg] for corner in fence.corners],
        "tell_exit": fence.tell_exit,
        "tell_enter": fence.tell_enter,
        "schedule": msgspec.to_builtins(fence.schedule),
        "access_points": list(fence.access_points) or None,
        "created_at": fence.created_at,
    }


def _fence(row: sa.Row[Any]) -> Geofence:
    return Geofence(
        id=row.id,
        wearer_id=row.wearer_id,
        name=row.name,
        purpose=FencePurpose(row.purpose),
        centre=None if row.lat_deg is None else Point(row.lat_deg, row.lon_deg),
        radius_m=row.radius_m,
        corners=tuple(Point(lat_deg, lon_deg) for lat_deg, lon_deg in row.corners),
        tell_exit=row.tell_exit,
        tell_enter=row.tell_enter,
        schedule=_schedule(row.schedule),
        access_points=tuple(row.access_points or ()),
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def _schedule(kept: Any) -> Schedule:
    return None if kept is None else msgspec.convert(kept, tuple[Window, ...])
