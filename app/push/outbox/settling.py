"""What became of claimed messages is written down, and what was claimed and not sent is given back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.db.locks import one_at_a_time
from app.db.session import hint
from app.push import tables
from app.push.model import Message, MessageState
from app.push.outbox.rows import CLAIM_S, ended, lock_name, record, short
from app.push.retry import Delivery, Outcome, RetryDecision
from app.push.transitions import Action, state_after


class Settlement(Struct, frozen=True, kw_only=True):
    """What became of a claimed message, and the decision to try again, if any."""

    message: Message
    delivery: Delivery
    retry: RetryDecision | None = None


def give_back(connection: Connection, messages: Sequence[Message], claimed_at: datetime) -> None:
    """Lets others have what was claimed at `claimed_at` and never handed to a channel; what is no longer held by that
    very claim stays as it is. The number of the claim is used up, so that nobody else's is mistaken for it.
    """
    for channel in sorted({message.address.channel for message in messages}):
        one_at_a_time(connection, lock_name(channel))  # Else who takes over what ran out and we could wait in a circle.
    table = tables.message
    changed = sa.update(table).where(
        table.c.id == sa.bindparam("of"),
        table.c.attempts == sa.bindparam("in_attempt"),
        table.c.claimed_until == claimed_at + timedelta(seconds=CLAIM_S),
        table.c.state == MessageState.SENDING.value,  # Not `possible`: its list cannot be sent for many rows at once.
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
        values = {"of": one.message.id, "in_attempt": one.message.attempts, "new_error": short(one.delivery.error)}
        if one.delivery.outcome is Outcome.SENT:
            moves[Action.SUCCEED].append(values)
        elif one.retry is not None:
            moves[Action.PUT_OFF].append({**values, "new_due_at": one.retry.due_at})
        else:
            moves[Action.FAIL].append({**values, "new_error": short(one.delivery.error or one.delivery.outcome.value)})
    for action, rows in moves.items():
        if rows:
            connection.execute(_move(action, now), rows)
    record(connection, [(one.message.id, one.message.attempts, one.delivery) for one in settlements], now)


def forget_before(connection: Connection, before: datetime, rows_max: int) -> int:
    """Deletes messages that ended earlier, with what was delivered of them, among the `rows_max` oldest; how many. Keys
    sort by the time they were made, so no others are read.
    """
    table = tables.message
    oldest = sa.select(table.c.id, table.c.ended_at).order_by(table.c.id).limit(rows_max).subquery()
    ids = connection.execute(sa.select(oldest.c.id).where(oldest.c.ended_at < before)).scalars().all()
    if ids:
        connection.execute(sa.delete(tables.delivery).where(tables.delivery.c.message_id.in_(ids)))
        connection.execute(sa.delete(table).where(table.c.id.in_(ids)))
    return len(ids)


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
    return changed.values(**ended(action, now), error=error)
