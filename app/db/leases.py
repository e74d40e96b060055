"""Leases: who of many processes may do what only one should do at a time, for a while, as rows of PostgreSQL.

A lease ends by the clock of the database, which all share, and not by `now`: the clocks of two workers may differ by
more than a lease is long. Whoever had it may still be at work when it ends, so each transaction that rests on a lease
says so (`hold`): it fails if somebody else has taken it since, and nobody takes it before that transaction is over.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection

from app.db.tables import lease

FORGOTTEN_AFTER_S = 24 * 3600
"""A row that names something nobody has claimed for so long (a process that is gone) is deleted."""


class LeaseLost(Exception):
    """Somebody else has it now: what was to be done under it must not be done."""


class Lease(Struct, frozen=True, kw_only=True):
    """What is held, under a number that nobody had before. `clean`: the one before gave it back by itself."""

    name: str
    token: int
    clean: bool


def _now() -> sa.ColumnElement[Any]:
    return sa.func.clock_timestamp()


def _until(seconds: float) -> sa.ColumnElement[Any]:
    return _now() + sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def moment(connection: Connection) -> datetime:
    """What time it is by the clock that all share."""
    now: datetime = connection.execute(sa.select(_now())).scalar_one()
    return now


def prepare(connection: Connection, names: Iterable[str]) -> None:
    """Makes the rows of these leases that are not there yet: free."""
    rows = [{"name": name} for name in names]
    connection.execute(insert(lease).values(ends_at=_now(), token=0, failures=0).on_conflict_do_nothing(), rows)


def take(connection: Connection, names: Collection[str], owner: UUID, seconds: float, limit: int) -> list[Lease]:
    """Up to `limit` of those that are free, which are the owner's from now on. Never waits for who is at work."""
    free = (
        sa.select(lease.c.name, lease.c.owner)
        .where(lease.c.name.in_(names), lease.c.ends_at <= _now())
        .order_by(lease.c.ends_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("free")
    )
    taken = (
        sa.update(lease)
        .where(lease.c.name == free.c.name)
        .values(owner=owner, token=lease.c.token + 1, ends_at=_until(seconds))
        .returning(lease.c.name, lease.c.token, free.c.owner.is_(None).label("clean"))
    )
    return [Lease(name=row.name, token=row.token, clean=row.clean) for row in connection.execute(taken)]


def hold(connection: Connection, one: Lease, seconds: float) -> None:
    """Lengthens it, and keeps it to the end of the transaction whatever becomes of the clock. Raises `LeaseLost`."""
    values = {"ends_at": _until(seconds)}
    if connection.execute(sa.update(lease).where(_is(one)).values(values)).rowcount != 1:
        raise LeaseLost


def suspect(connection: Connection, one: Lease, number: int) -> int:
    """How often `number` (what is about to be tried under the lease) was tried, this time included. Raises `LeaseLost`.

    Written before the attempt, since whoever tries it may not live to tell.
    """
    tries = sa.case((lease.c.suspect == number, lease.c.failures + 1), else_=1)
    update = sa.update(lease).where(_is(one)).values(suspect=number, failures=tries).returning(lease.c.failures)
    found: int | None = connection.execute(update).scalar_one_or_none()
    if found is None:
        raise LeaseLost
    return found


def give_back(connection: Connection, held: Collection[Lease]) -> None:
    """Frees them at once, but for those that somebody else has taken."""
    for one in held:
        connection.execute(sa.update(lease).where(_is(one)).values(owner=None, ends_at=_now()))


def announce(connection: Connection, name: str, owner: UUID, seconds: float) -> None:
    """Says that a process is there, under a name that is its own; the long forgotten are deleted."""
    ends_at = _until(seconds)
    there = insert(lease).values(name=name, owner=owner, token=0, failures=0, ends_at=ends_at)
    connection.execute(there.on_conflict_do_update(index_elements=["name"], set_={"ends_at": ends_at}))
    connection.execute(sa.delete(lease).where(lease.c.ends_at < _until(-FORGOTTEN_AFTER_S), lease.c.token == 0))


def withdraw(connection: Connection, name: str) -> None:
    """Says that a process is gone."""
    connection.execute(sa.delete(lease).where(lease.c.name == name))


def present(connection: Connection, prefix: str) -> int:
    """How many processes are there under names that begin so."""
    query = sa.select(sa.func.count()).select_from(lease)
    count: int = connection.execute(
        query.where(lease.c.name.startswith(prefix, autoescape=True), lease.c.ends_at > _now())
    ).scalar_one()
    return count


def unheld(connection: Connection, names: Collection[str], seconds: float) -> int:
    """How many of these nobody has held for so long, those that nobody ever claimed among them."""
    query = sa.select(sa.func.count()).select_from(lease)
    held = query.where(lease.c.name.in_(names), lease.c.ends_at > _until(-seconds))
    count: int = connection.execute(held).scalar_one()
    return len(names) - count


def turn(connection: Connection, name: str, owner: UUID, seconds: float) -> bool:
    """Whether it is this process's turn to do something that one should do every so many seconds."""
    return bool(take(connection, [name], owner, seconds, 1))


def _is(one: Lease) -> sa.ColumnElement[bool]:
    return sa.and_(lease.c.name == one.name, lease.c.token == one.token)
