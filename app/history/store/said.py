"""Places where people said that somebody was: whoever scanned her sticker and shared a place, or typed one.

They are a table of their own and no rows of `position`: those are found by the device that she carried, and a sticker
is none: nobody asks how often it reports, judges its next place by its last, or hands what it said on to somebody else.
There are a few of them a day in a town, so that the questions merge them in as they do passages, by two small indexes
and without months; what devices send never touches them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import dialect
from app.geo.measure import distance_m
from app.geo.model import Point
from app.history.model import KnownBy, Said
from app.history.tables import told_place
from app.kit.ids import CityId, WearerId

_ONE = told_place.c
_OTHER = told_place.alias("other")
_WHOLE = [_ONE[name] for name in Said.__struct_fields__]

ON_TRACK: tuple[sa.ColumnElement[Any], ...] = (
    _ONE.at.label("fix_at"), _ONE.lat_deg, _ONE.lon_deg, _ONE.accuracy_m, _ONE.known_by, _ONE.received_at,
    _ONE.source_id.label("device_id"), sa.literal_column("0").label("ordinal"),
)  # fmt: skip
"""The columns of a position on a track."""


def keep(connection: Connection, said: Said) -> bool:
    """Keeps a place. Whether it is new: what one source says of one moment is kept once."""
    values = {name: getattr(said, name) for name in Said.__struct_fields__}
    insert = dialect.insert(connection, told_place).values(**values | {"known_by": said.known_by.value})
    return connection.execute(insert.on_conflict_do_nothing()).rowcount == 1


def on_track(
    connection: Connection, wearer_id: WearerId, from_at: datetime, until_at: datetime, limit: int
) -> Sequence[sa.Row[Any]]:
    """Her places from `from_at` up to, not including, `until_at`, as the rows of her positions, in order of time."""
    mine = (_ONE.wearer_id == wearer_id) & (_ONE.at >= from_at) & (_ONE.at < until_at)
    return connection.execute(sa.select(*ON_TRACK).where(mine).order_by(_ONE.at, _ONE.source_id).limit(limit)).all()


def last_of_wearers(connection: Connection, wearer_ids: Iterable[WearerId]) -> dict[WearerId, Said]:
    """The newest of each wearer, by the time at which she was there."""
    newest = sa.select(_OTHER.c.at).where(_OTHER.c.wearer_id == _ONE.wearer_id).order_by(_OTHER.c.at.desc()).limit(1)
    mine = _ONE.wearer_id.in_(list(wearer_ids)) & (_ONE.at == newest.correlate(told_place).scalar_subquery())
    query = sa.select(*_WHOLE).where(mine).order_by(_ONE.received_at, _ONE.source_id)
    return {WearerId(row.wearer_id): _said(row) for row in connection.execute(query)}


def newest_near(
    connection: Connection, city_id: CityId, centre: Point, radius_m: float, from_at: datetime, until_at: datetime
) -> list[tuple[Said, float]]:
    """The newest of each wearer of a city and way in which it is known within `radius_m` of a point, from `from_at` up
    to, not including, `until_at`, with the distance in metres.
    """
    within = (_ONE.at >= from_at) & (_ONE.at < until_at) & (_ONE.city_id == city_id)
    newest: dict[tuple[WearerId, KnownBy], tuple[Said, float]] = {}
    for row in connection.execute(sa.select(*_WHOLE).where(within).order_by(_ONE.at)):
        apart_m = distance_m(centre.lat_deg, centre.lon_deg, row.lat_deg, row.lon_deg)
        if apart_m <= radius_m:
            one = _said(row)
            newest[one.wearer_id, one.known_by] = one, apart_m
    return list(newest.values())


def forget_before(connection: Connection, before: datetime, rows_max: int) -> int:
    """Deletes places of earlier moments, at most `rows_max`; how many."""
    keys = sa.select(_ONE.source_id, _ONE.at).where(_ONE.at < before).limit(rows_max)
    return connection.execute(sa.delete(told_place).where(sa.tuple_(_ONE.source_id, _ONE.at).in_(keys))).rowcount


def _said(row: sa.Row[Any]) -> Said:
    return Said(**row._asdict() | {"known_by": KnownBy(row.known_by)})
