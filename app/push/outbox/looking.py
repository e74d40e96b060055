"""What became of messages, for those who are told and those who had them told."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.kit.ids import AddressId, MessageId
from app.push import tables
from app.push.fate import Sent, fate, why
from app.push.model import Channel, Level, MessageState
from app.push.retry import Outcome
from app.push.store import KNOWN


def made(connection: Connection, unique_keys: Collection[str]) -> dict[str, tuple[MessageId, datetime]]:
    """Those of the names that are messages: the id of each, and when it was put."""
    table = tables.message
    query = sa.select(table.c.unique_key, table.c.id, table.c.created_at).where(table.c.unique_key.in_(unique_keys))
    return {row.unique_key: (MessageId(row.id), row.created_at) for row in connection.execute(query)}


def became(connection: Connection, message_id: MessageId) -> Sent | None:
    """What became of one message; None when it is forgotten."""
    return next(iter(_sent(connection, tables.message.c.id == message_id)), None)


def became_about(connection: Connection, about: str, before: tuple[datetime, UUID] | None, limit: int) -> list[Sent]:
    """What became of the messages about something, the newest first, after the cursor `before` (created_at, id)."""
    table = tables.message
    which = table.c.about == about
    if before is not None:
        at, key = before
        older = sa.and_(table.c.created_at == at, table.c.id < key)
        which &= sa.or_(table.c.created_at < at, older)
    return _sent(connection, which, limit)


def _sent(connection: Connection, which: sa.ColumnElement[bool], limit: int = 1) -> list[Sent]:
    """Those of a channel that only a newer version knows are left to it."""
    table, address = tables.message, tables.address
    query = (
        sa.select(table, address.c.channel.label("address_channel"))
        .join(address, address.c.id == table.c.address_id)
        .where(which, address.c.channel.in_(KNOWN))
        .order_by(table.c.created_at.desc(), table.c.id.desc())
        .limit(limit)
    )
    rows = connection.execute(query).all()
    last = _last_outcomes(connection, [row.id for row in rows])
    found = []
    for row in rows:
        state = MessageState(row.state)
        known = fate(state, row.delivered_at, row.read_at)
        one = Sent(
            id=MessageId(row.id),
            address_id=AddressId(row.address_id),
            channel=Channel(row.address_channel),
            kind=row.kind,
            level=Level(row.level),
            about=row.about,
            fate=known,
            created_at=row.created_at,
            sent_at=row.ended_at if state is MessageState.SENT else None,
            shown_at=row.delivered_at,
            opened_at=row.read_at,
            why=why(known, last.get(row.id)),
        )
        found.append(one)
    return found


def _last_outcomes(connection: Connection, message_ids: Collection[UUID]) -> dict[UUID, Outcome]:
    table = tables.delivery
    query = sa.select(table.c.message_id, table.c.outcome).where(table.c.message_id.in_(message_ids))
    return {row.message_id: Outcome(row.outcome) for row in connection.execute(query.order_by(table.c.id))}
