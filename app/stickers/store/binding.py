"""Stickers out of stock onto somebody's things."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.kit.ids import AccountId, CityId, IssueId, WearerId, new_id
from app.stickers.model import StickerState
from app.stickers.tables import sticker, sticker_change


def bind(
    connection: Connection, city_id: CityId, numbers: Collection[str], wearer_id: WearerId, issue_id: IssueId,
    by: AccountId, now: datetime,
) -> list[str]:  # fmt: skip
    """Gives a wearer those of these stickers that lie in the city's stock, and the numbers of the others."""
    here = (sticker.c.city_id == city_id) & sticker.c.number.in_(list(numbers))
    given = (
        sa.update(sticker)
        .where(here, sticker.c.state == StickerState.STOCK)
        .values(state=StickerState.ISSUED, wearer_id=wearer_id, issue_id=issue_id, issued_at=now)
        .returning(sticker.c.id, sticker.c.number)
    )
    bound = connection.execute(given).all()
    if bound:
        rows = [
            {"id": new_id(), "sticker_id": row.id, "state": StickerState.ISSUED, "reason": "", "by": by, "at": now}
            for row in bound
        ]
        connection.execute(sa.insert(sticker_change), rows)
    return sorted(set(numbers) - {row.number for row in bound})
