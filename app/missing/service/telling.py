"""A search is opened, told what is known, and told that something was wrong."""

from datetime import datetime

from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.households import service as households
from app.households.model import Scope
from app.kit.errors import Conflict, NotFound
from app.kit.ids import AlertId, FactId, SearchId, WearerId, new_id
from app.missing import store
from app.missing.facts import Note, Sighting, Told, kind_of, must_be_past, stored, when
from app.missing.model import Fact, FactKind, Point, Search
from app.missing.service.gathering import last_place
from app.missing.service.looking import Shown, look, search, visible

FACTS_MAX, TERRAIN_MAX = 300, 30
"""Of one search, and of those how many about the ground: the map is made of all of them each time."""


def open_search(
    connection: Connection,
    viewer: Viewer,
    wearer_id: WearerId,
    *,
    reason: str,
    last: Point | None,
    alert_id: AlertId | None,
    now: datetime,
) -> Shown:
    """The search for somebody whose place the viewer may see: a new one from where she was last seen, as it is told or
    as the house knows it; or the one that goes on, to which what is told is added as a note and a sighting.

    Raises `NotFound`, `InvalidInput` for a moment to come.
    """
    wearer = households.visible_wearer(connection, viewer, wearer_id, Scope.PLACE, now)
    if alert_id is not None and store.wearer_of_alert(connection, alert_id) != wearer_id:
        raise NotFound
    if last is not None:
        must_be_past(last.at, now, "last.at")
    one = Search(
        id=SearchId(new_id()),
        city_id=wearer.city_id,
        wearer_id=wearer_id,
        alert_id=alert_id,
        reason=reason.strip(),
        last=last_place(connection, wearer_id, now) if last is None else last,
        opened_by=viewer.account_id,
        opened_at=now,
    )
    if store.add(connection, one):
        return search(connection, viewer, one.id, now)
    going_on = store.open_of(connection, wearer_id)
    if going_on is None:
        raise Conflict("The search for her was closed at this moment.")
    tell(connection, viewer, going_on, Note(says=one.reason), None, now)
    if last is not None:
        seen = Sighting(lat_deg=last.lat_deg, lon_deg=last.lon_deg, accuracy_m=last.accuracy_m, says=one.reason)
        tell(connection, viewer, going_on, seen, last.at, now)
    return search(connection, viewer, going_on, now)


def tell(
    connection: Connection, viewer: Viewer, search_id: SearchId, told: Told, at: datetime | None, now: datetime
) -> tuple[Fact, str]:
    """A fact that the next map knows, and who told it. Raises `NotFound`, `InvalidInput`, and `Conflict` for a search
    that is closed or has too many.
    """
    visible(connection, viewer, search_id, now)
    moment = when(told, at, now)
    _must_be_open(connection, search_id)
    numbers = store.numbers_of_kinds(connection, search_id)
    if sum(numbers.values()) >= FACTS_MAX:
        raise Conflict(f"There are {FACTS_MAX} facts already; withdraw some.")
    if kind_of(told) is FactKind.TERRAIN and numbers.get(FactKind.TERRAIN, 0) >= TERRAIN_MAX:
        raise Conflict(f"There are {TERRAIN_MAX} facts about the ground already; withdraw some.")
    fact = Fact(
        id=FactId(new_id()),
        search_id=search_id,
        kind=kind_of(told),
        at=moment,
        data=stored(told),
        by=viewer.account_id,
        received_at=now,
    )
    store.add_fact(connection, fact)
    return fact, viewer.name


def withdraw(connection: Connection, viewer: Viewer, search_id: SearchId, fact_id: FactId, now: datetime) -> None:
    """Takes a fact back: it was wrong, and is part of no map any more. Raises `NotFound`, and `Conflict` for a closed
    search, whose score rests on it.
    """
    look(connection, viewer, search_id, now)
    if not store.withdraw(connection, search_id, fact_id, viewer.account_id, now):
        raise NotFound
    _must_be_open(connection, search_id)


def _must_be_open(connection: Connection, search_id: SearchId) -> None:
    found = store.locked(connection, search_id)
    if found is None or found.closed_at is not None:
        raise Conflict("This search is closed.")
