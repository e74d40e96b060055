"""The queries of who is on duty, what units are out for, and which are free."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.model import Role
from app.accounts.tables import account
from app.db import dialect
from app.dispatch.nearest import Free
from app.dispatch.store.units import unit_of
from app.dispatch.tables import company, crew, unit, unit_duty, unit_place, unit_task
from app.dispatch.units import CREW_NEEDED, Spell, Task, UnitPlace
from app.kit.ids import AccountId, CityId, CompanyId, IncidentId, TaskId, UnitId, new_id

_ON = unit_duty.c.until_at.is_(None)
_OUT = unit_task.c.freed_at.is_(None)


def begin(connection: Connection, unit_id: UnitId, account_id: AccountId, by: AccountId, now: datetime) -> bool:
    """Whether somebody is on duty in the unit from now on; not while they are on duty anywhere."""
    values = {"id": new_id(), "unit_id": unit_id, "account_id": account_id, "from_at": now, "from_by": by}
    statement = dialect.insert(connection, unit_duty).values(**values).on_conflict_do_nothing()
    return connection.execute(statement).rowcount == 1


def end(connection: Connection, unit_id: UnitId, account_id: AccountId, by: AccountId, now: datetime) -> bool:
    """Whether somebody was on duty in the unit and is not any more. When nobody of it is, its place is forgotten."""
    mine = (unit_duty.c.unit_id == unit_id) & (unit_duty.c.account_id == account_id) & _ON
    ended = connection.execute(sa.update(unit_duty).where(mine).values(until_at=now, until_by=by)).rowcount == 1
    if ended:
        others = sa.exists().where(unit_duty.c.unit_id == unit_id, _ON)
        gone = (unit_place.c.unit_id == unit_id) & sa.or_(unit_place.c.account_id == account_id, ~others)
        connection.execute(sa.delete(unit_place).where(gone))
    return ended


def spell_of(connection: Connection, account_id: AccountId) -> Spell | None:
    """Where somebody is on duty, and since when."""
    found = spells(connection, account_ids=[account_id])
    return found[0] if found else None


def spells(
    connection: Connection,
    *,
    unit_ids: Collection[UnitId] | None = None,
    account_ids: Collection[AccountId] | None = None,
) -> list[Spell]:
    """Who is on duty in these units, or which of these people are, the longest first."""
    query = sa.select(unit_duty).where(_ON)
    if unit_ids is not None:
        query = query.where(unit_duty.c.unit_id.in_(list(unit_ids)))
    if account_ids is not None:
        query = query.where(unit_duty.c.account_id.in_(list(account_ids)))
    return [_spell(row) for row in connection.execute(query.order_by(unit_duty.c.id))]


def spells_since(connection: Connection, account_id: AccountId, since: datetime) -> list[Spell]:
    """When and where somebody was on duty since then, those that go on too."""
    mine = (unit_duty.c.account_id == account_id) & sa.or_(_ON, unit_duty.c.until_at > since)
    return [_spell(row) for row in connection.execute(sa.select(unit_duty).where(mine).order_by(unit_duty.c.id))]


def guards_on(connection: Connection, unit_id: UnitId) -> list[AccountId]:
    """Those on duty in a unit who are guards of its company still, whose accounts have not ended."""
    query = _counting().join(unit, unit.c.id == unit_duty.c.unit_id).where(unit.c.id == unit_id)
    return [AccountId(one) for one in connection.execute(query.order_by(unit_duty.c.id)).scalars()]


def guards_of(connection: Connection, unit_ids: Collection[UnitId]) -> dict[UnitId, list[AccountId]]:
    """As `guards_on` for many units; one with nobody is absent."""
    query = (
        _counting()
        .with_only_columns(unit_duty.c.unit_id, unit_duty.c.account_id)
        .where(unit_duty.c.unit_id.in_(list(unit_ids)))
        .order_by(unit_duty.c.id)
    )
    found: dict[UnitId, list[AccountId]] = {}
    for row in connection.execute(query):
        found.setdefault(UnitId(row.unit_id), []).append(AccountId(row.account_id))
    return found


def take(
    connection: Connection, unit_id: UnitId, incident_id: IncidentId, check_due_at: datetime | None, now: datetime
) -> bool:
    """Whether the unit is out for the incident from now on; not while it is out."""
    values = {
        "id": new_id(), "unit_id": unit_id, "incident_id": incident_id, "taken_at": now,
        "check_due_at": check_due_at, "check_stage": None if check_due_at is None else "well",
    }  # fmt: skip
    statement = dialect.insert(connection, unit_task).values(**values).on_conflict_do_nothing()
    return connection.execute(statement).rowcount == 1


def free(connection: Connection, unit_id: UnitId, incident_id: IncidentId, now: datetime) -> bool:
    """Whether the unit was out for the incident and is free now."""
    mine = (unit_task.c.unit_id == unit_id) & (unit_task.c.incident_id == incident_id) & _OUT
    values = {"freed_at": now, "check_due_at": None}
    return connection.execute(sa.update(unit_task).where(mine).values(**values)).rowcount == 1


def task_of(connection: Connection, unit_id: UnitId) -> Task | None:
    """What a unit is out for."""
    return tasks(connection, [unit_id]).get(unit_id)


def tasks(connection: Connection, unit_ids: Collection[UnitId]) -> dict[UnitId, Task]:
    """What these units are out for; of those that are free, nothing."""
    query = sa.select(unit_task).where(unit_task.c.unit_id.in_(list(unit_ids)), _OUT)
    return {UnitId(row.unit_id): _task(row) for row in connection.execute(query)}


def tasks_since(connection: Connection, unit_ids: Collection[UnitId], since: datetime) -> list[Task]:
    """What these units are or were out for since then, in order."""
    mine = unit_task.c.unit_id.in_(list(unit_ids)) & sa.or_(_OUT, unit_task.c.freed_at > since)
    return [_task(row) for row in connection.execute(sa.select(unit_task).where(mine).order_by(unit_task.c.id))]


def free_units(connection: Connection, city_id: CityId, companies: Collection[CompanyId] = ()) -> list[Free]:
    """The units of a city, or of these companies in it, that are complete and not out, with their newest places. One
    query, made once.
    """
    rows = connection.execute(_FREE, {"city": city_id})
    found = ((unit_of(row), row) for row in rows if row.people and (not companies or row.company_id in companies))
    return [
        Free(unit=one, company_name=row.company_name, place=None if row.at is None else _place(row))
        for one, row in found
        if row.people >= CREW_NEEDED[one.kind]
    ]


def put_place(connection: Connection, unit_id: UnitId, account_id: AccountId, one: UnitPlace) -> bool:
    """Whether this is the newest place of the unit, which is kept instead of the one before."""
    values = {
        "account_id": account_id, "at": one.at, "received_at": one.received_at, "lat_deg": one.lat_deg,
        "lon_deg": one.lon_deg, "accuracy_m": one.accuracy_m,
    }  # fmt: skip
    statement = dialect.insert(connection, unit_place).values(unit_id=unit_id, **values)
    newer = statement.on_conflict_do_update(
        index_elements=["unit_id"], set_=values, where=unit_place.c.at < statement.excluded.at
    )
    return connection.execute(newer).rowcount == 1


def places(connection: Connection, unit_ids: Collection[UnitId]) -> dict[UnitId, UnitPlace]:
    """Where these units were last; of whom nothing is known, nothing."""
    query = sa.select(unit_place).where(unit_place.c.unit_id.in_(list(unit_ids)))
    return {UnitId(row.unit_id): _place(row) for row in connection.execute(query)}


def _counting() -> sa.Select[Any]:
    """Those on duty who count: guards of the unit's company still, whose accounts have not ended. For a query of units,
    of each by itself: a database that has no statistics yet finds them by their indexes all the same.
    """
    return (
        sa.select(unit_duty.c.account_id)
        .join(crew, crew.c.account_id == unit_duty.c.account_id)
        .join(account, account.c.id == unit_duty.c.account_id)
        .where(unit_duty.c.unit_id == unit.c.id, _ON, crew.c.company_id == unit.c.company_id)
        .where(account.c.disabled_at.is_(None), account.c.role == Role.GUARD.value)
    )


_PEOPLE = _counting().with_only_columns(sa.func.count()).correlate(unit).scalar_subquery()
_FREE = (
    sa.select(
        unit, company.c.name.label("company_name"), _PEOPLE.label("people"), unit_place.c.at, unit_place.c.received_at,
        unit_place.c.lat_deg, unit_place.c.lon_deg, unit_place.c.accuracy_m,
    )
    .join(company, company.c.id == unit.c.company_id)
    .outerjoin(unit_place, unit_place.c.unit_id == unit.c.id)
    .where(unit.c.city_id == sa.bindparam("city"), unit.c.ended_at.is_(None), company.c.ended_at.is_(None))
    .where(~sa.exists().where(unit_task.c.unit_id == unit.c.id, _OUT))
)  # fmt: skip


def _place(row: Any) -> UnitPlace:
    return UnitPlace(
        at=row.at, received_at=row.received_at, lat_deg=row.lat_deg, lon_deg=row.lon_deg, accuracy_m=row.accuracy_m
    )


def _spell(row: Any) -> Spell:
    return Spell(
        unit_id=UnitId(row.unit_id),
        account_id=AccountId(row.account_id),
        from_at=row.from_at,
        until_at=row.until_at,
    )


def _task(row: Any) -> Task:
    return Task(
        id=TaskId(row.id),
        unit_id=UnitId(row.unit_id),
        incident_id=IncidentId(row.incident_id),
        taken_at=row.taken_at,
        freed_at=row.freed_at,
    )
