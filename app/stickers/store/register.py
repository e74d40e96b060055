"""Who holds stickers of a city, and when the register went out."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.tables import account
from app.kit.ids import AccountId, CityId, WearerId
from app.stickers.model import Sticker, StickerState
from app.stickers.register import Export
from app.stickers.store.stickers import COLUMNS, sticker_of
from app.stickers.tables import sticker, sticker_export

_good = sticker.c.state == StickerState.ISSUED


def by_number(connection: Connection, city_id: CityId, number: str) -> Sticker | None:
    """The sticker of a city with this number that was given to somebody, also when it is lost or withdrawn."""
    here = (sticker.c.city_id == city_id) & (sticker.c.number == number)
    row = connection.execute(sa.select(*COLUMNS).where(here, sticker.c.wearer_id.is_not(None))).one_or_none()
    return None if row is None else sticker_of(row)


def holders(connection: Connection, city_id: CityId, after: WearerId | None, count: int) -> list[WearerId]:
    """Up to `count` wearers of a city who have stickers that are good, by id, after one."""
    here = sa.select(sticker.c.wearer_id).where(sticker.c.city_id == city_id, _good, sticker.c.wearer_id.is_not(None))
    if after is not None:
        here = here.where(sticker.c.wearer_id > after)
    return list(connection.execute(here.distinct().order_by(sticker.c.wearer_id).limit(count)).scalars())


def numbers_of(connection: Connection, wearer_ids: Collection[WearerId]) -> dict[WearerId, list[str]]:
    """The numbers of the good stickers of these wearers."""
    query = sa.select(sticker.c.wearer_id, sticker.c.number).where(sticker.c.wearer_id.in_(list(wearer_ids)), _good)
    found: dict[WearerId, list[str]] = {}
    for row in connection.execute(query.order_by(sticker.c.number)):
        found.setdefault(row.wearer_id, []).append(row.number)
    return found


def add_export(connection: Connection, city_id: CityId, one: Export) -> None:
    """Notes that the register went out."""
    values = {"id": one.id, "city_id": city_id, "rows": one.rows, "by": one.by, "at": one.at}
    connection.execute(sa.insert(sticker_export).values(**values))


def exports(connection: Connection, city_id: CityId, before: UUID | None, count: int) -> list[Export]:
    """Up to `count` exports of a city, newest first, older than `before`."""
    query = sa.select(sticker_export).where(sticker_export.c.city_id == city_id)
    if before is not None:
        query = query.where(sticker_export.c.id < before)
    rows = connection.execute(query.order_by(sticker_export.c.id.desc()).limit(count))
    return [_export(row) for row in rows]


def names(connection: Connection, account_ids: Collection[AccountId]) -> dict[AccountId, str]:
    """What these people are called."""
    query = sa.select(account.c.id, account.c.name).where(account.c.id.in_(list(account_ids)))
    return {row.id: row.name for row in connection.execute(query)}


def _export(row: sa.Row[Any]) -> Export:
    return Export(id=row.id, rows=row.rows, by=row.by, at=row.at)
