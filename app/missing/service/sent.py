"""What the house itself tells a search while guards who were sent look for her: it opens one, says where they went, and
closes it when they have found her. Nobody looks at a place by that.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy.engine import Connection

from app.geo.measure import distance_m
from app.households import service as households
from app.kit.ids import AccountId, AlertId, FactId, SearchId, WearerId, new_id
from app.missing import store
from app.missing.facts import LEG_M_MAX, POINTS_MAX, WAY_M_MAX, Swept, WayPoint, kind_of, stored
from app.missing.mapscore import JUST_BEFORE, rated
from app.missing.model import Ended, Fact, Find, Search
from app.missing.service.gathering import last_place
from app.missing.service.looking import known_at
from app.missing.service.telling import FACTS_MAX

POD = 0.7
"""How probable it is that a guard sees her who goes by where she is."""


def open_by_house(
    connection: Connection, wearer_id: WearerId, by: AccountId, reason: str, alert_id: AlertId | None, now: datetime
) -> None:
    """Opens a search for her, from the newest place that is known; where one is open, nothing changes."""
    wearer = households.wearers_by_id(connection, [wearer_id])[wearer_id]
    one = Search(
        id=SearchId(new_id()),
        city_id=wearer.city_id,
        wearer_id=wearer_id,
        alert_id=alert_id,
        reason=reason,
        last=last_place(connection, wearer_id, now),
        opened_by=by,
        opened_at=now,
    )
    store.add(connection, one)


def told_by_house(
    connection: Connection,
    wearer_id: WearerId,
    ways: Mapping[AccountId, Sequence[WayPoint]],
    width_m: float,
    now: datetime,
) -> int:
    """Tells the open search for her where people went; how many points of their ways it took. Where a way leaps, nobody
    knows where it went, and it is told in parts.
    """
    search_id = store.open_of(connection, wearer_id)
    if search_id is None:
        return 0
    room = FACTS_MAX - sum(store.numbers_of_kinds(connection, search_id).values())
    count = 0
    for by, way in ways.items():
        for part in parts(way):
            if room <= 0:
                return count
            told = Swept(points=part, width_m=width_m, pod=POD)
            fact = Fact(
                id=FactId(new_id()), search_id=search_id, kind=kind_of(told), at=min(part[-1].at, now),
                data=stored(told), by=by, received_at=now,
            )  # fmt: skip
            store.add_fact(connection, fact)
            room, count = room - 1, count + len(part)
    return count


def parts(way: Sequence[WayPoint]) -> list[list[WayPoint]]:
    """A way in order of time, cut where it leaps, or is longer than one sweep may be; single points are no way."""
    ordered = sorted(way, key=lambda one: one.at)
    found: list[list[WayPoint]] = [[ordered[0]]] if ordered else []
    length_m = 0.0
    for before, point in pairwise(ordered):
        leg_m = distance_m(before.lat_deg, before.lon_deg, point.lat_deg, point.lon_deg)
        if leg_m > LEG_M_MAX or length_m + leg_m > WAY_M_MAX or len(found[-1]) >= POINTS_MAX:
            found.append([])
            length_m = 0.0
        elif found[-1]:
            length_m += leg_m
        found[-1].append(point)
    return [one for one in found if len(one) > 1]


def scored_by_house(
    connection: Connection, wearer_id: WearerId, at: datetime, lat_deg: float, lon_deg: float
) -> Find | None:
    """A find with what the map of the open search for her had rated its place; None where no search is open. It writes
    nothing.
    """
    search_id = store.open_of(connection, wearer_id)
    found = None if search_id is None else store.one(connection, search_id)
    if found is None:
        return None
    return rated(found, known_at(connection, found, at - JUST_BEFORE), at, lat_deg, lon_deg)


def close_by_house(
    connection: Connection, wearer_id: WearerId, by: AccountId, ended: Ended, find: Find | None, now: datetime
) -> None:
    """Closes the search for her, if one is open."""
    search_id = store.open_of(connection, wearer_id)
    if search_id is not None:
        store.close(connection, search_id, by, ended, find, now)
