"""Stickers as they lie in the tables, and the codes that only these tests know."""

import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.kit.ids import new_id
from app.stickers import codes
from app.stickers.model import StickerState
from app.stickers.tables import sticker, sticker_batch
from tests.build import KAKOGAWA, NOW, Town


def a_code() -> str:
    """A fresh code."""
    return next(code for code in iter(lambda: codes.new_code(secrets.randbits(codes.BITS)), "") if code)


def a_sticker(
    connection: Connection,
    here: Town,
    *,
    number: str = "AA0000",
    state: StickerState = StickerState.ISSUED,
    at: datetime = NOW,
) -> str:
    """A sticker of Hana's, or one in stock; its code."""
    code, batch_id = a_code(), new_id()
    connection.execute(
        sa.insert(sticker_batch).values(
            id=batch_id, city_id=KAKOGAWA, layout="a4-20", material="paper", count=1, printed_by=here.clerk.id,
            printed_at=at,
        )
    )  # fmt: skip
    is_hers = state not in (StickerState.STOCK, StickerState.SPOILT)
    connection.execute(
        sa.insert(sticker).values(
            id=new_id(), city_id=KAKOGAWA, token_hash=codes.hash_of(code), number=number, batch_id=batch_id, sheet=1,
            material="paper", state=state.value, wearer_id=here.hana.id if is_hers else None, stuck_on="",
            issued_at=at if is_hers else None,
        )
    )  # fmt: skip
    return code
