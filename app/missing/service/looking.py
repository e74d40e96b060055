"""Searches, what was told to them and their maps, for those who may see her place; each look is a row."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.accounts.permissions import Action, allowed
from app.households import service as households
from app.households.model import Purpose, Scope
from app.kit.errors import Conflict, NotFound
from app.kit.ids import SearchId, WearerId
from app.missing import store
from app.missing.facts import known_of, newest, seen_at
from app.missing.model import Fact, Known, Search, State
from app.missing.probability import HeatMap, heat_map
from app.missing.service.gathering import house, last_place, names_around

NOWHERE = "Nobody has said where she was last seen."


class Shown(Struct, frozen=True, kw_only=True):
    """A search as people read it: her name, how many facts it has, and who opened and closed it; with its alert only
    for those who may see her alerts.
    """

    search: Search
    wearer_name: str
    facts: int
    opened_by: str
    closed_by: str | None


class Asked(Struct, frozen=True, kw_only=True):
    """A map, what it was made of and when; and what around it has a name: latitude, longitude, name."""

    search: Search
    known: Known
    heat: HeatMap
    at: datetime
    names: list[tuple[float, float, str]]


def visible(connection: Connection, viewer: Viewer, search_id: SearchId, now: datetime) -> Search:
    """The search, if the viewer may see the place of whom it is for. Raises `NotFound`."""
    found = store.one(connection, search_id)
    if found is None:
        raise NotFound
    households.visible_wearer(connection, viewer, found.wearer_id, Scope.PLACE, now)
    return found


def look(connection: Connection, viewer: Viewer, search_id: SearchId, now: datetime) -> Search:
    """Writes down that the viewer looks at the search for her; the search. Raises `NotFound`."""
    found = visible(connection, viewer, search_id, now)
    households.look(connection, viewer, found.wearer_id, Purpose.SEARCH, now)
    return found


def listed(
    connection: Connection,
    viewer: Viewer,
    state: State | None,
    before: tuple[datetime, UUID] | None,
    count: int,
    now: datetime,
) -> list[Shown]:
    """Up to `count` searches for those whose place the viewer may see, newest first."""
    wearer_ids = households.visible_wearer_ids(connection, viewer, Scope.PLACE, now)
    return _shown(connection, viewer, store.newest(connection, wearer_ids, state, before, count), now)


def search(connection: Connection, viewer: Viewer, search_id: SearchId, now: datetime) -> Shown:
    """One search; the look is noted. Raises `NotFound`."""
    (shown,) = _shown(connection, viewer, [look(connection, viewer, search_id, now)], now)
    return shown


def facts(
    connection: Connection, viewer: Viewer, search_id: SearchId, after: UUID | None, count: int, now: datetime
) -> tuple[list[Fact], dict[UUID, str]]:
    """Up to `count` facts that were not withdrawn, oldest first, and the names of who told them; the look is noted.
    Raises `NotFound`.
    """
    look(connection, viewer, search_id, now)
    found = store.facts_after(connection, search_id, after, count)
    return found, store.names_of(connection, {one.by for one in found})


def map_of(connection: Connection, viewer: Viewer, search_id: SearchId, now: datetime) -> Asked:
    """The map as it is now, made of all that is known; that of a closed search as it was when it was closed. The look
    must be committed before (`look`): this is much to reckon, and the writer has others to serve.

    Raises `NotFound`, and `Conflict` where no place of hers is known.
    """
    found = visible(connection, viewer, search_id, now)
    at = now if found.closed_at is None else found.closed_at
    known = known_at(connection, found, at)
    if known is None:
        raise Conflict(NOWHERE)
    names = [(one.lat_deg, one.lon_deg, one.name) for one in known.places if one.name]
    if allowed(viewer.role, Action.DETECTOR_READ):  # What detectors are called, only staff is told.
        names += names_around(connection, found.city_id, known.last)
    return Asked(search=found, known=known, heat=heat_map(known, at), at=at, names=names)


def known_at(connection: Connection, found: Search, at: datetime) -> Known | None:
    """All that was known by a moment; None where no place of hers was."""
    told = [one for one in store.facts_of(connection, found.id, at) if one.at <= at]
    opened = found.last if found.last is not None and found.last.at <= at else None
    last = newest([opened, last_place(connection, found.wearer_id, at), *seen_at(told)])
    if last is None:
        return None
    return known_of(last, told, house(connection, found.city_id, WearerId(found.wearer_id), last, at))


def _shown(connection: Connection, viewer: Viewer, found: Sequence[Search], now: datetime) -> list[Shown]:
    wearer_ids = {one.wearer_id for one in found}
    alerted = households.visible_wearer_ids(connection, viewer, Scope.ALERTS, now, wearer_ids)
    wearers = households.wearers_by_id(connection, wearer_ids)
    numbers = store.numbers_of_facts(connection, [one.id for one in found])
    people = {one.opened_by for one in found} | {one.closed_by for one in found if one.closed_by is not None}
    names = store.names_of(connection, people)
    return [
        Shown(
            search=one if one.wearer_id in alerted else replace(one, alert_id=None),
            wearer_name=wearers[one.wearer_id].name,
            facts=numbers.get(one.id, 0),
            opened_by=names[one.opened_by],
            closed_by=None if one.closed_by is None else names.get(one.closed_by),
        )
        for one in found
    ]
