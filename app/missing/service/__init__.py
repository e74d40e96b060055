"""What can be asked of the room, by use case; the routes call `service.x`.

Functions that take a `viewer` ask first whether they may see her place. Those that do not are for the house itself.
"""

from app.missing.service.closing import close, close_all, forget_before, scored
from app.missing.service.looking import Asked, facts, listed, look, map_of, search
from app.missing.service.sent import close_by_house, open_by_house, scored_by_house, told_by_house
from app.missing.service.telling import open_search, tell, withdraw

__all__ = [
    "Asked",
    "close",
    "close_all",
    "close_by_house",
    "facts",
    "forget_before",
    "listed",
    "look",
    "map_of",
    "open_by_house",
    "open_search",
    "scored",
    "scored_by_house",
    "search",
    "tell",
    "told_by_house",
    "withdraw",
]
