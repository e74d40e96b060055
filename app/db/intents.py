"""Intent rows: what must happen further down the stream, written in the transaction that decided it.

A room never calls a room that uses its results. It writes an intent; `jobs.py` carries it out at once and again until
it is done, so a kill between "decided" and "done" loses nothing. The key makes asking twice harmless.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.db import dialect, tables
from app.db.session import hint
from app.kit.ids import new_id

RETRY_DELAY_S = 30
RETRY_DELAY_S_MAX = 3600


class Intent(Struct, frozen=True, kw_only=True):
    """Something decided and not yet done."""

    id: UUID
    kind: str
    payload: Mapping[str, Any]
    attempts: int


def intend(connection: Connection, kind: str, unique_key: str, payload: Mapping[str, Any], due_at: datetime) -> None:
    """Notes that `kind` must happen at `due_at`; the same `unique_key` twice is one intent."""
    row = {"id": new_id(), "kind": kind, "unique_key": unique_key, "payload": dict(payload), "due_at": due_at}
    connection.execute(dialect.insert(connection, tables.intent).on_conflict_do_nothing(), [row])
    hint(connection, "intent")


def due(connection: Connection, now: datetime, limit: int = 100) -> list[Intent]:
    """The intents that are due and that nobody else is carrying out, oldest first."""
    table = tables.intent
    query = (
        sa.select(table.c.id, table.c.kind, table.c.payload, table.c.attempts)
        .where(table.c.done_at.is_(None), table.c.due_at <= now)
        .order_by(table.c.due_at, table.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [
        Intent(id=row.id, kind=row.kind, payload=row.payload, attempts=row.attempts)
        for row in connection.execute(query)
    ]


def done(connection: Connection, intent_id: UUID, now: datetime) -> None:
    """Marks one as carried out; belongs in the transaction that did it."""
    connection.execute(sa.update(tables.intent).where(tables.intent.c.id == intent_id).values(done_at=now, error=None))


def failed(connection: Connection, one: Intent, error: str, now: datetime) -> None:
    """Puts one off, longer each time up to an hour, and keeps what went wrong."""
    delay = timedelta(seconds=min(RETRY_DELAY_S * 2**one.attempts, RETRY_DELAY_S_MAX))
    values = {"attempts": one.attempts + 1, "due_at": now + delay, "error": error}
    connection.execute(sa.update(tables.intent).where(tables.intent.c.id == one.id).values(values))
