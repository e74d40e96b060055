"""What becomes of a sticker, as one table. Pure. Out of stock it comes by an issue (`service/issues.py`)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from app.stickers.model import StickerState


class Move(StrEnum):
    """What somebody does to a sticker: the family misses it, the office takes it back, it was printed badly."""

    LOSE = "lose"
    WITHDRAW = "withdraw"
    SPOIL = "spoil"


MOVES: Final[Mapping[tuple[StickerState, Move], StickerState]] = {
    (StickerState.ISSUED, Move.LOSE): StickerState.LOST,
    (StickerState.ISSUED, Move.WITHDRAW): StickerState.WITHDRAWN,
    (StickerState.LOST, Move.WITHDRAW): StickerState.WITHDRAWN,
    (StickerState.STOCK, Move.SPOIL): StickerState.SPOILT,
}
"""None comes back: who has found a lost one cannot know whether somebody else copied it meanwhile."""
