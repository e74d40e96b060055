"""Closing runs: how far each is, and what it could not bill."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.billing.model import Gap, Run, RunState
from app.billing.tables import closing, closing_gap, issuer
from app.db import dialect
from app.kit.ids import CityId, WearerId

_GOING = closing.c.state != RunState.CLOSED.value


def add(connection: Connection, one: Run) -> bool:
    """Whether the run was begun; not when one for the month goes on, or the round is there."""
    values = {name: getattr(one, name) for name in one.__struct_fields__ if name != "gaps"}
    values["state"] = one.state.value
    return (
        connection.execute(dialect.insert(connection, closing).values(**values).on_conflict_do_nothing()).rowcount == 1
    )


def one(connection: Connection, run_id: UUID) -> Run | None:
    """The run of that id."""
    row = connection.execute(_select().where(closing.c.id == run_id)).one_or_none()
    return None if row is None else _run(row)


def locked(connection: Connection, run_id: UUID) -> Run | None:
    """The run; until the end of the transaction no other process takes a step of it."""
    row = connection.execute(sa.select(closing).where(closing.c.id == run_id).with_for_update()).one_or_none()
    return None if row is None else _run(row)


def going(connection: Connection, city_id: CityId | None = None, month: str | None = None) -> Run | None:
    """The oldest run that is not closed, of any city and month or of these."""
    query = _select().where(_GOING).order_by(closing.c.started_at, closing.c.id).limit(1)
    if city_id is not None:
        query = query.where(closing.c.city_id == city_id)
    if month is not None:
        query = query.where(closing.c.month == month)
    row = connection.execute(query).one_or_none()
    return None if row is None else _run(row)


def last(connection: Connection, city_id: CityId, month: str) -> Run | None:
    """The run of the highest round of a month."""
    query = _select().where(closing.c.city_id == city_id, closing.c.month == month)
    row = connection.execute(query.order_by(closing.c.round.desc()).limit(1)).one_or_none()
    return None if row is None else _run(row)


def newest(connection: Connection, city_id: CityId, before: tuple[str, int] | None, count: int) -> list[Run]:
    """Up to `count` runs of a city, newest month and highest round first, after the cursor (month, round)."""
    query = _select().where(closing.c.city_id == city_id)
    if before is not None:
        month, number = before
        older = sa.and_(closing.c.month == month, closing.c.round < number)
        query = query.where(sa.or_(closing.c.month < month, older))
    query = query.order_by(closing.c.month.desc(), closing.c.round.desc()).limit(count)
    return [_run(row) for row in connection.execute(query)]


def months_of(connection: Connection, city_id: CityId, since: str) -> list[str]:
    """The months from that one on which are closed and of which no run goes on."""
    query = sa.select(closing.c.month).where(closing.c.city_id == city_id, closing.c.month >= since)
    query = query.group_by(closing.c.month).having(sa.func.min(sa.case((_GOING, 0), else_=1)) == 1)
    return sorted(connection.execute(query).scalars())


def cities_without(connection: Connection, month: str) -> list[CityId]:
    """The cities with issuers of which no run for a month was begun."""
    begun = sa.select(closing.c.id).where(closing.c.city_id == issuer.c.city_id, closing.c.month == month)
    query = sa.select(issuer.c.city_id).where(~begun.exists()).distinct().order_by(issuer.c.city_id)
    return list(connection.execute(query).scalars())


def step(connection: Connection, run_id: UUID, after: WearerId | None, wearers: int, state: RunState) -> None:
    """Notes how far the run is: past that wearer, so many more of them."""
    values: dict[str, Any] = {"wearers": closing.c.wearers + wearers, "state": state.value}
    if after is not None:
        values["after"] = after
    connection.execute(sa.update(closing).where(closing.c.id == run_id).values(values))


def close(connection: Connection, run_id: UUID, now: datetime) -> None:
    """Notes that everything of the run is issued."""
    values = {"state": RunState.CLOSED.value, "closed_at": now}
    connection.execute(sa.update(closing).where(closing.c.id == run_id).values(values))


def add_gaps(connection: Connection, run_id: UUID, gaps: Sequence[Gap]) -> None:
    """Keeps what could not be billed."""
    rows = [
        {"closing_id": run_id, "contract_id": gap.contract_id, "wearer_id": gap.wearer_id, "why": list(gap.why)}
        for gap in gaps
    ]
    if rows:
        connection.execute(sa.insert(closing_gap), rows)


def gaps_of(connection: Connection, run_id: UUID, after: UUID | None, count: int) -> list[Gap]:
    """Up to `count` contracts that a run could not bill, by id, after one."""
    query = sa.select(closing_gap).where(closing_gap.c.closing_id == run_id).order_by(closing_gap.c.contract_id)
    if after is not None:
        query = query.where(closing_gap.c.contract_id > after)
    return [
        Gap(contract_id=row.contract_id, wearer_id=row.wearer_id, why=tuple(row.why))
        for row in connection.execute(query.limit(count))
    ]


def waiting(connection: Connection, city_id: CityId, month: str, after: WearerId | None, count: int) -> list[WearerId]:
    """Up to `count` wearers of whom a run of the month could not bill something, by id, after one."""
    query = sa.select(closing_gap.c.wearer_id).join(closing, closing.c.id == closing_gap.c.closing_id)
    query = query.where(closing.c.city_id == city_id, closing.c.month == month)
    if after is not None:
        query = query.where(closing_gap.c.wearer_id > after)
    return list(connection.execute(query.distinct().order_by(closing_gap.c.wearer_id).limit(count)).scalars())


def _select() -> sa.Select[Any]:
    gaps = sa.select(sa.func.count()).where(closing_gap.c.closing_id == closing.c.id).scalar_subquery()
    return sa.select(closing, gaps.label("gaps"))


def _run(row: sa.Row[Any]) -> Run:
    return Run(
        id=row.id, city_id=row.city_id, month=row.month, round=row.round, state=RunState(row.state), since=row.since,
        after=row.after, wearers=row.wearers, started_at=row.started_at, started_by=row.started_by,
        closed_at=row.closed_at, gaps=getattr(row, "gaps", 0),
    )  # fmt: skip
