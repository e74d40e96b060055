"""What phones say of the messages that they got: shown, opened. Such a message arrived, whatever its service said."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.kit.errors import NotFound
from app.kit.ids import MessageId
from app.push import tables
from app.push.outbox.rows import ended
from app.push.transitions import Action, states_before


class Said(StrEnum):
    """What a phone says of a message. What was opened was shown."""

    SHOWN = "shown"
    OPENED = "opened"


def is_said(connection: Connection, message_id: MessageId, what: Said) -> bool:
    """Whether this was said of a message before. Raises `NotFound` when the message is forgotten."""
    row = _row(connection, message_id, lock=False)
    return (row.delivered_at if what is Said.SHOWN else row.read_at) is not None


def receive(connection: Connection, message_id: MessageId, what: Said, at: datetime | None, now: datetime) -> None:
    """Notes that a message was shown, or opened, at `at`, and that its address answers. What is said first counts.

    One that waits to be tried again, or is being tried, ends as sent: it is not sent once more. One that was given up
    or called off stays so, and was shown all the same. `at` is by the phone's clock: a time before the message was
    made or in the future is none. Raises `NotFound` when the message is forgotten.
    """
    row = _row(connection, message_id, lock=True)
    is_new = row.delivered_at is None or (what is Said.OPENED and row.read_at is None)
    if not is_new:
        return
    said_at = at if at is not None and row.created_at <= at <= now else now
    values: dict[str, object] = {}
    if row.delivered_at is None:
        values["delivered_at"] = said_at
    if what is Said.OPENED:
        values["read_at"] = said_at
    if row.state in states_before(Action.ARRIVE):
        values |= ended(Action.ARRIVE, now) | {"error": None}
    connection.execute(sa.update(tables.message).where(tables.message.c.id == message_id).values(values))
    changed = sa.update(tables.address).where(tables.address.c.id == row.address_id)
    connection.execute(changed.values(last_receipt_at=now, unanswered_since=None))


def _row(connection: Connection, message_id: MessageId, *, lock: bool) -> Any:
    table = tables.message
    columns = (table.c.address_id, table.c.state, table.c.created_at, table.c.delivered_at, table.c.read_at)
    query = sa.select(*columns).where(table.c.id == message_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound
    return row
