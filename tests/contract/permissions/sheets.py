"""A sticker on the things of the wearer of a target, and one in the stock of the cast's city."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.kit.ids import AccountId, CityId, StickerId, WearerId, new_id
from app.stickers.model import StickerState
from app.stickers.tables import sticker, sticker_batch
from tests.build import NOW

SPARE = "CC0000"
"""The number that the example of a misprint names."""


def put(c: Connection, city: CityId, by: AccountId, number: str, wearer_id: WearerId | None = None) -> StickerId:
    """A sticker, in stock without a wearer."""
    batch_id, sticker_id = new_id(), StickerId(new_id())
    c.execute(
        sa.insert(sticker_batch).values(
            id=batch_id, city_id=city, layout="a4-20", material="paper", count=1, printed_by=by, printed_at=NOW
        )
    )
    c.execute(
        sa.insert(sticker).values(
            id=sticker_id, city_id=city, token_hash=sticker_id.bytes * 2, number=number, batch_id=batch_id, sheet=1,
            material="paper", state=StickerState.ISSUED if wearer_id else StickerState.STOCK, wearer_id=wearer_id,
            stuck_on="", issued_at=NOW if wearer_id else None,
        )
    )  # fmt: skip
    return sticker_id
