"""What is told to a search."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.errors import Conflict, Overloaded
from app.kit.ids import FactId, SearchId
from app.missing import service
from app.missing.facts import Heading, Note, OnGround, OwnPlace, Sighting, Swept, Told, Transport, read
from app.missing.model import Fact
from beacon_ingest.messages import Utc


class TellFact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that the map must know. The time of a sweep is that of its last point; of others now unless told."""

    fact: Sighting | Swept | OwnPlace | Heading | Transport | OnGround | Note
    at: Utc | None = None


class FactOut(Struct, frozen=True, kw_only=True):
    """What was told, of what time, by whom, and when we heard of it."""

    id: UUID
    at: datetime
    fact: Annotated[
        Sighting | Swept | OwnPlace | Heading | Transport | OnGround | Note, Meta(description="as it was told")
    ]
    by: str
    received_at: datetime


@post(
    "/v1/searches/{search_id:uuid}/facts",
    guards=[May(Action.SEARCH_WRITE)],
    operation_id="tell_search",
    summary="Tell a search what is known",
    tags=["searches"],
    raises_problems=[Conflict],
)
async def tell_search(
    search_id: FromPath[UUID],
    data: JSONBody[TellFact],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> FactOut:
    """A sighting (the map begins anew there), a sweep of searchers who did not find her, a place of her own, the way
    she went, that she may have ridden, what lies on the ground, a note. The next map knows it. What the service knows
    by itself (positions, passages, geofences, detectors) need not be told. 409 for a search that is closed.
    """
    now = clock()
    told: Told = data.fact
    fact, by = await database.write(lambda c: service.tell(c, viewer, SearchId(search_id), told, data.at, now))
    return _out(fact, by)


@get(
    "/v1/searches/{search_id:uuid}/facts",
    guards=[May(Action.SEARCH_READ)],
    operation_id="list_facts",
    summary="What was told to a search",
    tags=["searches"],
    raises_problems=[Overloaded],  # The look is a write.
)
async def list_facts(
    search_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[FactOut]:
    """Facts that were not withdrawn, oldest first. The look is noted, and the family can read it."""
    now, after = clock(), decode_cursor(cursor, UUID)
    found, names = await database.write(lambda c: service.facts(c, viewer, SearchId(search_id), after, limit + 1, now))
    return page([_out(one, names.get(one.by, "")) for one in found], limit, lambda one: one.id)


@delete(
    "/v1/searches/{search_id:uuid}/facts/{fact_id:uuid}",
    guards=[May(Action.SEARCH_WRITE)],
    operation_id="withdraw_fact",
    summary="It was wrong",
    tags=["searches"],
    raises_problems=[Conflict],
)
async def withdraw_fact(
    search_id: FromPath[UUID],
    fact_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Takes a fact back: no map knows it any more. 404 when it was withdrawn before, 409 when the search is closed."""
    now = clock()
    await database.write(lambda c: service.withdraw(c, viewer, SearchId(search_id), FactId(fact_id), now))


def _out(fact: Fact, by: str) -> FactOut:
    return FactOut(id=fact.id, at=fact.at, fact=read(fact), by=by, received_at=fact.received_at)


ROUTES: list[HTTPRouteHandler] = [tell_search, list_facts, withdraw_fact]
