"""What is more than an address should get waits, and what waited of one wearer's passages becomes one message."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.kit.ids import AddressId
from app.push import tables
from app.push.bundle import bundled
from app.push.model import Level, Message, MessageState
from app.push.outbox.rows import ended, possible, record
from app.push.retry import Delivery, Outcome
from app.push.throttle import LONGEST, Budget, Ledger, budget_of
from app.push.transitions import Action, state_after

BUNDLED_MAX = 1000
"""How many waiting messages one claim looks through for what belongs to those that it sends; the rest come later."""


def sort_out(
    connection: Connection, rows: Sequence[sa.Row[Any]], limit: int, now: datetime
) -> tuple[list[sa.Row[Any]], bool]:
    """The rows that go now, in their order and at most `limit`; and whether any was held, because its address got
    enough. What somebody began to send already goes.
    """
    if not any(_budget(row).throttle.limits for row in rows[:limit]):
        return list(rows[:limit]), False  # All that is urgent, without a question.
    ledger = _ledger(connection, {row.address_id for row in rows if _budget(row).throttle.limits}, now)
    going: list[sa.Row[Any]] = []
    held: dict[datetime, list[UUID]] = {}
    lines: set[Budget] = set()
    for row in rows:
        if len(going) == limit:
            break
        budget = _budget(row)
        if budget in lines:
            continue  # It becomes part of the one that goes.
        until = None if row.state == MessageState.SENDING.value else ledger.take(budget, now)
        if until is None:
            going.append(row)
            if budget.throttle.bundles:
                lines.add(budget)
        else:
            held.setdefault(min(until, row.expires_at), []).append(row.id)
    for not_before, ids in held.items():
        changed = sa.update(tables.message).where(tables.message.c.id.in_(ids), possible(Action.HOLD))
        connection.execute(changed.values(state=state_after(Action.HOLD).value, not_before=not_before))
    return going, bool(held)


def bundle(connection: Connection, messages: Sequence[Message], now: datetime) -> list[Message]:
    """The claimed messages; one that is the first of several passages says all of them, and the others end. It gets a
    name of its own on the phone: it takes nothing's place, and nothing takes its.
    """
    lines = {_budget_of(message): message for message in messages if _budget_of(message).throttle.bundles}
    others = _waiting(connection, lines, now) if lines else {}
    if not others:
        return list(messages)
    told = {message.id: _line(message, others.get(budget, ())) for budget, message in lines.items()}
    table = tables.message
    ids = [row.id for some in others.values() for row in some]
    ends = ended(Action.BUNDLE, now) | {"error": None, "not_before": None}
    connection.execute(sa.update(table).where(table.c.id.in_(ids), possible(Action.BUNDLE)).values(ends))
    rows = [(row, told[lines[budget].id]) for budget, some in others.items() for row in some]
    record(
        connection,
        [(row.id, row.attempts, Delivery(outcome=Outcome.BUNDLED, error=f"told with {line.id}")) for row, line in rows],
        now,
    )
    changed = sa.update(table).where(table.c.id == sa.bindparam("of"))
    names = {name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in _CHANGES}
    connection.execute(
        changed.values(**names),
        [
            {"of": line.id, **{f"new_{name}": getattr(line, name) for name in _CHANGES}}
            for line in (told[lines[budget].id] for budget in others)
        ],
    )
    return [told.get(message.id, message) for message in messages]


_CHANGES = ("kind", "about", "params", "expires_at")


def _line(message: Message, others: Sequence[sa.Row[Any]]) -> Message:
    if not others:
        return message
    said = [(message.kind, message.params), *((row.kind, row.params) for row in others)]
    kind, params = bundled(said)
    rule, wearer = message.about.split(":")[:2]
    expires_at = max(message.expires_at, *(row.expires_at for row in others))
    about = f"{rule}:{wearer}:{message.id.hex}"
    return replace(message, kind=kind, params=params, about=about, expires_at=expires_at)


def _waiting(connection: Connection, lines: Mapping[Budget, Message], now: datetime) -> dict[Budget, list[sa.Row[Any]]]:
    """What else waits of each of the lines, also what is held. What somebody is just calling off is left to him."""
    table = tables.message
    query: sa.Select[*tuple[Any, ...]] = (
        sa.select(table)
        .where(_of({budget.address_id for budget in lines}), table.c.ended_at.is_(None), possible(Action.BUNDLE))
        .where(table.c.level == Level.NEWS.value, table.c.expires_at > now)
        .limit(BUNDLED_MAX)
        .with_for_update(skip_locked=True)
    )
    found: dict[Budget, list[sa.Row[Any]]] = {}
    for row in connection.execute(query):
        if (budget := _budget(row)) in lines:
            found.setdefault(budget, []).append(row)
    return found


def _ledger(connection: Connection, address_ids: Iterable[AddressId], now: datetime) -> Ledger:
    """What these addresses were sent lately, and what is just being sent to them."""
    table = tables.message
    mine = sa.select(table.c.address_id, table.c.level, table.c.about, table.c.ended_at).where(_of(address_ids))
    sent = mine.where(table.c.ended_at > now - LONGEST, table.c.state == MessageState.SENT.value)
    sending = mine.where(table.c.ended_at.is_(None), table.c.state == MessageState.SENDING.value)
    ledger = Ledger()
    for row in connection.execute(sa.union_all(sent, sending)):
        ledger.note(_budget(row), now if row.ended_at is None else row.ended_at)
    return ledger


def _of(address_ids: Iterable[AddressId]) -> sa.ColumnElement[bool]:
    """To one of the addresses, and none that never waits: as the index has it, with a number and no parameter."""
    table = tables.message
    return sa.and_(table.c.address_id.in_(list(address_ids)), table.c.rank > sa.literal_column("0"))


def _budget(row: sa.Row[Any]) -> Budget:
    return budget_of(AddressId(row.address_id), Level(row.level), row.about)


def _budget_of(message: Message) -> Budget:
    return budget_of(message.address.id, message.level, message.about)
