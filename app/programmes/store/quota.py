"""The ledger of free turn-outs: where each stands, and every step that led there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.db import dialect
from app.kit.ids import ContractId, new_id
from app.programmes.ledger import Entry, Turn, TurnState
from app.programmes.tables import quota_entry, quota_turn


class Held(Struct, frozen=True, kw_only=True):
    """A turn-out, and the contract in whose ledger it is."""

    contract_id: ContractId
    turn: Turn


def held(connection: Connection, dispatch_id: UUID) -> Held | None:
    """The turn-out of that id."""
    row = connection.execute(sa.select(quota_turn).where(quota_turn.c.dispatch_id == dispatch_id)).one_or_none()
    return None if row is None else Held(contract_id=row.contract_id, turn=_turn(row))


def turns(connection: Connection, contract_id: ContractId, period: str) -> list[Turn]:
    """All turn-outs of a period of a contract, released ones too."""
    mine = (quota_turn.c.contract_id == contract_id) & (quota_turn.c.period == period)
    return [_turn(row) for row in connection.execute(sa.select(quota_turn).where(mine))]


def is_held(connection: Connection, contract_id: ContractId, gone: TurnState) -> bool:
    """Whether there is a turn-out of a contract that is not `gone`."""
    mine = (quota_turn.c.contract_id == contract_id) & (quota_turn.c.state != gone.value)
    return connection.execute(sa.select(quota_turn.c.dispatch_id).where(mine).limit(1)).first() is not None


def put(connection: Connection, contract_id: ContractId, turn: Turn) -> None:
    """Writes where a turn-out stands now."""
    values: dict[str, Any] = {
        "period": turn.period, "n": turn.n, "state": turn.state.value, "reserved_at": turn.reserved_at,
        "departed_at": turn.departed_at,
    }  # fmt: skip
    statement = dialect.insert(connection, quota_turn).values(
        dispatch_id=turn.dispatch_id, contract_id=contract_id, **values
    )
    connection.execute(statement.on_conflict_do_update(index_elements=["dispatch_id"], set_=values))


def add_entries(connection: Connection, contract_id: ContractId, entries: Sequence[Entry]) -> None:
    """Adds steps to the ledger, in order."""
    rows = [
        {"id": new_id(), "contract_id": contract_id, **{name: getattr(one, name) for name in one.__struct_fields__}}
        | {"what": one.what.value}
        for one in entries
    ]
    if rows:
        connection.execute(sa.insert(quota_entry), rows)


def entries(
    connection: Connection, contract_id: ContractId, before: UUID | None, count: int
) -> list[tuple[UUID, Entry]]:
    """Up to `count` steps with their ids, newest first, older than `before`."""
    query = sa.select(quota_entry).where(quota_entry.c.contract_id == contract_id)
    if before is not None:
        query = query.where(quota_entry.c.id < before)
    return [(row.id, _entry(row)) for row in connection.execute(query.order_by(quota_entry.c.id.desc()).limit(count))]


def _turn(row: sa.Row[Any]) -> Turn:
    return Turn(
        dispatch_id=row.dispatch_id, period=row.period, n=row.n, state=TurnState(row.state),
        reserved_at=row.reserved_at, departed_at=row.departed_at,
    )  # fmt: skip


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(
        dispatch_id=row.dispatch_id, what=TurnState(row.what), period=row.period, n=row.n, why=row.why, at=row.at
    )
