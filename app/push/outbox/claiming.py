"""What is due is claimed by one process, for a while."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db.locks import one_at_a_time
from app.kit.ids import AddressId, CityId, MessageId
from app.push import tables
from app.push.model import Address, AddressKind, Channel, Level, Message, MessageState
from app.push.outbox.rows import CLAIM_S, RANK, ended, pending, possible, record
from app.push.retry import Delivery, Outcome
from app.push.transitions import Action, state_after

CLAIMED_MAX = timedelta(seconds=2 * CLAIM_S)
"""A claim that seems to hold for longer is of a process whose clock is wrong."""
LIMIT = 100
LOOKS_MAX = 10
"""How many pages of hopeless messages one claim clears away before it gives up until the next time."""


def claim(connection: Connection, now: datetime, limit: int = LIMIT) -> list[Message]:
    """The messages to send now, urgent first and then by when they were due. Until `CLAIM_S` from now nobody else
    gets them.

    What has no hope is ended here, with a delivery row that says why: too late, its address dead, or overtaken by
    something newer about the same. Two messages to one address about the same never go out side by side, since
    which of them arrived last would be chance; the second waits for the next claim.
    """
    if not _due(connection, now, 1):  # Whoever is past the next line holds the others up until the commit.
        return []
    one_at_a_time(connection, "outbox")
    hopeful: list[sa.Row[Any]] = []
    for _ in range(LOOKS_MAX):
        due = _due(connection, now, limit)
        hopeless = {reason: [row for row in due if _hopeless(row, now) is reason] for reason in _HOPELESS_ENDS}
        for reason, rows in hopeless.items():
            _give_up(connection, rows, reason, now)
        hopeful = [row for row in due if _hopeless(row, now) is None]
        if hopeful or len(due) < limit:
            break
    first = {(row.address_id, row.about): row for row in reversed(hopeful)}
    return _take(connection, [row for row in hopeful if first[row.address_id, row.about] is row], now)


def wanted(connection: Connection, messages: Sequence[Message]) -> frozenset[MessageId]:
    """Which of the claimed messages are still to be sent under this very claim: not cancelled, not taken over by
    another process.
    """
    table = tables.message
    query = sa.select(table.c.id, table.c.attempts).where(
        table.c.id.in_([message.id for message in messages]), table.c.state == MessageState.SENDING.value
    )
    attempts = {row.id: row.attempts for row in connection.execute(query)}
    return frozenset(message.id for message in messages if attempts.get(message.id) == message.attempts)


def oldest_due_at(connection: Connection) -> datetime | None:
    """When the message that waits longest was due; None when nothing waits.

    What watches over the outbox compares it with now.
    """
    query = sa.select(sa.func.min(tables.message.c.due_at)).where(pending())
    oldest: datetime | None = connection.execute(query).scalar_one()
    return oldest


def _free(now: datetime) -> sa.ColumnElement[bool]:
    """Also what is claimed for longer than anybody does: by a clock that was ahead of ours."""
    table = tables.message
    over = sa.or_(table.c.claimed_until <= now, table.c.claimed_until > now + CLAIMED_MAX)
    return sa.or_(table.c.state == MessageState.WAITING.value, over)


def _is_due(now: datetime) -> sa.ColumnElement[bool]:
    """What was never tried is due at once, whatever the clock said that it was put here by."""
    return sa.or_(tables.message.c.due_at <= now, tables.message.c.attempts == 0)


def _due(connection: Connection, now: datetime, limit: int) -> Sequence[sa.Row[Any]]:
    """What can be claimed, with its address and whether something newer about the same was sent to it."""
    table, address, newer = tables.message, tables.address, tables.message.alias("newer")
    overtaken = sa.exists().where(
        newer.c.about == table.c.about,
        newer.c.address_id == table.c.address_id,
        newer.c.state == MessageState.SENT.value,
        sa.or_(
            newer.c.created_at > table.c.created_at,
            sa.and_(newer.c.created_at == table.c.created_at, newer.c.id > table.c.id),
        ),
    )
    on_its_way = sa.exists().where(
        newer.c.about == table.c.about,
        newer.c.address_id == table.c.address_id,
        newer.c.state == MessageState.SENDING.value,
        newer.c.claimed_until > now,
        newer.c.claimed_until <= now + CLAIMED_MAX,
        newer.c.id != table.c.id,
    )
    query = (
        sa.select(
            table,
            address.c.channel,
            address.c.kind.label("address_kind"),
            address.c.value,
            address.c.language,
            address.c.last_seen_at,
            address.c.dead_since,
            overtaken.label("overtaken"),
        )
        .join(address, address.c.id == table.c.address_id)
        .where(~on_its_way)
        # A row for a channel that this version does not know is left to the newer one that put it there.
        .where(pending(), _is_due(now), _free(now), address.c.channel.in_([known.value for known in Channel]))
        .order_by(sa.case(RANK, value=table.c.level, else_=len(RANK)), table.c.due_at, table.c.id)
        .limit(limit)
    )
    return connection.execute(query).all()


_HOPELESS_ENDS: Mapping[Outcome, Action] = {
    Outcome.TOO_LATE: Action.FAIL,
    Outcome.ADDRESS_DEAD: Action.FAIL,
    Outcome.OVERTAKEN: Action.CANCEL,
}


def _hopeless(row: sa.Row[Any], now: datetime) -> Outcome | None:
    if row.overtaken:
        return Outcome.OVERTAKEN
    if row.dead_since is not None:
        return Outcome.ADDRESS_DEAD
    return Outcome.TOO_LATE if row.expires_at <= now else None


def _give_up(connection: Connection, rows: Sequence[sa.Row[Any]], reason: Outcome, now: datetime) -> None:
    ids = [row.id for row in rows]
    if not ids:
        return
    action = _HOPELESS_ENDS[reason]
    changed = sa.update(tables.message).where(tables.message.c.id.in_(ids), possible(action))
    connection.execute(changed.values(**ended(action, now), error=reason.value))
    record(connection, [(row.id, row.attempts, Delivery(outcome=reason, error=row.error)) for row in rows], now)


def _take(connection: Connection, rows: Sequence[sa.Row[Any]], now: datetime) -> list[Message]:
    """Moves rows to `sending` by compare-and-set; the messages that were really got."""
    if not rows:
        return []
    table = tables.message
    changed = (
        sa.update(table)
        .where(table.c.id.in_([row.id for row in rows]), possible(Action.CLAIM), _free(now))
        .values(
            state=state_after(Action.CLAIM).value,
            claimed_until=now + timedelta(seconds=CLAIM_S),
            attempts=table.c.attempts + 1,
        )
        .returning(table.c.id)
    )
    got = set(connection.execute(changed).scalars())
    # The attempt that never came back is history too: nobody knows whether it arrived.
    lost = Delivery(outcome=Outcome.UNKNOWN, error="the process ended while sending")
    left = [row for row in rows if row.id in got and row.state == MessageState.SENDING.value]
    record(connection, [(row.id, row.attempts, lost) for row in left], now)
    return [_message(row) for row in rows if row.id in got]


def _message(row: sa.Row[Any]) -> Message:
    """The message of a row of `_due`, as it is once claimed."""
    return Message(
        id=MessageId(row.id),
        city_id=CityId(row.city_id),
        address=Address(
            id=AddressId(row.address_id),
            channel=Channel(row.channel),
            kind=AddressKind(row.address_kind),
            value=row.value,
            language=row.language,
            last_seen_at=row.last_seen_at,
            dead_since=row.dead_since,
        ),
        kind=row.kind,
        level=Level(row.level),
        about=row.about,
        params=row.params,
        created_at=row.created_at,
        expires_at=row.expires_at,
        attempts=row.attempts + 1,
    )
