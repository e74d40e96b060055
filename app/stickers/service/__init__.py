"""What can be asked of the room, by use case; other rooms and the routes call `service.x`.

Functions that take a `viewer` ask first whether they may. Those that do not are for the house itself.
"""

from app.stickers.service.stickers import card_of, found_by_code, hers

__all__ = ["card_of", "found_by_code", "hers"]
