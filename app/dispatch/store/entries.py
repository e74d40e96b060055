"""The queries of timelines. Lines are added and never changed."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec.structs import asdict
from sqlalchemy.engine import Connection

from app.db import dialect
from app.dispatch.incident import Actor
from app.dispatch.tables import incident, incident_entry
from app.dispatch.timeline import Entry, What
from app.kit.ids import EntryId, IncidentId, WearerId

PLACES = ("lat_deg", "lon_deg")


def add(connection: Connection, one: Entry) -> bool:
    """Whether the line is new; the same key again is the same line."""
    values = asdict(one) | {"what": one.what.value, "actor": one.actor.value, "detail": dict(one.detail)}
    statement = dialect.insert(connection, incident_entry).values(**values)
    return connection.execute(statement.on_conflict_do_nothing(index_elements=["incident_id", "key"])).rowcount == 1


def by_key(connection: Connection, incident_id: IncidentId, key: str) -> Entry | None:
    """The line that was sent under this name."""
    mine = (incident_entry.c.incident_id == incident_id) & (incident_entry.c.key == key)
    row = connection.execute(sa.select(incident_entry).where(mine)).one_or_none()
    return None if row is None else _entry(row)


def incident_of_key(connection: Connection, wearer_id: WearerId, key: str, since: datetime) -> IncidentId | None:
    """The incident of a wearer, begun since then, in which something was sent under this name."""
    query = (
        sa.select(incident.c.id)
        .join(incident_entry, incident_entry.c.incident_id == incident.c.id)
        .where(incident.c.wearer_id == wearer_id, incident.c.requested_at >= since, incident_entry.c.key == key)
    )
    found: IncidentId | None = connection.execute(query.limit(1)).scalar_one_or_none()
    return found


def by_id(connection: Connection, incident_id: IncidentId, entry_id: EntryId) -> Entry | None:
    """A line of this incident."""
    mine = (incident_entry.c.incident_id == incident_id) & (incident_entry.c.id == entry_id)
    row = connection.execute(sa.select(incident_entry).where(mine)).one_or_none()
    return None if row is None else _entry(row)


def of(connection: Connection, incident_id: IncidentId) -> list[Entry]:
    """The whole timeline, in the order in which it came."""
    query = sa.select(incident_entry).where(incident_entry.c.incident_id == incident_id).order_by(incident_entry.c.id)
    return [_entry(row) for row in connection.execute(query)]


def newest(connection: Connection, incident_ids: Collection[UUID], what: What) -> dict[UUID, list[Entry]]:
    """The lines of a kind of these incidents, in the order in which they came."""
    mine = incident_entry.c.incident_id.in_(list(incident_ids)) & (incident_entry.c.what == what.value)
    found: dict[UUID, list[Entry]] = {}
    for row in connection.execute(sa.select(incident_entry).where(mine).order_by(incident_entry.c.id)):
        found.setdefault(row.incident_id, []).append(_entry(row))
    return found


def forget_places_before(connection: Connection, before: datetime, limit: int) -> int:
    """Forgets where lines were that came earlier, some at a time; how many. What happened and when is kept."""
    one = incident_entry.c
    old = sa.select(one.id).where(one.received_at < before, one.lat_deg.is_not(None)).limit(limit)
    values = dict.fromkeys(PLACES)
    return connection.execute(sa.update(incident_entry).where(one.id.in_(old)).values(**values)).rowcount


def _entry(row: Any) -> Entry:
    fields = {name: row._mapping[name] for name in Entry.__struct_fields__}
    return Entry(**fields | {"what": What(row.what), "actor": Actor(row.actor)})
