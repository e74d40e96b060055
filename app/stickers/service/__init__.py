"""What can be asked of the room, by use case; other rooms and the routes call `service.x`.

Functions that take a `viewer` ask first whether they may. Those that do not are for the house itself.
"""

from app.stickers.service.cards import her_card, write_card
from app.stickers.service.expiring import close_all as close_boards
from app.stickers.service.expiring import expire as expire_boards
from app.stickers.service.expiring import forget as forget_boards
from app.stickers.service.scans import forget_scans_before, note_scan, scans_of
from app.stickers.service.showing import Board, Scanned, board_of, scanned
from app.stickers.service.stickers import hers
from app.stickers.service.stock import lose, stick_on, withdraw, withdraw_all

__all__ = [
    "Board",
    "Scanned",
    "board_of",
    "close_boards",
    "expire_boards",
    "forget_boards",
    "forget_scans_before",
    "her_card",
    "hers",
    "lose",
    "note_scan",
    "scanned",
    "scans_of",
    "stick_on",
    "withdraw",
    "withdraw_all",
    "write_card",
]
