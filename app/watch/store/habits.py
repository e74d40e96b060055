"""The queries of habit maps: which are due, as they are kept, changed by compare-and-set, forgotten."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.tables import city
from app.db import dialect
from app.db.types import KeyBytes
from app.households.tables import wearer
from app.kit.ids import CityId, WearerId
from app.watch.fitting import decoded
from app.watch.model import WatchState
from app.watch.movement.habits import Habits, decode, encode
from app.watch.tables import habit_map, watch_state


class DueMap(Struct, frozen=True, kw_only=True):
    """A map of which a day is to be taken in, and her state, both as they are stored, with their versions."""

    wearer_id: WearerId
    city_id: CityId
    zone: ZoneInfo
    habits: Habits
    version: int
    learnt_until: datetime
    state: WatchState
    state_version: int


class LearntMap(Struct, frozen=True, kw_only=True):
    """A map as it is to be from now on. `version` and `state_version` are those that it was made from; `habits` is None
    where nothing new was found: then only the timer is set. `late` are the days that were taken in once more.
    """

    wearer_id: WearerId
    city_id: CityId
    habits: bytes | None
    version: int
    learnt_until: datetime
    late: Sequence[int]
    state_version: int
    due_at: datetime


class NewMap(Struct, frozen=True, kw_only=True):
    """Somebody who was seen and of whom nothing is learnt yet."""

    wearer_id: WearerId
    city_id: CityId
    zone: ZoneInfo


_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_WEARER = sa.type_coerce(habit_map.c.wearer_id, KeyBytes()).label("wearer_id")
_MAPS = dialect.Lookup(
    sa.select(_WEARER, habit_map.c.version, habit_map.c.map).where(habit_map.c.wearer_id.in_(_IDS)),
    sa.Column("wearer_id", KeyBytes()),
)


def maps_of(connection: Connection, wearer_ids: Iterable[UUID]) -> dict[UUID, tuple[int, bytes]]:
    """The maps of those wearers who have one, encoded, with their versions."""
    asked = {one.bytes: one for one in wearer_ids}
    return {asked[key]: (version, kept) for key, version, kept in _MAPS.rows(connection, asked)}


def without_map(connection: Connection, limit: int) -> list[NewMap]:
    """Wearers under watch who were seen, and have no map yet."""
    mine, seen = habit_map.c.wearer_id, watch_state.c.subject_id
    query = (
        sa.select(wearer.c.id, wearer.c.city_id, city.c.zone)
        .join(watch_state, seen == wearer.c.id)
        .join(city, city.c.id == wearer.c.city_id)
        .outerjoin(habit_map, mine == wearer.c.id)
        .where(wearer.c.ended_at.is_(None), mine.is_(None))
        .limit(limit)
    )
    return [
        NewMap(wearer_id=WearerId(row.id), city_id=CityId(row.city_id), zone=ZoneInfo(row.zone))
        for row in connection.execute(query)
    ]


def add_maps(connection: Connection, rows: Sequence[tuple[NewMap, datetime]], due_at: datetime) -> None:
    """Begins an empty map for each, with the moment from which on is learnt, and one timer for all."""
    empty = encode(Habits())
    values = [
        {
            "wearer_id": one.wearer_id,
            "city_id": one.city_id,
            "map": empty,
            "version": 0,
            "learnt_until": learnt_until,
            "due_at": due_at,
        }
        for one, learnt_until in rows
    ]
    if values:
        connection.execute(dialect.insert(connection, habit_map).on_conflict_do_nothing(), values)


def due_maps(connection: Connection, now: datetime, limit: int) -> list[DueMap]:
    """The maps that are due by now, the longest due first."""
    one, seen = habit_map.c, watch_state.c
    query = (
        sa.select(
            one.wearer_id, one.city_id, one.map, one.version, one.learnt_until,
            seen.state, seen.version.label("state_version"), city.c.zone,
        )
        .join(watch_state, seen.subject_id == one.wearer_id)
        .join(city, city.c.id == one.city_id)
        .where(one.due_at <= now)
        .order_by(one.due_at)
        .limit(limit)
    )  # fmt: skip
    return [
        DueMap(
            wearer_id=WearerId(row.wearer_id),
            city_id=CityId(row.city_id),
            zone=ZoneInfo(row.zone),
            habits=decode(row.map),
            version=row.version,
            learnt_until=row.learnt_until,
            state=decoded(row.state),
            state_version=row.state_version,
        )
        for row in connection.execute(query)
    ]


def save_map(connection: Connection, one: LearntMap) -> bool:
    """Keeps a map and its timer if it is the one that it was made from; whether it was."""
    values: dict[str, Any] = {"due_at": one.due_at}
    if one.habits is not None:
        values |= {"map": one.habits, "version": one.version + 1, "learnt_until": one.learnt_until}
    mine = (habit_map.c.wearer_id == one.wearer_id) & (habit_map.c.version == one.version)
    return connection.execute(sa.update(habit_map).where(mine).values(values)).rowcount == 1


def forget_map(connection: Connection, wearer_id: WearerId) -> None:
    """Deletes what was learnt of a wearer."""
    connection.execute(sa.delete(habit_map).where(habit_map.c.wearer_id == wearer_id))
