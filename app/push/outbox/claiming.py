"""What is due is claimed by one process, for a while."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db.locks import one_at_a_time
from app.kit.ids import AddressId, CityId, MessageId
from app.push import tables
from app.push.model import ALL, Address, AddressKind, Channel, Level, Message, MessageState, Part
from app.push.outbox import pacing
from app.push.outbox.rows import CLAIM_S, RANK, ended, lock_name, pending, possible, record
from app.push.retry import Delivery, Outcome
from app.push.transitions import Action, state_after

CLAIMED_MAX = timedelta(seconds=2 * CLAIM_S)
"""A claim that seems to hold for longer is of a process whose clock is wrong."""
LATE = timedelta(minutes=1)
"""What has waited for longer than this is not told beside something newer about the same."""
LIMIT = 100
LOOKS_MAX = 10
"""How many pages of hopeless messages one claim clears away before it gives up until the next time."""
QUERIES_MAX = 100
"""How many questions are kept, one for each part of a channel."""
PLACED_MAX = 1000
"""How many messages one claim lets into the queue at most, that were held or of which an older process wrote less."""

Moment = datetime | sa.BindParameter[datetime]


def claim(
    connection: Connection, channel: Channel, now: datetime, limit: int = LIMIT, *, skip: int = 0, part: Part = ALL
) -> list[Message]:
    """The messages to send over (a part of) a channel now, urgent first and then the older first, however often each
    was tried. Until `CLAIM_S` from now nobody else gets them.

    What has no hope is ended here, with a delivery row that says why: too late, its address dead, or overtaken by
    something newer about the same, that was sent or goes out now instead of what is late. Two messages to one address
    about the same never go out side by side, since which of them arrived last would be chance; the second waits for
    the next claim. Of those of the first level `skip` are passed over, in a circle: who asks again and again with one
    message asks with another one each time.

    What is more than its address should get (`push/throttle.py`) is held until there is room, and what waited of
    one wearer's passages comes as one message.
    """
    _place(connection)
    _release(connection, channel, now)
    if not _due(
        connection, channel, part, now, 1
    ):  # Whoever is past the next line holds the others up until the commit.
        return []
    one_at_a_time(connection, lock_name(channel))
    page = max(limit, LIMIT)
    going: list[sa.Row[Any]] = []
    for _ in range(LOOKS_MAX):
        due = _due(connection, channel, part, now, page)
        hopeless = {reason: [row for row in due if _hopeless(row, now) is reason] for reason in _HOPELESS_ENDS}
        for reason, rows in hopeless.items():
            _give_up(connection, rows, reason, now)
        hopeful = [row for row in due if _hopeless(row, now) is None]
        first = {(row.address_id, row.about): row for row in reversed(hopeful)}
        chosen = [row for row in hopeful if first[row.address_id, row.about] is row]
        start = skip % sum(row.rank == chosen[0].rank for row in chosen) if chosen else 0
        going, held = pacing.sort_out(connection, chosen[start:], limit, now)
        if going or (len(due) < page and not held):
            break
    return pacing.bundle(connection, _take(connection, channel, going, now), now)


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


def oldest_due_at(connection: Connection, channel: Channel | None = None, part: Part = ALL) -> datetime | None:
    """When the message that waits longest, over this (part of a) channel or any, was due; None when nothing waits. What
    is held until later does not wait.

    What watches over the outbox compares it with now.
    """
    mine = () if channel is None else (tables.message.c.channel == channel.value,)
    if part != ALL:
        addresses = sa.select(tables.address.c.id).where(*_within(part))
        mine = (*mine, tables.message.c.address_id.in_(addresses))
    query = sa.select(sa.func.min(tables.message.c.due_at)).where(pending(), tables.message.c.not_before.is_(None))
    oldest: datetime | None = connection.execute(query.where(*mine)).scalar_one()
    return oldest


def _place(connection: Connection) -> None:
    """Fills in where messages belong that a process of a version before 0008 put; what it is sending right now is left
    to it.
    """
    table, address = tables.message, tables.address
    query = sa.select(table.c.id).where(pending(), table.c.channel.is_(None)).limit(PLACED_MAX)
    ids = connection.execute(query.with_for_update(skip_locked=True)).scalars().all()
    if ids:
        channel = sa.select(address.c.channel).where(address.c.id == table.c.address_id).scalar_subquery()
        rank = sa.case(RANK, value=table.c.level, else_=len(RANK))
        connection.execute(sa.update(table).where(table.c.id.in_(ids)).values(channel=channel, rank=rank))


def _release(connection: Connection, channel: Channel, now: datetime) -> None:
    """Lets messages into the queue that were held until now; from then on they are due."""
    table = tables.message
    is_over = (pending(), table.c.channel == channel.value, table.c.not_before <= now)
    query = sa.select(table.c.id).where(*is_over).limit(PLACED_MAX).with_for_update(skip_locked=True)
    ids = connection.execute(query).scalars().all()
    if ids:
        changed = sa.update(table).where(table.c.id.in_(ids), table.c.not_before <= now)
        connection.execute(changed.values(due_at=table.c.not_before, not_before=None))


def _within(part: Part) -> list[sa.ColumnElement[bool]]:
    value = tables.address.c.value
    begins = [value.startswith(part.prefix, autoescape=True)] if part.prefix else []
    return begins + [~value.startswith(other, autoescape=True) for other in part.others]


def _free(now: Moment, claimed_max: Moment) -> sa.ColumnElement[bool]:
    """Also what is claimed for longer than anybody does: by a clock that was ahead of ours."""
    table = tables.message
    over = sa.or_(table.c.claimed_until <= now, table.c.claimed_until > claimed_max)
    return sa.or_(table.c.state == MessageState.WAITING.value, over)


def _is_due(now: Moment) -> sa.ColumnElement[bool]:
    """What was never tried is due at once, whatever the clock said that it was put here by."""
    return sa.or_(tables.message.c.due_at <= now, tables.message.c.attempts == 0)


def _due(connection: Connection, channel: Channel, part: Part, now: datetime, limit: int) -> Sequence[sa.Row[Any]]:
    """What can be claimed over (a part of) a channel, with its address and whether something newer about the same went
    there, or goes.
    """
    moments = {"now": now, "claimed_max": now + CLAIMED_MAX, "late": now - LATE}
    return connection.execute(_due_query(channel, part), moments | {"page": limit}).all()


@lru_cache(QUERIES_MAX)
def _due_query(channel: Channel, part: Part) -> sa.Select[Any]:
    """The question of `_due`. Every desk asks it several times a second, and to put it into words took longer than to
    ask it.
    """
    table, address, newer = tables.message, tables.address, tables.message.alias("newer")
    moment = table.c.due_at.type
    now, claimed_max, late = (sa.bindparam(name, type_=moment) for name in ("now", "claimed_max", "late"))
    # After an outage an alert that was told many times rings once. News are not told again: each of them counts.
    goes = sa.and_(
        newer.c.state == MessageState.WAITING.value,
        newer.c.not_before.is_(None),
        table.c.rank < RANK[Level.NEWS.value],
        newer.c.rank <= table.c.rank,
        newer.c.expires_at > now,
        table.c.created_at <= late,
    )
    overtaken = sa.exists().where(
        newer.c.about == table.c.about,
        newer.c.address_id == table.c.address_id,
        sa.or_(newer.c.state == MessageState.SENT.value, goes),
        sa.or_(
            newer.c.created_at > table.c.created_at,
            sa.and_(newer.c.created_at == table.c.created_at, newer.c.id > table.c.id),
        ),
    )
    # The offset keeps PostgreSQL from making a join of it, for which it would look for all that is being sent.
    sending = sa.select(newer.c.id).where(
        newer.c.about == table.c.about,
        newer.c.address_id == table.c.address_id,
        newer.c.state == MessageState.SENDING.value,
        newer.c.claimed_until > now,
        newer.c.claimed_until <= claimed_max,
        newer.c.id != table.c.id,
    )
    free = _free(now, claimed_max)
    return (
        sa.select(
            table,
            address.c.kind.label("address_kind"),
            address.c.value,
            address.c.language,
            address.c.last_seen_at,
            address.c["keys"].label("address_keys"),
            address.c.confirmed_at,
            address.c.dead_since,
            address.c.shows_details,
            overtaken.label("overtaken"),
        )
        .join(address, address.c.id == table.c.address_id)
        .where(~sending.offset(0).correlate(table).exists())
        .where(pending(), table.c.not_before.is_(None), table.c.channel == channel.value, _is_due(now), free)
        .where(*_within(part))
        .order_by(table.c.rank, table.c.created_at, table.c.id)
        .limit(sa.bindparam("page", type_=sa.Integer()))
    )


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


def _take(connection: Connection, channel: Channel, rows: Sequence[sa.Row[Any]], now: datetime) -> list[Message]:
    """Moves rows to `sending` by compare-and-set; the messages that were really got."""
    if not rows:
        return []
    table = tables.message
    changed = (
        sa.update(table)
        .where(table.c.id.in_([row.id for row in rows]), possible(Action.CLAIM), _free(now, now + CLAIMED_MAX))
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
    return [_message(row, channel) for row in rows if row.id in got]


def _message(row: sa.Row[Any], channel: Channel) -> Message:
    """The message of a row of `_due`, as it is once claimed."""
    return Message(
        id=MessageId(row.id),
        city_id=CityId(row.city_id),
        address=Address(
            id=AddressId(row.address_id),
            channel=channel,
            kind=AddressKind(row.address_kind),
            value=row.value,
            language=row.language,
            last_seen_at=row.last_seen_at,
            keys=row.address_keys or {},
            confirmed_at=row.confirmed_at,
            dead_since=row.dead_since,
            shows_details=bool(row.shows_details),
        ),
        kind=row.kind,
        level=Level(row.level),
        about=row.about,
        params=row.params,
        created_at=row.created_at,
        due_at=row.due_at,
        expires_at=row.expires_at,
        attempts=row.attempts + 1,
    )
