"""Searches: opened, listed, looked at, closed. Who may: those whom a consent shows her place; for others there is no
search."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct
from msgspec.structs import asdict

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.history.model import KnownBy
from app.kit.clock import Clock
from app.kit.errors import Conflict, InvalidInput, NotFound, Overloaded
from app.kit.ids import AlertId, SearchId, WearerId
from app.missing import service
from app.missing.facts import Accuracy, Latitude, Longitude
from app.missing.model import FOUND, Ended, Find, Point, State
from app.missing.service.looking import Shown
from beacon_ingest.messages import Utc

Score = Annotated[
    float | None,
    Meta(description="MapScore, -1 to 1: 0 is a map that knew nothing; null where no map could be made"),
]


class LastSeen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where somebody last saw her, and when."""

    at: Utc
    lat_deg: Latitude
    lon_deg: Longitude
    accuracy_m: Accuracy = 30.0


class OpenSearch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A search to be opened. Without `last` it begins at the last place that the service knows."""

    wearer: UUID
    reason: Annotated[
        str, Meta(min_length=2, max_length=500, pattern=r"\S", description="kept with the search; not blank")
    ]
    last: LastSeen | None = None
    alert: Annotated[UUID, Meta(description="the alert that it began with")] | None = None


class FoundAt(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where she was found, and when; now unless it says so."""

    lat_deg: Latitude
    lon_deg: Longitude
    at: Utc | None = None


class CloseSearch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a search ended; where she was found, if she was."""

    ended: Ended
    find: FoundAt | None = None


class PointOut(Struct, frozen=True, kw_only=True):
    """A place of hers: when, how it is known, and how sure."""

    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float
    known_by: KnownBy


class FindOut(Struct, frozen=True, kw_only=True):
    """Where she was found, and how the map as it was just before had rated that cell; beside it plain rings round the
    first and round the newest place that was known. After the time of retention the place is null, and the scores stay.
    """

    at: datetime
    lat_deg: float | None
    lon_deg: float | None
    score: Score
    score_first_rings: Score
    score_newest_rings: Score


class SearchOut(Struct, frozen=True, kw_only=True):
    """A search, without places."""

    id: UUID
    wearer: UUID
    wearer_name: str
    alert: Annotated[UUID | None, Meta(description="for those who may see her alerts")]
    state: State
    reason: str
    facts: Annotated[int, Meta(description="how many were told and not withdrawn")]
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    closed_by: str | None
    ended: Ended | None


class SearchDetail(SearchOut, frozen=True, kw_only=True):
    """A search with its places: where she was last seen when it was opened, and where she was found. Where she was
    since is on the map.
    """

    last: PointOut | None
    find: FindOut | None


@post(
    "/v1/searches",
    guards=[May(Action.SEARCH_WRITE)],
    operation_id="open_search",
    summary="She is missing: open a search",
    tags=["searches"],
    status_code=200,
    raises_problems=[Conflict, NotFound],
)
async def open_search(
    data: JSONBody[OpenSearch],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> SearchDetail:
    """A new search; or the one for her that goes on, to which what you tell is added: `reason` as a note, `last` as a
    sighting. For those whom a consent shows her place; for others it is a 404. The look is noted, and the family can
    read it.
    """
    now = clock()
    last = None
    if data.last is not None:
        one = data.last
        last = Point(
            at=one.at, lat_deg=one.lat_deg, lon_deg=one.lon_deg, accuracy_m=one.accuracy_m, known_by=KnownBy.TYPED
        )
    alert_id = None if data.alert is None else AlertId(data.alert)
    shown = await database.write(
        lambda c: service.open_search(
            c, viewer, WearerId(data.wearer), reason=data.reason, last=last, alert_id=alert_id, now=now
        )
    )
    return _detail(shown)


@get(
    "/v1/searches",
    guards=[May(Action.SEARCH_READ)],
    operation_id="list_searches",
    summary="Searches, newest first",
    tags=["searches"],
)
async def list_searches(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    which: Annotated[State | None, QueryParameter(name="state", description="only open or only closed ones")] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[SearchOut]:
    """Searches for those whose place you may see. No place is in the list."""
    now, before = clock(), decode_cursor(cursor, tuple[datetime, UUID])
    found = await database.read(lambda c: service.listed(c, viewer, which, before, limit + 1, now))
    return page([_out(one) for one in found], limit, lambda one: (one.opened_at, one.id))


@get(
    "/v1/searches/{search_id:uuid}",
    guards=[May(Action.SEARCH_READ)],
    operation_id="read_search",
    summary="One search",
    tags=["searches"],
    raises_problems=[Overloaded],  # The look is a write.
)
async def read_search(
    search_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> SearchDetail:
    """The search and where she was last seen when it was opened. The look is noted, and the family can read it."""
    now = clock()
    return _detail(await database.write(lambda c: service.search(c, viewer, SearchId(search_id), now)))


@post(
    "/v1/searches/{search_id:uuid}/close",
    guards=[May(Action.SEARCH_WRITE)],
    operation_id="close_search",
    summary="The search is over",
    tags=["searches"],
    status_code=200,
    raises_problems=[Conflict],
)
async def close_search(
    search_id: FromPath[UUID],
    data: JSONBody[CloseSearch],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> SearchDetail:
    """Closes the search. With the place where she was found it is kept how the map had rated that place a minute
    before, so that the town knows what its maps are worth. 409 where it is closed already.
    """
    now, key, find = clock(), SearchId(search_id), None
    if data.find is not None:
        found = data.find
        if data.ended not in FOUND:
            raise InvalidInput("Only who was found was found somewhere.", "find")
        at = now if found.at is None else found.at
        find = await database.read(lambda c: service.scored(c, viewer, key, at, found.lat_deg, found.lon_deg, now))
    return _detail(await database.write(lambda c: service.close(c, viewer, key, data.ended, find, now)))


def _out(shown: Shown) -> SearchOut:
    one = shown.search
    return SearchOut(
        id=one.id,
        wearer=one.wearer_id,
        wearer_name=shown.wearer_name,
        alert=one.alert_id,
        state="open" if one.closed_at is None else "closed",
        reason=one.reason,
        facts=shown.facts,
        opened_at=one.opened_at,
        opened_by=shown.opened_by,
        closed_at=one.closed_at,
        closed_by=shown.closed_by,
        ended=one.ended,
    )


def _detail(shown: Shown) -> SearchDetail:
    last, find = shown.search.last, shown.search.find
    return SearchDetail(
        **asdict(_out(shown)),
        last=None if last is None else point_out(last),
        find=None if find is None else _find(find),
    )


def point_out(one: Point) -> PointOut:
    """A place as it is shown."""
    return PointOut(
        at=one.at, lat_deg=one.lat_deg, lon_deg=one.lon_deg, accuracy_m=one.accuracy_m, known_by=one.known_by
    )


def _find(one: Find) -> FindOut:
    return FindOut(
        at=one.at, lat_deg=one.lat_deg, lon_deg=one.lon_deg, score=one.score,
        score_first_rings=one.score_first_rings, score_newest_rings=one.score_newest_rings,
    )  # fmt: skip


ROUTES: list[HTTPRouteHandler] = [open_search, list_searches, read_search, close_search]
