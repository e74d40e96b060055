"""What the outbox's files share: how a row of a message moves, and what is written of each attempt."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.kit.ids import new_id
from app.push import tables
from app.push.model import Channel, Level
from app.push.retry import Delivery
from app.push.transitions import Action, state_after, states_before

CLAIM_S = 30
"""How long a claim holds.

Sending must be over before, see `deliver.SEND_S_MAX`; after a kill this is the longest wait.
"""
ERROR_LENGTH_MAX = 200
RANK = {Level.URGENT.value: 0, Level.NOTICE.value: 1, Level.NEWS.value: 2}
"""What goes first, by level."""


def lock_name(channel: Channel) -> str:
    """What those wait for in turn who claim, or give back, messages of a channel."""
    return f"outbox:{channel.value}"


def possible(action: Action) -> sa.ColumnElement[bool]:
    """Whether the state of a row lets the action happen."""
    return tables.message.c.state.in_([state.value for state in states_before(action)])


def pending() -> sa.ColumnElement[bool]:
    """Waiting or sending, spelled out in the SQL: a planner sees that the partial index holds these only if they are
    no parameters.
    """
    states = [state.value for state in states_before(Action.CLAIM)]
    return tables.message.c.state.in_(sa.bindparam("pending", states, expanding=True, literal_execute=True))


def ended(action: Action, now: datetime) -> dict[str, object]:
    """The values of a row that this action ends."""
    return {"state": state_after(action).value, "ended_at": now, "claimed_until": None}


def record(connection: Connection, deliveries: Sequence[tuple[UUID, int, Delivery]], now: datetime) -> None:
    """Writes a delivery row each: of which message, in which attempt, what became of it."""
    rows = [
        {
            "id": new_id(),
            "message_id": message_id,
            "attempt": attempt,
            "at": now,
            "outcome": delivery.outcome.value,
            "provider_id": short(delivery.provider_id),
            "error": short(delivery.error),
        }
        for message_id, attempt, delivery in deliveries
    ]
    if rows:
        connection.execute(sa.insert(tables.delivery), rows)


def short(text: str | None) -> str | None:
    """The text as far as a column takes it."""
    return text if text is None else text[:ERROR_LENGTH_MAX]
