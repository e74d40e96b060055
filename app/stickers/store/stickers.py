"""Stickers as they are found: by their code, or as a wearer's."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from app.kit.ids import StickerId, WearerId
from app.stickers.model import Material, Sticker, StickerState
from app.stickers.tables import sticker

COLUMNS = [column for column in sticker.c if column.name != "token_hash"]


def issued_by_hash(connection: Connection, token_hash: bytes) -> Sticker | None:
    """The sticker on somebody's things whose code hashes to this. One query, which gives a row for no other state:
    what is lost, withdrawn or in stock takes the same way as what never was.
    """
    query = sa.select(*COLUMNS).where(sticker.c.token_hash == token_hash, sticker.c.state == StickerState.ISSUED)
    row = connection.execute(query).one_or_none()
    return None if row is None else sticker_of(row)


def of_wearer(connection: Connection, wearer_id: WearerId) -> list[Sticker]:
    """All that a wearer was ever given, by number."""
    query = sa.select(*COLUMNS).where(sticker.c.wearer_id == wearer_id).order_by(sticker.c.number)
    return [sticker_of(row) for row in connection.execute(query)]


def by_id(connection: Connection, sticker_id: StickerId) -> Sticker | None:
    """The sticker, whoever asks."""
    row = connection.execute(sa.select(*COLUMNS).where(sticker.c.id == sticker_id)).one_or_none()
    return None if row is None else sticker_of(row)


def sticker_of(row: "Row[Any]") -> Sticker:
    """A row as what it means."""
    values = row._mapping
    return Sticker(**{**values, "material": Material(row.material), "state": StickerState(row.state)})
