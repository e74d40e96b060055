"""The queries of incidents."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec.structs import asdict
from sqlalchemy.engine import Connection

from app.accounts.tables import account
from app.db import dialect
from app.dispatch.hours import Limit
from app.dispatch.incident import IncidentState
from app.dispatch.model import Incident
from app.dispatch.tables import incident, incident_offer
from app.kit.ids import AlertId, IncidentId, UnitId, WearerId
from app.programmes.model import Starter

_OPEN = incident.c.closed_at.is_(None)


def add(connection: Connection, one: Incident) -> bool:
    """Whether the incident was opened; not when one for her is open already, of this kind (drill or not)."""
    statement = dialect.insert(connection, incident).values(**_row(one)).on_conflict_do_nothing()
    return connection.execute(statement).rowcount == 1


def by_id(connection: Connection, incident_id: IncidentId) -> Incident | None:
    """The incident."""
    row = connection.execute(sa.select(incident).where(incident.c.id == incident_id)).one_or_none()
    return None if row is None else _incident(row)


def by_ids(connection: Connection, incident_ids: Collection[UUID]) -> dict[UUID, Incident]:
    """These incidents."""
    query = sa.select(incident).where(incident.c.id.in_(list(incident_ids)))
    return {row.id: _incident(row) for row in connection.execute(query)}


def locked(connection: Connection, incident_id: IncidentId) -> Incident | None:
    """The incident; on PostgreSQL its row stays locked to the end of the transaction."""
    row = connection.execute(sa.select(incident).where(incident.c.id == incident_id).with_for_update()).one_or_none()
    return None if row is None else _incident(row)


def save(connection: Connection, before: Incident, now: Incident) -> bool:
    """Whether the incident was in the state `before` and is as `now` says."""
    mine = (incident.c.id == before.id) & (incident.c.state == before.state.value)
    return connection.execute(sa.update(incident).where(mine).values(**_row(now))).rowcount == 1


def open_of(connection: Connection, wearer_id: WearerId, *, is_drill: bool) -> Incident | None:
    """What is open for a wearer."""
    mine = (incident.c.wearer_id == wearer_id) & (incident.c.is_drill == is_drill) & _OPEN
    row = connection.execute(sa.select(incident).where(mine)).one_or_none()
    return None if row is None else _incident(row)


def open_ids_of(connection: Connection, wearer_id: WearerId) -> list[IncidentId]:
    """All that is open for a wearer, drills too."""
    query = sa.select(incident.c.id).where(incident.c.wearer_id == wearer_id, _OPEN)
    return [IncidentId(one) for one in connection.execute(query).scalars()]


def of_alert(connection: Connection, alert_id: AlertId) -> IncidentId | None:
    """The incident that was opened for an alert, the newest one."""
    query = sa.select(incident.c.id).where(incident.c.alert_id == alert_id).order_by(incident.c.id.desc()).limit(1)
    found: IncidentId | None = connection.execute(query).scalar_one_or_none()
    return found


def due(connection: Connection, now: datetime, limit: int) -> list[tuple[IncidentId, WearerId]]:
    """The incidents one of whose timers is due, the oldest first, and their wearers."""
    query = (
        sa.select(incident.c.id, incident.c.wearer_id)
        .where(_OPEN, incident.c.due_at <= now)
        .order_by(incident.c.due_at)
        .limit(limit)
    )
    return [(IncidentId(row.id), WearerId(row.wearer_id)) for row in connection.execute(query)]


def put_off(connection: Connection, incident_id: IncidentId, until: datetime) -> None:
    """Looks at an incident again then."""
    connection.execute(sa.update(incident).where(incident.c.id == incident_id).values(due_at=until))


def newest(
    connection: Connection,
    wearer_ids: Collection[UUID],
    unit_ids: Collection[UUID],
    *,
    is_open: bool | None,
    before: tuple[datetime, UUID] | None,
    count: int,
) -> list[Incident]:
    """Up to `count` incidents of these wearers, and of those that these units have or had; newest first, after the
    cursor `before` (requested_at, id).
    """
    theirs = sa.select(incident_offer.c.incident_id).where(
        incident_offer.c.unit_id.in_(list(unit_ids)), incident_offer.c.state.in_(["accepted", "returned"])
    )
    query = sa.select(incident).where(sa.or_(incident.c.wearer_id.in_(list(wearer_ids)), incident.c.id.in_(theirs)))
    if is_open is not None:
        query = query.where(_OPEN if is_open else incident.c.closed_at.is_not(None))
    if before is not None:
        at, key = before
        earlier = sa.and_(incident.c.requested_at == at, incident.c.id < key)
        query = query.where(sa.or_(incident.c.requested_at < at, earlier))
    query = query.order_by(incident.c.requested_at.desc(), incident.c.id.desc()).limit(count)
    return [_incident(row) for row in connection.execute(query)]


def had_by(connection: Connection, incident_id: IncidentId) -> list[UnitId]:
    """The units that have or had it, in order."""
    query = (
        sa.select(incident_offer.c.unit_id)
        .where(incident_offer.c.incident_id == incident_id, incident_offer.c.state.in_(["accepted", "returned"]))
        .order_by(incident_offer.c.answered_at)
    )
    return [UnitId(one) for one in connection.execute(query).scalars()]


def names_of(connection: Connection, account_ids: Collection[UUID]) -> dict[UUID, str]:
    """What these people are called."""
    query = sa.select(account.c.id, account.c.name).where(account.c.id.in_(list(account_ids)))
    return {row.id: row.name for row in connection.execute(query)}


def untimed(connection: Connection) -> int:
    """How many open incidents no timer looks at: there should be none."""
    query = sa.select(sa.func.count()).select_from(incident).where(_OPEN, incident.c.due_at.is_(None))
    return connection.execute(query).scalar_one()


def mend(connection: Connection, now: datetime) -> int:
    """Has open incidents looked at that no timer looks at; how many there were."""
    lost = sa.update(incident).where(_OPEN, incident.c.due_at.is_(None)).values(standing_at=now, due_at=now)
    return connection.execute(lost).rowcount


def _row(one: Incident) -> dict[str, Any]:
    values = asdict(one)
    limit: Limit = values.pop("limit")
    values |= {
        "state": one.state.value, "starter": one.starter.value, "unit_minutes": limit.unit_minutes,
        "cap_minutes": limit.cap_minutes, "is_automatic": limit.automatic, "due_at": one.due_at,
    }  # fmt: skip
    return values


_FIELDS: Sequence[str] = [name for name in Incident.__struct_fields__ if name not in ("limit", "state", "starter")]


def _incident(row: Any) -> Incident:
    kept = row._mapping
    return Incident(
        **{name: kept[name] for name in _FIELDS},
        state=IncidentState(row.state),
        starter=Starter(row.starter),
        limit=Limit(unit_minutes=row.unit_minutes, cap_minutes=row.cap_minutes, automatic=row.is_automatic),
    )
