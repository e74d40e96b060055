"""Batches, what lies in stock, and what becomes of stickers."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec.structs import asdict
from sqlalchemy.engine import Connection

from app.kit.ids import AccountId, BatchId, CityId, StickerId, WearerId, new_id
from app.stickers.model import Batch, Material, Sticker, StickerState
from app.stickers.store.stickers import COLUMNS, sticker_of
from app.stickers.tables import sticker, sticker_batch, sticker_change

Counted = tuple[str, Material, StickerState, int]
"""Layout, material, state and how many."""


def last_number(connection: Connection, city_id: CityId) -> str | None:
    """The number that a city gave out last; None when it has given none."""
    newest: str | None = connection.execute(
        sa.select(sa.func.max(sticker.c.number)).where(sticker.c.city_id == city_id)
    ).scalar_one()
    return newest


def add(connection: Connection, batch: Batch, stickers: Iterable[tuple[str, int, bytes]]) -> None:
    """Keeps a batch, and in stock its stickers: number, sheet and the hash of the code."""
    connection.execute(sa.insert(sticker_batch).values(**asdict(batch)))
    rows = [
        {
            "id": new_id(), "city_id": batch.city_id, "token_hash": token_hash, "number": number, "batch_id": batch.id,
            "sheet": sheet, "material": batch.material, "state": StickerState.STOCK, "stuck_on": "",
        }
        for number, sheet, token_hash in stickers
    ]  # fmt: skip
    connection.execute(sa.insert(sticker), rows)


def batches(connection: Connection, city_id: CityId | None, before: UUID | None, count: int) -> list[Batch]:
    """Up to `count` batches of a city or of all, newest first, behind the cursor."""
    query = sa.select(sticker_batch).order_by(sticker_batch.c.id.desc()).limit(count)
    if city_id is not None:
        query = query.where(sticker_batch.c.city_id == city_id)
    if before is not None:
        query = query.where(sticker_batch.c.id < before)
    return [_batch(row) for row in connection.execute(query)]


def spans(connection: Connection, batch_ids: Collection[BatchId]) -> dict[BatchId, tuple[str, str, int]]:
    """Of each batch its first and its last number, and how many of it still lie in stock."""
    in_stock = sa.func.sum(sa.case((sticker.c.state == StickerState.STOCK, 1), else_=0))
    query = (
        sa.select(sticker.c.batch_id, sa.func.min(sticker.c.number), sa.func.max(sticker.c.number), in_stock)
        .where(sticker.c.batch_id.in_(batch_ids))
        .group_by(sticker.c.batch_id)
    )
    return {row[0]: (row[1], row[2], int(row[3])) for row in connection.execute(query)}


def counts(connection: Connection, city_id: CityId) -> list[Counted]:
    """How many stickers of a city there are of each layout, material and state."""
    query = (
        sa.select(sticker_batch.c.layout, sticker.c.material, sticker.c.state, sa.func.count())
        .join(sticker_batch, sticker_batch.c.id == sticker.c.batch_id)
        .where(sticker.c.city_id == city_id)
        .group_by(sticker_batch.c.layout, sticker.c.material, sticker.c.state)
        .order_by(sticker_batch.c.layout, sticker.c.material, sticker.c.state)
    )
    return [(row[0], Material(row[1]), StickerState(row[2]), row[3]) for row in connection.execute(query)]


def locked(connection: Connection, where: sa.ColumnElement[bool]) -> list[Sticker]:
    """These stickers by number; on PostgreSQL their rows stay locked."""
    query = sa.select(*COLUMNS).where(where).order_by(sticker.c.number).with_for_update()
    return [sticker_of(row) for row in connection.execute(query)]


def locked_of(connection: Connection, wearer_id: WearerId, sticker_id: StickerId) -> Sticker | None:
    """A sticker of hers, as `locked`."""
    found = locked(connection, (sticker.c.id == sticker_id) & (sticker.c.wearer_id == wearer_id))
    return found[0] if found else None


def locked_numbers(connection: Connection, city_id: CityId, numbers: Collection[str]) -> list[Sticker]:
    """Those of these numbers that a city has printed, as `locked`."""
    return locked(connection, (sticker.c.city_id == city_id) & sticker.c.number.in_(list(numbers)))


def locked_all(connection: Connection, wearer_id: WearerId) -> list[Sticker]:
    """All that a wearer was ever given, as `locked`."""
    return locked(connection, sticker.c.wearer_id == wearer_id)


def locked_batch(connection: Connection, batch_id: BatchId) -> list[Sticker]:
    """All of a batch, as `locked`."""
    return locked(connection, sticker.c.batch_id == batch_id)


def become(
    connection: Connection, moved: Collection[tuple[Sticker, StickerState]], reason: str, by: AccountId, now: datetime
) -> None:
    """Stickers, which are locked, are in these states from now on; who did it and why is kept."""
    rows: list[dict[str, Any]] = []
    for state in sorted({after for _, after in moved}):
        ids = [one.id for one, after in moved if after is state]
        connection.execute(sa.update(sticker).where(sticker.c.id.in_(ids)).values(state=state, ended_at=now))
        rows += [
            {"id": new_id(), "sticker_id": one, "state": state, "reason": reason, "by": by, "at": now} for one in ids
        ]
    if rows:
        connection.execute(sa.insert(sticker_change), rows)


def stick(connection: Connection, sticker_id: StickerId, where: str) -> None:
    """Where a sticker is, in the family's words."""
    connection.execute(sa.update(sticker).where(sticker.c.id == sticker_id).values(stuck_on=where))


def _batch(row: "sa.Row[Any]") -> Batch:
    return Batch(**{**row._mapping, "material": Material(row.material)})
