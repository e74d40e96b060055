"""The queries of where units went, who looked, who is planned, and whether all is well with those who are out."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.tables import account
from app.alerts.policies import Calendar
from app.db import dialect
from app.dispatch.checks import Stage, Turn
from app.dispatch.places import Kept
from app.dispatch.tables import rota, unit, unit_duty, unit_look, unit_place, unit_task, unit_trail
from app.dispatch.units import Planned
from app.kit.ids import AccountId, CityId, CompanyId, IncidentId, RotaId, TaskId, UnitId

WINDOW = timedelta(minutes=10)
"""A second look within the same ten minutes of the clock is the first one still."""
ROWS_MAX = 2_000
"""Of a table, forgotten in one turn."""


class Look(Struct, frozen=True, kw_only=True):
    """Somebody looked where a unit is."""

    unit_id: UnitId
    account_id: AccountId
    viewer_name: str
    at: datetime


class Due(Struct, frozen=True, kw_only=True):
    """A unit that is out, and of which nobody has said in time that all is well."""

    task_id: TaskId
    unit_id: UnitId
    incident_id: IncidentId
    stage: Stage
    due_at: datetime
    checked_at: datetime
    """When one did last, or when it went out."""


def add_trail(connection: Connection, account_id: AccountId, kept: Sequence[Kept], now: datetime) -> None:
    """Keeps the places that belong to what a unit was out for; the same place again changes nothing."""
    rows = [
        {
            "task_id": one.task_id, "account_id": account_id, "at": one.told.at, "received_at": now,
            "lat_deg": one.told.lat_deg, "lon_deg": one.told.lon_deg, "accuracy_m": one.told.accuracy_m,
        }
        for one in kept
        if one.task_id is not None
    ]  # fmt: skip
    if rows:
        connection.execute(dialect.insert(connection, unit_trail).on_conflict_do_nothing(), rows)


def add_look(connection: Connection, unit_id: UnitId, account_id: AccountId, now: datetime) -> None:
    """Notes that somebody looks where a unit is."""
    slot_at = now - timedelta(seconds=now.timestamp() % WINDOW.total_seconds())
    row = {"unit_id": unit_id, "account_id": account_id, "slot_at": slot_at.replace(microsecond=0), "at": now}
    connection.execute(dialect.insert(connection, unit_look).values(**row).on_conflict_do_nothing())


def looks_at(
    connection: Connection, account_id: AccountId, before: tuple[datetime, UUID] | None, count: int
) -> list[Look]:
    """Up to `count` looks at the units in which somebody was on duty then, newest first, after the cursor (moment,
    account).
    """
    his = sa.exists().where(
        unit_duty.c.unit_id == unit_look.c.unit_id,
        unit_duty.c.account_id == account_id,
        unit_duty.c.from_at <= unit_look.c.at,
        sa.or_(unit_duty.c.until_at.is_(None), unit_duty.c.until_at >= unit_look.c.at),
    )
    query = (
        sa.select(unit_look, account.c.name)
        .join(account, account.c.id == unit_look.c.account_id)
        .where(his)
        .order_by(unit_look.c.at.desc(), unit_look.c.account_id.desc())
        .limit(count)
    )
    if before is not None:
        at, viewer_id = before
        same = (unit_look.c.at == at) & (unit_look.c.account_id < viewer_id)
        query = query.where(sa.or_(unit_look.c.at < at, same))
    return [
        Look(unit_id=UnitId(row.unit_id), account_id=AccountId(row.account_id), viewer_name=row.name, at=row.at)
        for row in connection.execute(query)
    ]


def due_checks(connection: Connection, now: datetime, count: int) -> list[Due]:
    """Up to `count` units whose time is over, the longest first."""
    query = (
        sa.select(unit_task)
        .where(unit_task.c.check_due_at <= now, unit_task.c.freed_at.is_(None))
        .order_by(unit_task.c.check_due_at)
        .limit(count)
    )
    return [_due(row) for row in connection.execute(query)]


def turn_check(connection: Connection, due: Due, turn: Turn) -> bool:
    """Whether this process is the one that goes on from there: nobody has checked in or been told meanwhile."""
    mine = (unit_task.c.id == due.task_id) & (unit_task.c.check_due_at == due.due_at) & unit_task.c.freed_at.is_(None)
    values = {"check_stage": turn.stage.value, "check_due_at": turn.due_at}
    return connection.execute(sa.update(unit_task).where(mine).values(**values)).rowcount == 1


def check(connection: Connection, unit_id: UnitId) -> Due | None:
    """When somebody of a unit that is out must say next that all is well; None where nobody asks."""
    mine = (unit_task.c.unit_id == unit_id) & unit_task.c.freed_at.is_(None) & unit_task.c.check_due_at.is_not(None)
    row = connection.execute(sa.select(unit_task).where(mine)).one_or_none()
    return None if row is None else _due(row)


def check_in(connection: Connection, task_id: TaskId, turn: Turn, now: datetime) -> bool:
    """Whether the unit still is out; all is well with it."""
    mine = (unit_task.c.id == task_id) & unit_task.c.freed_at.is_(None)
    values = {"check_stage": turn.stage.value, "check_due_at": turn.due_at, "checked_at": now}
    return connection.execute(sa.update(unit_task).where(mine).values(**values)).rowcount == 1


def add_planned(
    connection: Connection, city_id: CityId, one: Planned, hours: Calendar, by: AccountId, now: datetime
) -> None:
    """Adds hours to the rota."""
    values = msgspec.structs.asdict(one) | {
        "city_id": city_id, "hours": msgspec.to_builtins(hours), "created_at": now, "created_by": by
    }  # fmt: skip
    connection.execute(sa.insert(rota).values(**values))


def planned(
    connection: Connection,
    city_id: CityId | None,
    company_id: CompanyId | None,
    *,
    account_id: AccountId | None = None,
    rota_id: RotaId | None = None,
) -> list[tuple[Planned, Calendar]]:
    """The rota of a city (None: of all), of a company, of somebody, or one row of it: oldest first; without what
    belongs to units that have ended.
    """
    query = sa.select(rota).join(unit, unit.c.id == rota.c.unit_id)
    query = query.where(rota.c.ended_at.is_(None), unit.c.ended_at.is_(None))
    for column, wanted in (
        (rota.c.city_id, city_id),
        (unit.c.company_id, company_id),
        (rota.c.account_id, account_id),
        (rota.c.id, rota_id),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    return [
        (
            Planned(
                id=RotaId(row.id),
                unit_id=UnitId(row.unit_id),
                account_id=AccountId(row.account_id),
                from_on=row.from_on,
                until_on=row.until_on,
            ),
            msgspec.convert(row.hours, Calendar, strict=False),
        )
        for row in connection.execute(query.order_by(rota.c.id))
    ]


def end_planned(connection: Connection, rota_id: RotaId, now: datetime) -> bool:
    """Whether the hours were on the rota and are not any more."""
    mine = (rota.c.id == rota_id) & rota.c.ended_at.is_(None)
    return connection.execute(sa.update(rota).where(mine).values(ended_at=now)).rowcount == 1


def names_of(connection: Connection, account_ids: Collection[UUID]) -> dict[AccountId, str]:
    """What these people are called."""
    query = sa.select(account.c.id, account.c.name).where(account.c.id.in_(list(account_ids)))
    return {AccountId(row.id): row.name for row in connection.execute(query)}


def forget_places(connection: Connection, before: datetime, newest_before: datetime) -> None:
    """Deletes trails and looks of before that, and newest places that are older than they may be; some of them."""
    for table, column, moment in (
        (unit_trail, unit_trail.c.received_at, before),
        (unit_look, unit_look.c.at, before),
        (unit_place, unit_place.c.received_at, newest_before),
    ):
        key = sa.tuple_(*table.primary_key.columns)
        oldest = sa.select(*table.primary_key.columns).where(column < moment).limit(ROWS_MAX)
        connection.execute(sa.delete(table).where(key.in_(oldest)))


def forgotten_spells(connection: Connection, before: datetime, count: int) -> list[tuple[UnitId, AccountId]]:
    """Up to `count` of those who have been on duty since before that and whose unit is not out: they forgot to say
    that it is over.
    """
    out = sa.exists().where(unit_task.c.unit_id == unit_duty.c.unit_id, unit_task.c.freed_at.is_(None))
    query = (
        sa.select(unit_duty.c.unit_id, unit_duty.c.account_id)
        .where(unit_duty.c.until_at.is_(None), unit_duty.c.from_at < before, ~out)
        .order_by(unit_duty.c.from_at)
        .limit(count)
    )
    return [(UnitId(row.unit_id), AccountId(row.account_id)) for row in connection.execute(query)]


def _due(row: Any) -> Due:
    return Due(
        task_id=TaskId(row.id),
        unit_id=UnitId(row.unit_id),
        incident_id=IncidentId(row.incident_id),
        stage=Stage(row.check_stage),
        due_at=row.check_due_at,
        checked_at=row.checked_at or row.taken_at,
    )
