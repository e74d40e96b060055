"""What the people who run the service see of what went wrong: units that could not be digested, and rules that
failed.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.auth import May
from app.accounts.permissions import Action
from app.db import units
from app.db.engine import Database
from app.db.errors import plain
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.db.session import savepoint
from app.db.units import DeadLetter
from app.kit.clock import Clock
from app.pipeline import digest
from app.watch.tables import watch_failure


class Replayed(Struct, frozen=True, kw_only=True):
    """What became of a replay: `error` is null when the unit was digested."""

    id: UUID
    error: str | None


class WatchFailure(Struct, frozen=True, kw_only=True):
    """A rule that threw. Its wearer's places were stored, and the other rules spoke."""

    id: UUID
    watch: str
    at: datetime
    error: str


@get(
    "/v1/dead-letters",
    guards=[May(Action.OPERATION)],
    tags=["operations"],
    operation_id="list_dead_letters",
    summary="Units that could not be digested",
)
async def list_dead_letters(
    database: NamedDependency[Database],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[DeadLetter]:
    """What devices sent, was acknowledged and could not be digested, newest first. For administrators."""
    before = decode_cursor(cursor, tuple[datetime, UUID])
    found = await database.read(lambda c: units.dead_letters(c, None, limit + 1, before))
    return page(found, limit, lambda one: (one.received_at, one.id))


@post(
    "/v1/dead-letters/{letter_id:uuid}/replay",
    guards=[May(Action.OPERATION)],
    tags=["operations"],
    operation_id="replay_dead_letter",
    summary="Try to digest a unit again",
    status_code=200,
)
async def replay_dead_letter(
    letter_id: FromPath[UUID], database: NamedDependency[Database], clock: NamedDependency[Clock]
) -> Replayed:
    """Digests the unit as if it arrived now, with its own times; 404 when it was replayed already."""
    now = clock()
    return await database.write(lambda c: _replay(c, letter_id, now))


def _replay(connection: Connection, letter_id: UUID, now: datetime) -> Replayed:
    """The outcome of one replay; a failure keeps the letter, with the new error."""
    unit = units.exhume(connection, letter_id, None)
    error = None
    try:
        with savepoint(connection):
            units.note(connection, unit)  # One that an older version could not read was not noted.
            digest(connection, [unit], now, again=True)
    except Exception as failure:  # Whatever it still is that cannot be digested is what the operator asked to see.
        error = plain(failure)
    units.replayed(connection, letter_id, error, now)
    return Replayed(id=letter_id, error=error)


@get(
    "/v1/watch-failures",
    guards=[May(Action.OPERATION)],
    tags=["operations"],
    operation_id="list_watch_failures",
    summary="Rules that failed",
)
async def list_watch_failures(
    database: NamedDependency[Database],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[WatchFailure]:
    """Rules that threw instead of judging, newest first. For administrators."""
    before = decode_cursor(cursor, tuple[datetime, UUID])
    found = await database.read(lambda c: _failures(c, before, limit + 1))
    return page(found, limit, lambda one: (one.at, one.id))


def _failures(connection: Connection, before: tuple[datetime, UUID] | None, limit: int) -> list[WatchFailure]:
    table = watch_failure
    query = sa.select(table).order_by(table.c.at.desc(), table.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(units.is_before(table.c.at, table.c.id, before))
    return [WatchFailure(id=row.id, watch=row.watch, at=row.at, error=row.error) for row in connection.execute(query)]


ROUTES = [list_dead_letters, replay_dead_letter, list_watch_failures]
