"""What was last heard of detectors, and how much they heard in each hour."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import dialect
from app.geo.cells import hour_of
from app.kit.ids import DetectorId
from app.tags.model import DetectorHealth
from app.tags.tables import detector_health, detector_hour
from app.tags.words import VALUES, Heard

_COUNTS = ("sightings", "strangers")


def save(connection: Connection, heard: Mapping[UUID, Heard]) -> None:
    """Keeps what was heard of these detectors: one statement, and one more when any of them heard anybody.

    Only the columns that one of them says something about are sent: a heartbeat says little.
    """
    if not heard:
        return
    told = tuple(name for name in VALUES if any(name in one.values for one in heard.values()))
    rows = [
        [
            detector_id, one.heard_at, one.hearing_at, *(one.values.get(name) for name in told), one.sightings,
            one.strangers,
        ]
        for detector_id, one in heard.items()
    ]  # fmt: skip
    _prepared(told).insert(connection, rows)
    hours = [(key, hour, *counts) for key, one in heard.items() for hour, counts in one.hours.items()]
    _hours().insert(connection, hours)


def of(connection: Connection, detector_ids: Collection[UUID]) -> dict[UUID, DetectorHealth]:
    """How each of these detectors is, of those that were ever heard."""
    rows = connection.execute(sa.select(detector_health).where(detector_health.c.detector_id.in_(detector_ids)))
    return {row.detector_id: health_of(row) for row in rows}


def hours(
    connection: Connection, detector_id: DetectorId, from_at: datetime, until_at: datetime
) -> list[tuple[int, int, int]]:
    """(hour, sightings, strangers) of the hours in which it heard anybody, that begin in the span or hold its
    beginning, in order.
    """
    table = detector_hour
    query = sa.select(table.c.hour, table.c.sightings, table.c.strangers).order_by(table.c.hour)
    begun = table.c.hour.between(hour_of(from_at), hour_of(until_at - timedelta(microseconds=1)))
    return [
        (row.hour, row.sightings, row.strangers)
        for row in connection.execute(query.where(table.c.detector_id == detector_id, begun))
    ]


def forget_hours_before(connection: Connection, before: datetime, rows_max: int) -> int:
    """Deletes counts of hours that were over by then, at most `rows_max`; how many."""
    table = detector_hour
    row_key = (table.c.detector_id, table.c.hour)
    keys = sa.select(*row_key).where(table.c.hour < hour_of(before)).limit(rows_max)
    return connection.execute(sa.delete(table).where(sa.tuple_(*row_key).in_(keys))).rowcount


def health_of(row: Any) -> DetectorHealth:
    """A row that holds the columns of `detector_health`."""
    return DetectorHealth(**{name: getattr(row, name) for name in DetectorHealth.__struct_fields__})


@cache
def _prepared(told: tuple[str, ...]) -> dialect.Rows:
    """The upsert of these values, made once."""
    columns = ("detector_id", "heard_at", "hearing_at", *told, *_COUNTS)
    return dialect.Rows(detector_health, columns, partial(_newest_wins, told))


@cache
def _hours() -> dialect.Rows:
    return dialect.Rows(detector_hour, ("detector_id", "hour", *_COUNTS), _added)


def _newest_wins(told: tuple[str, ...], insert: Any) -> Any:
    """Of being heard, the last time; of each value, what was said last; counts are added.

    There is one moment for all values, so a unit that comes late only fills in what nobody has told yet.
    """
    said, kept = insert.excluded, detector_health.c
    newer = said.heard_at >= kept.heard_at
    changes: dict[str, Any] = {
        "heard_at": sa.case((newer, said.heard_at), else_=kept.heard_at),
        "hearing_at": sa.case(
            (said.hearing_at.is_(None), kept.hearing_at),
            (kept.hearing_at > said.hearing_at, kept.hearing_at),
            else_=said.hearing_at,
        ),
    }
    for name in told:
        late = sa.func.coalesce(kept[name], said[name])
        changes[name] = sa.case((newer, sa.func.coalesce(said[name], kept[name])), else_=late)
    changes |= {name: kept[name] + said[name] for name in _COUNTS}
    return insert.on_conflict_do_update(index_elements=["detector_id"], set_=changes)


def _added(insert: Any) -> Any:
    said, kept = insert.excluded, detector_hour.c
    changes = {name: kept[name] + said[name] for name in _COUNTS}
    return insert.on_conflict_do_update(index_elements=["detector_id", "hour"], set_=changes)
