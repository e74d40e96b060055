"""Every query over positions, refused fixes and surveys."""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import dialect
from app.db.types import Moment
from app.devices.tables import device, device_carrier
from app.geo.cells import RANGES_MAX, hour_of, joined, ranges_around
from app.geo.measure import distance_m
from app.geo.model import Point
from app.history.model import KeptSurvey, KnownBy, Nearby, Position, RefusedFix, TrackPoint
from app.history.store import said
from app.history.tables import position, refused_fix, survey
from app.kit.ids import CityId, ContactId, DeviceId, WearerId, new_id

_KNOWN_BY = {known_by.value: known_by for known_by in KnownBy}
_OTHER = position.alias("other")
_FIELDS = Position.__struct_fields__
_before_known_by = attrgetter(*_FIELDS[:-3])  # The driver looks for adapters of whatever is not quite a `str`.
_POSITIONS = dialect.Rows(position, _FIELDS, dialect.ignore)
_WHOLE = [position.c[name] for name in _FIELDS]
_ON_TRACK: tuple[sa.Column[Any], ...] = (
    position.c.fix_at,
    position.c.lat_deg,
    position.c.lon_deg,
    position.c.accuracy_m,
    position.c.known_by,
    position.c.received_at,
    position.c.device_id,
    position.c.ordinal,
)
_NEVER = datetime.max.replace(tzinfo=UTC)
_NEARBY = (
    position.c.fix_at,
    position.c.device_id,
    position.c.wearer_id,
    position.c.contact_id,
    position.c.lat_deg,
    position.c.lon_deg,
    position.c.accuracy_m,
    position.c.known_by,
    position.c.received_at,
    position.c.ordinal,
)

AREA_KEY: dict[str, Any] = {
    "hour": sa.Integer(), "first": sa.BigInteger(), "last": sa.BigInteger(), "city_id": sa.Integer(),
    "look_from": Moment(timezone=True), "from_at": Moment(timezone=True), "until_at": Moment(timezone=True),
}  # fmt: skip
"""One hour and range of cells of a question about an area, and what is the same for all of them."""


def _in_area(asked: Any) -> sa.Select[Any]:
    one = position.c
    cells = (one.hour == asked.c.hour) & one.cell.between(asked.c.first, asked.c.last)
    when = (one.fix_at >= asked.c.from_at) & (one.fix_at < asked.c.until_at)
    whose = one.wearer_id.is_not(None) | one.contact_id.is_not(None)  # Where a bus was is nobody's place.
    return sa.select(*_NEARBY).join_from(asked, position, cells & when & (one.city_id == asked.c.city_id) & whose)


_AREA = dialect.KeyLookup(AREA_KEY, _in_area)


def append(connection: Connection, positions: Sequence[Position]) -> None:
    """Keeps positions. One whose key is there already changes nothing."""
    rows = [(*_before_known_by(one), one.known_by.value, one.cell, one.hour) for one in positions]
    _POSITIONS.insert(connection, rows)


def attribute(
    connection: Connection,
    city_id: CityId,
    device_id: DeviceId,
    from_at: datetime,
    wearer_id: WearerId | None,
    contact_id: ContactId | None,
) -> int:
    """Gives what a device measured since `from_at` to whoever is now said to have carried it then; how many positions.

    Who is told so late that she carried it must have her own places, and nobody else may keep them.
    """
    one = position.c
    mine = (one.city_id == city_id) & (one.device_id == device_id) & (one.fix_at >= from_at)
    change = sa.update(position).where(mine).values(wearer_id=wearer_id, contact_id=contact_id)
    return connection.execute(change).rowcount


def refuse(connection: Connection, fixes: Sequence[RefusedFix]) -> None:
    """Keeps refused fixes with their reason. A latitude that is no number cannot be kept: there is nothing to show."""
    rows: list[Any] = [
        {
            "id": new_id(),
            "city_id": fix.city_id,
            "device_id": fix.device_id,
            "fix_at": fix.fix_at,
            "received_at": fix.received_at,
            "lat_deg": fix.lat_deg,
            "lon_deg": fix.lon_deg,
            "accuracy_m": fix.accuracy_m,
            "reason": fix.reason.value,
        }
        for fix in fixes
        if math.isfinite(fix.lat_deg) and math.isfinite(fix.lon_deg)
    ]
    if rows:
        connection.execute(sa.insert(refused_fix), rows)


def keep_surveys(connection: Connection, surveys: Sequence[KeptSurvey]) -> None:
    """Keeps what devices heard."""
    if surveys:
        rows = [
            {
                "id": new_id(),
                "city_id": one.city_id,
                "device_id": one.device_id,
                "at": one.at,
                "received_at": one.received_at,
                "heard": msgspec.to_builtins({"cells": one.cells, "access_points": one.access_points}),
            }
            for one in surveys
        ]
        connection.execute(sa.insert(survey), rows)


def last_of_wearers(connection: Connection, wearer_ids: Iterable[WearerId]) -> dict[WearerId, Position]:
    """The newest position of each wearer by the time of the fix: one look into the key for each time that she carried a
    device, however long her history."""
    held, kept = device_carrier.c, position.c
    newest = _newest_fix_at(
        (_OTHER.c.city_id == device.c.city_id)
        & (_OTHER.c.device_id == held.device_id)
        & (_OTHER.c.wearer_id == held.wearer_id)
        & (_OTHER.c.fix_at >= held.from_at)
        & (_OTHER.c.fix_at < sa.func.coalesce(held.until_at, sa.literal(_NEVER, Moment(timezone=True))))
    )
    same = (kept.city_id == device.c.city_id) & (kept.device_id == held.device_id) & (kept.fix_at == newest)
    query = (
        sa.select(*_WHOLE)
        .join_from(device_carrier, device, device.c.id == held.device_id)
        .join(position, same & (kept.wearer_id == held.wearer_id))
        .where(held.wearer_id.in_(list(wearer_ids)))
        .order_by(kept.fix_at, kept.received_at, kept.ordinal)
    )
    return {WearerId(row.wearer_id): _position(row) for row in connection.execute(query)}


def last_of_devices(connection: Connection, device_ids: Iterable[DeviceId]) -> dict[DeviceId, Position]:
    """The newest position of each device by the time of the fix, whoever carried it."""
    same = (position.c.city_id == device.c.city_id) & (position.c.device_id == device.c.id)
    newest = _newest_fix_at((_OTHER.c.city_id == device.c.city_id) & (_OTHER.c.device_id == device.c.id))
    query = (
        sa.select(*_WHOLE)
        .join_from(device, position, same & (position.c.fix_at == newest))
        .where(device.c.id.in_(list(device_ids)))
        .order_by(position.c.ordinal)
    )
    return {DeviceId(row.device_id): _position(row) for row in connection.execute(query)}


def _newest_fix_at(whose: sa.ColumnElement[bool]) -> sa.ScalarSelect[datetime]:
    """The time of the newest fix of each row of the query around it: the first entry of an index, read from its end."""
    newest = sa.select(_OTHER.c.fix_at).where(whose).order_by(_OTHER.c.fix_at.desc()).limit(1)
    return newest.correlate_except(_OTHER).scalar_subquery()


def place_at(connection: Connection, city_id: int, device_id: UUID, at: datetime, within: timedelta) -> Point | None:
    """Where something that moves was at a moment: between its positions around it, none of them farther off in time
    than `within`; None where there is none.
    """
    mine = (position.c.city_id == city_id) & (position.c.device_id == device_id)
    columns = (position.c.fix_at, position.c.lat_deg, position.c.lon_deg)
    before = sa.select(*columns).where(mine, position.c.fix_at <= at, position.c.fix_at >= at - within)
    after = sa.select(*columns).where(mine, position.c.fix_at > at, position.c.fix_at <= at + within)
    earlier = connection.execute(before.order_by(position.c.fix_at.desc()).limit(1)).one_or_none()
    later = connection.execute(after.order_by(position.c.fix_at).limit(1)).one_or_none()
    if earlier is None or later is None:
        known = later if earlier is None else earlier
        return None if known is None else Point(known.lat_deg, known.lon_deg)
    share = (at - earlier.fix_at) / (later.fix_at - earlier.fix_at)
    return Point(
        earlier.lat_deg + share * (later.lat_deg - earlier.lat_deg),
        earlier.lon_deg + share * (later.lon_deg - earlier.lon_deg),
    )


def track(
    connection: Connection, wearer_id: WearerId, from_at: datetime, until_at: datetime, rows_max: int
) -> tuple[list[TrackPoint], datetime | None]:
    """The wearer's places from `from_at` up to, not including, `until_at`, in order of time; and where to go on from.

    At most `rows_max` of them. A moment is never cut in two, so that what follows begins at a moment of its own.
    Positions lie by device, so each device that she ever carried is asked: its share is one piece of the table. What
    people said of her is one piece more.
    """
    held = sa.select(device_carrier.c.device_id).where(device_carrier.c.wearer_id == wearer_id)
    carried = connection.execute(sa.select(device.c.city_id, device.c.id).where(device.c.id.in_(held))).all()
    rows: list[Any] = [
        row
        for city_id, device_id in carried
        for row in _of_device(connection, city_id, device_id, wearer_id, from_at, until_at, rows_max + 1)
    ]
    told = said.on_track(connection, wearer_id, from_at, until_at, rows_max + 1)
    rows += told
    if len(carried) > 1 or told:
        rows.sort(key=_in_time)
        del rows[rows_max + 1 :]
    points = [
        TrackPoint(at, lat_deg, lon_deg, accuracy_m, _KNOWN_BY[known_by], received_at, carried_id=device_id)
        for at, lat_deg, lon_deg, accuracy_m, known_by, received_at, device_id, _ordinal in rows
    ]
    if len(points) <= rows_max:
        return points, None
    next_at = points[-1].at
    whole = [point for point in points if point.at < next_at]
    if whole:
        return whole, next_at
    return points[:-1], next_at + timedelta(microseconds=1)  # One stamp on more fixes than a page holds.


def _of_device(
    connection: Connection,
    city_id: int,
    device_id: UUID,
    wearer_id: WearerId,
    from_at: datetime,
    until_at: datetime,
    limit: int,
) -> Sequence[sa.Row[Any]]:
    """A wearer's positions by one device, in the order of the key, so that nothing is sorted."""
    one = position.c
    mine = (one.city_id == city_id) & (one.device_id == device_id) & (one.wearer_id == wearer_id)
    query = sa.select(*_ON_TRACK).where(mine, one.fix_at >= from_at, one.fix_at < until_at)
    return connection.execute(query.order_by(one.fix_at, one.ordinal).limit(limit)).all()


def _in_time(row: sa.Row[Any]) -> tuple[Any, ...]:
    return row.fix_at, row.device_id, row.ordinal


def near(
    connection: Connection,
    city_id: CityId,
    centre: Point,
    radius_m: float,
    from_at: datetime,
    until_at: datetime,
    limit: int,
) -> list[Nearby]:
    """Positions of a city within `radius_m` of a point, from `from_at` up to, not including, `until_at`, newest first.

    One scan of the index for each hour and range of cells (DESIGN section 6), then the exact distance.
    """
    found = list(_within(connection, city_id, centre, radius_m, from_at, until_at))
    found.sort(key=lambda pair: (pair[1].device_id, pair[0]))
    found.sort(key=lambda pair: pair[1].at, reverse=True)
    return [one for _, one in found[:limit]]


def newest_near(
    connection: Connection, city_id: CityId, centre: Point, radius_m: float, from_at: datetime, until_at: datetime
) -> list[Nearby]:
    """The same of wearers, and only the newest of each wearer and way in which it is known, in no order."""
    newest: dict[tuple[WearerId, KnownBy], Nearby] = {}
    for _, one in _within(connection, city_id, centre, radius_m, from_at, until_at):
        if one.wearer_id is not None:
            known = newest.get((one.wearer_id, one.known_by))
            if known is None or known.at < one.at:
                newest[one.wearer_id, one.known_by] = one
    return list(newest.values())


def _within(
    connection: Connection, city_id: CityId, centre: Point, radius_m: float, from_at: datetime, until_at: datetime
) -> Iterator[tuple[int, Nearby]]:
    """Each with its ordinal among the fixes of its device and moment."""
    rows = _AREA.rows(connection, asked_around(city_id, centre, radius_m, from_at, from_at, until_at))
    for at, device_id, wearer_id, contact_id, lat, lon, accuracy_m, known_by, received_at, ordinal in rows:
        apart_m = distance_m(centre.lat_deg, centre.lon_deg, lat, lon)
        if apart_m <= radius_m:
            how = _KNOWN_BY[known_by]
            yield ordinal, Nearby(at, device_id, wearer_id, contact_id, lat, lon, accuracy_m, how, received_at, apart_m)


def asked_around(
    city_id: CityId,
    centre: Point,
    radius_m: float,
    look_from: datetime,
    from_at: datetime,
    until_at: datetime,
    ranges_max: int = RANGES_MAX,
) -> list[tuple[Any, ...]]:
    """What to ask for, as rows of `AREA_KEY`: one for each hour from `look_from` on and range of cells."""
    ranges = joined(ranges_around(centre.lat_deg, centre.lon_deg, radius_m), ranges_max)
    hours = range(hour_of(look_from), hour_of(until_at - timedelta(microseconds=1)) + 1)
    return [(hour, *cells, city_id, look_from, from_at, until_at) for hour in hours for cells in ranges]


def forget_before(connection: Connection, before: datetime, rows_max: int) -> int:
    """Deletes positions whose fix is older, at most `rows_max`; how many. By the hour, which the area index begins
    with."""
    old = (position.c.hour <= hour_of(before)) & (position.c.fix_at < before)
    row_key = (position.c.city_id, position.c.device_id, position.c.fix_at, position.c.ordinal)
    keys = sa.select(*row_key).where(old).limit(rows_max)
    return connection.execute(sa.delete(position).where(sa.tuple_(*row_key).in_(keys))).rowcount


def forget_refused_before(connection: Connection, before: datetime, rows_max: int) -> int:
    """Deletes refused fixes received earlier, at most `rows_max`; how many."""
    return _forget(connection, refused_fix, before, rows_max)


def forget_surveys_before(connection: Connection, before: datetime, rows_max: int) -> int:
    """Deletes what was heard and received earlier, at most `rows_max`; how many."""
    return _forget(connection, survey, before, rows_max)


def _forget(connection: Connection, table: sa.Table, before: datetime, rows_max: int) -> int:
    keys = sa.select(table.c.id).where(table.c.received_at < before).limit(rows_max)
    return connection.execute(sa.delete(table).where(table.c.id.in_(keys))).rowcount


def _position(row: sa.Row[Any]) -> Position:
    values = dict(zip(_FIELDS, row, strict=True))
    values["known_by"] = _KNOWN_BY[values["known_by"]]
    return Position(**values)
