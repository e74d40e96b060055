"""The only way out of the house: messages are put here in the transaction that decided them, claimed, and settled
with what became of them.

A message is never sent from inside a transaction. It is claimed first (committed), then sent, then settled; a
process that dies in between lets go of its claim after `CLAIM_S`, and the message is sent again. One that lives and
could not send gives it back. So everything is told at least once, and what comes twice is one on the phone, because
both carry the same `about`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.db import dialect
from app.db.locks import one_at_a_time
from app.db.session import hint
from app.kit.ids import AddressId, CityId, MessageId, new_id
from app.push import tables
from app.push.model import Address, AddressKind, Channel, Level, Message, MessageState
from app.push.retry import Delivery, Outcome, RetryDecision
from app.push.transitions import Action, state_after, states_before

CLAIM_S = 30
"""How long a claim holds.

Sending must be over before, see `deliver.SEND_S_MAX`; after a kill this is the longest wait.
"""
CLAIMED_MAX = timedelta(seconds=2 * CLAIM_S)
"""A claim that seems to hold for longer is of a process whose clock is wrong."""
LIMIT = 100
LOOKS_MAX = 10
"""How many pages of hopeless messages one claim clears away before it gives up until the next time."""
ERROR_LENGTH_MAX = 200
RANK = {Level.URGENT.value: 0, Level.NOTICE.value: 1, Level.NEWS.value: 2}


class Settlement(Struct, frozen=True, kw_only=True):
    """What became of a claimed message, and the decision to try again, if any."""

    message: Message
    delivery: Delivery
    retry: RetryDecision | None = None


class Note(Struct, frozen=True, kw_only=True):
    """Something to be told to one address. `unique_key` names it for ever, `about` is what it is called on phones."""

    city_id: CityId
    address_id: AddressId
    unique_key: str
    kind: str
    level: Level
    about: str
    params: Mapping[str, str]
    expires_at: datetime


_PUT = dialect.Rows(
    tables.message,
    (
        "id", "city_id", "address_id", "unique_key", "kind", "level", "about", "params", "state", "created_at",
        "due_at", "expires_at",
    ),
    lambda insert: insert.on_conflict_do_nothing(index_elements=["unique_key"]),
)  # fmt: skip


def put(
    connection: Connection,
    *,
    city_id: CityId,
    address_id: AddressId,
    unique_key: str,
    kind: str,
    level: Level,
    about: str,
    params: Mapping[str, str],
    now: datetime,
    expires_at: datetime,
) -> bool:
    """Notes that something must be told to one address; whether it is new.

    The same `unique_key` twice is one message.
    """
    note = Note(
        city_id=city_id, address_id=address_id, unique_key=unique_key, kind=kind, level=level, about=about,
        params=params, expires_at=expires_at,
    )  # fmt: skip
    return put_all(connection, [note], now) == 1


def put_all(connection: Connection, notes: Sequence[Note], now: datetime) -> int:
    """How many of these were new. The same `unique_key` twice is one message."""
    waiting = MessageState.WAITING.value
    rows = [
        (
            new_id(), note.city_id, note.address_id, note.unique_key, note.kind, note.level.value, note.about,
            dict(note.params), waiting, now, now, note.expires_at,
        )
        for note in notes
    ]  # fmt: skip
    added = _PUT.insert(connection, rows)
    if added:
        hint(connection, "outbox")
    return added


def cancel(
    connection: Connection, about: str, now: datetime, spare: Collection[AddressId] = (), *, below: bool = False
) -> int:
    """How many messages about this will not be sent any more, but for those to the addresses `spare`. `below`: all
    whose name goes on from this one after a colon.

    What is on its way right now may still arrive.
    """
    table = tables.message
    # ";" comes right after ":", so this is one range of the index (in an order of bytes, which names of ours are in).
    mine = [table.c.about > f"{about}:", table.c.about < f"{about};"] if below else [table.c.about == about]
    changed = sa.update(table).where(*mine, _possible(Action.CANCEL))
    if spare:
        changed = changed.where(table.c.address_id.not_in(spare))
    return connection.execute(changed.values(_ended(Action.CANCEL, now))).rowcount


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


def give_back(connection: Connection, messages: Sequence[Message], claimed_at: datetime) -> None:
    """Lets others have what was claimed at `claimed_at` and never handed to a channel; what is no longer held by that
    very claim stays as it is. The number of the claim is used up, so that nobody else's is mistaken for it.
    """
    one_at_a_time(connection, "outbox")  # Else whoever takes over what ran out and we could wait for each other.
    table = tables.message
    changed = sa.update(table).where(
        table.c.id == sa.bindparam("of"),
        table.c.attempts == sa.bindparam("in_attempt"),
        table.c.claimed_until == claimed_at + timedelta(seconds=CLAIM_S),
        _possible(Action.GIVE_BACK),
    )
    rows = [{"of": message.id, "in_attempt": message.attempts} for message in messages]
    if not rows:
        return
    # It was due then, whatever the clock said that it was put here by.
    was_due_at = sa.literal(claimed_at, table.c.due_at.type)
    due_at = sa.case((table.c.due_at > was_due_at, was_due_at), else_=table.c.due_at)
    state = state_after(Action.GIVE_BACK).value
    connection.execute(changed.values(state=state, due_at=due_at, claimed_until=None), rows)
    hint(connection, "outbox")


def settle(connection: Connection, settlements: Sequence[Settlement], now: datetime) -> None:
    """Writes what became of claimed messages: sent, due again later, or failed; and a delivery row each.

    A message that was cancelled meanwhile, or claimed by another process after this claim had run out, keeps its
    state; the delivery row is written all the same.
    """
    moves: dict[Action, list[dict[str, object]]] = {Action.SUCCEED: [], Action.PUT_OFF: [], Action.FAIL: []}
    for one in settlements:
        values = {"of": one.message.id, "in_attempt": one.message.attempts, "new_error": _short(one.delivery.error)}
        if one.delivery.outcome is Outcome.SENT:
            moves[Action.SUCCEED].append(values)
        elif one.retry is not None:
            moves[Action.PUT_OFF].append({**values, "new_due_at": one.retry.due_at})
        else:
            moves[Action.FAIL].append({**values, "new_error": _short(one.delivery.error or one.delivery.outcome.value)})
    for action, rows in moves.items():
        if rows:
            connection.execute(_move(action, now), rows)
    _record(connection, [(one.message.id, one.message.attempts, one.delivery) for one in settlements], now)


def oldest_due_at(connection: Connection) -> datetime | None:
    """When the message that waits longest was due; None when nothing waits.

    What watches over the outbox compares it with now.
    """
    query = sa.select(sa.func.min(tables.message.c.due_at)).where(_pending())
    oldest: datetime | None = connection.execute(query).scalar_one()
    return oldest


def _possible(action: Action) -> sa.ColumnElement[bool]:
    return tables.message.c.state.in_([state.value for state in states_before(action)])


def _pending() -> sa.ColumnElement[bool]:
    """Waiting or sending, spelled out in the SQL: a planner sees that the partial index holds these only if they are
    no parameters.
    """
    states = [state.value for state in states_before(Action.CLAIM)]
    return tables.message.c.state.in_(sa.bindparam("pending", states, expanding=True, literal_execute=True))


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
        .where(_pending(), _is_due(now), _free(now), address.c.channel.in_([known.value for known in Channel]))
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
    changed = sa.update(tables.message).where(tables.message.c.id.in_(ids), _possible(action))
    connection.execute(changed.values(**_ended(action, now), error=reason.value))
    _record(connection, [(row.id, row.attempts, Delivery(outcome=reason, error=row.error)) for row in rows], now)


def _take(connection: Connection, rows: Sequence[sa.Row[Any]], now: datetime) -> list[Message]:
    """Moves rows to `sending` by compare-and-set; the messages that were really got."""
    if not rows:
        return []
    table = tables.message
    changed = (
        sa.update(table)
        .where(table.c.id.in_([row.id for row in rows]), _possible(Action.CLAIM), _free(now))
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
    _record(connection, [(row.id, row.attempts, lost) for row in left], now)
    return [_message(row) for row in rows if row.id in got]


def _move(action: Action, now: datetime) -> sa.Update:
    """An UPDATE for many: only of the claim that was made (`attempts` counts claims), and only where the table of
    transitions lets it.
    """
    table = tables.message
    changed = sa.update(table).where(
        table.c.id == sa.bindparam("of"),
        table.c.attempts == sa.bindparam("in_attempt"),
        table.c.state == MessageState.SENDING.value,
    )
    error = sa.bindparam("new_error", type_=sa.String)
    if action is Action.PUT_OFF:
        due_at = sa.bindparam("new_due_at", type_=table.c.due_at.type)
        state = state_after(action).value
        return changed.values(state=state, due_at=due_at, claimed_until=None, error=error)
    return changed.values(**_ended(action, now), error=error)


def _ended(action: Action, now: datetime) -> dict[str, object]:
    return {"state": state_after(action).value, "ended_at": now, "claimed_until": None}


def _record(connection: Connection, deliveries: Sequence[tuple[UUID, int, Delivery]], now: datetime) -> None:
    rows = [
        {
            "id": new_id(),
            "message_id": message_id,
            "attempt": attempt,
            "at": now,
            "outcome": delivery.outcome.value,
            "provider_id": _short(delivery.provider_id),
            "error": _short(delivery.error),
        }
        for message_id, attempt, delivery in deliveries
    ]
    if rows:
        connection.execute(sa.insert(tables.delivery), rows)


def _short(text: str | None) -> str | None:
    return text if text is None else text[:ERROR_LENGTH_MAX]


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
