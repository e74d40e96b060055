"""A search ends. Where she was found says how good its map was: the product measures itself."""

from datetime import datetime

from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.kit.errors import Conflict, InvalidInput
from app.kit.ids import SearchId, WearerId
from app.missing import store
from app.missing.facts import must_be_past
from app.missing.mapscore import JUST_BEFORE, rated
from app.missing.model import FOUND, Ended, Find
from app.missing.service.looking import Shown, known_at, look, search, visible

FORGOTTEN_MAX = 5_000


def scored(
    connection: Connection, viewer: Viewer, search_id: SearchId, at: datetime, lat_deg: float, lon_deg: float, now:
    datetime
) -> Find:  # fmt: skip
    """A find with what the map as it was just before had rated its place, and what rings round the first and round the
    newest place would have. It writes nothing. Raises `NotFound`, and `InvalidInput` for a moment to come.
    """
    found = visible(connection, viewer, search_id, now)
    must_be_past(at, now, "find.at")
    return rated(found, known_at(connection, found, at - JUST_BEFORE), at, lat_deg, lon_deg)


def close(
    connection: Connection, viewer: Viewer, search_id: SearchId, ended: Ended, find: Find | None, now: datetime
) -> Shown:
    """The search, closed. Raises `NotFound`, `InvalidInput` for a find of somebody who was not found, and `Conflict`
    for a search that is closed.
    """
    look(connection, viewer, search_id, now)
    if find is not None and ended not in FOUND:
        raise InvalidInput("Only who was found was found somewhere.", "find")
    if not store.close(connection, search_id, viewer.account_id, ended, find, now):
        raise Conflict("This search is closed.")
    return search(connection, viewer, search_id, now)


def close_all(connection: Connection, wearer_id: WearerId, now: datetime) -> None:
    """Calls off the search for a wearer who is no longer watched."""
    store.close_all(connection, wearer_id, now)


def forget_before(connection: Connection, before: datetime) -> int:
    """Deletes what was told and known of places earlier; how many rows. Call again until it is 0."""
    return store.forget_before(connection, before, FORGOTTEN_MAX)
