"""A sticker is found by its code, or is one of hers."""

from datetime import datetime

from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.households import service as households
from app.kit.ids import WearerId
from app.stickers import codes
from app.stickers.model import Card, Sticker
from app.stickers.store import cards, stickers

NO_CODE = "0" * codes.LENGTH
"""Stands for what is no code: its check symbol is right, and it is never printed."""


def found_by_code(connection: Connection, code: str) -> Sticker | None:
    """The sticker whose page this code opens; None for one that is unknown, lost, withdrawn, spoilt or in stock, and
    for what is no code at all: all of them cost the same one query.
    """
    found = stickers.issued_by_hash(connection, codes.hash_of(codes.read(code) or NO_CODE))
    return None if found is None or found.wearer_id is None else found


def hers(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> list[Sticker]:
    """All stickers that a wearer was ever given, by number, for those who manage her or see her alerts. Raises
    `NotFound`.
    """
    households.attended_wearer(connection, viewer, wearer_id, now)
    return stickers.of_wearer(connection, wearer_id)


def card_of(connection: Connection, wearer_id: WearerId) -> Card:
    """What her family chose to show, whoever asks; an empty card where nobody wrote one."""
    return cards.of(connection, wearer_id) or Card(wearer_id=wearer_id)
