"""What can be asked of the room, by use case; the routes call `service.x`.

Functions that take a `viewer` ask first whether they may see her place. Those that do not are for the house itself.
"""

from app.missing.service.closing import close, close_all, forget_before, scored
from app.missing.service.looking import Asked, facts, listed, look, map_of, search
from app.missing.service.telling import open_search, tell, withdraw

__all__ = [
    "Asked",
    "close",
    "close_all",
    "facts",
    "forget_before",
    "listed",
    "look",
    "map_of",
    "open_search",
    "scored",
    "search",
    "tell",
    "withdraw",
]
