"""A family tries its stickers, a city exercises."""

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
from app.accounts.routes.fields import Name
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.errors import Conflict, NotFound
from app.kit.ids import DrillId, WearerId
from app.stickers.service import practice as service
from app.stickers.service.practice import DrillView
from beacon_ingest.messages import Utc

Number = Annotated[str, Meta(min_length=6, max_length=8)]


class TrialShown(Struct, frozen=True, kw_only=True):
    """Until when a tap on her stickers tells only who began the test; null when none goes on."""

    until: datetime | None
    mine: Annotated[bool, Meta(description="whether you began it")]


class MakeDrill(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An exercise: at most 24 hours, with stickers that were given to somebody, and accounts of the city."""

    name: Name
    from_at: Utc
    until_at: Utc
    stickers: Annotated[list[Number], Meta(min_length=1, max_length=100)]
    people: Annotated[list[UUID], Meta(min_length=1, max_length=200)]


class DrillOut(Struct, frozen=True, kw_only=True):
    """An exercise of a city."""

    id: UUID
    name: str
    from_at: datetime
    until_at: datetime
    stickers: list[str]
    people: list[UUID]


@post(
    "/v1/wearers/{wearer_id:uuid}/sticker-test",
    guards=[May(Action.STICKER_OWN)],
    operation_id="begin_sticker_test",
    summary="Try her stickers",
    tags=["stickers"],
    status_code=200,
)
async def begin_sticker_test(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> TrialShown:
    """For 30 minutes a tap on any of her stickers tells only you, marked テスト: no alert, no place in her history. For
    those who manage her.
    """
    now = clock()
    test = await database.write(lambda c: service.begin_test(c, viewer, WearerId(wearer_id), now))
    return TrialShown(until=test.until_at, mine=True)


@get(
    "/v1/wearers/{wearer_id:uuid}/sticker-test",
    guards=[May(Action.STICKER_OWN)],
    operation_id="read_sticker_test",
    summary="Whether her stickers are being tried",
    tags=["stickers"],
)
async def read_sticker_test(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> TrialShown:
    """For those who manage her."""
    now = clock()
    test = await database.read(lambda c: service.test_of(c, viewer, WearerId(wearer_id), now))
    if test is None:
        return TrialShown(until=None, mine=False)
    return TrialShown(until=test.until_at, mine=test.begun_by == viewer.account_id)


@delete(
    "/v1/wearers/{wearer_id:uuid}/sticker-test",
    guards=[May(Action.STICKER_OWN)],
    operation_id="end_sticker_test",
    summary="The test is over",
    tags=["stickers"],
)
async def end_sticker_test(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """A tap is the real thing again. For those who manage her."""
    now = clock()
    await database.write(lambda c: service.end_test(c, viewer, WearerId(wearer_id), now))


@post(
    "/v1/sticker-drills",
    guards=[May(Action.STICKER_DRILL)],
    operation_id="make_sticker_drill",
    summary="Plan an exercise",
    tags=["stickers"],
    raises_problems=[Conflict, NotFound],
)
async def make_sticker_drill(
    data: JSONBody[MakeDrill],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> DrillOut:
    """While it goes on, a tap on its stickers tells only its people, marked 訓練: no alert, no place in anybody's
    history, and nobody outside hears of it. Use stickers that were given for exercises: a real tap on one of them would
    be part of it. 409 for one that is in another exercise at that time.
    """
    now = clock()
    made = await database.write(
        lambda c: service.make_drill(
            c,
            viewer,
            name=data.name,
            from_at=data.from_at,
            until_at=data.until_at,
            stickers=data.stickers,
            people=data.people,
            now=now,
        )
    )
    return _out(made)


@get(
    "/v1/sticker-drills",
    guards=[May(Action.STICKER_DRILL)],
    operation_id="list_sticker_drills",
    summary="Exercises",
    tags=["stickers"],
)
async def list_sticker_drills(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[DrillOut]:
    """Of your city, newest first."""
    before = decode_cursor(cursor, UUID)
    found = await database.read(lambda c: service.drills(c, viewer, before, limit + 1))
    return page([_out(one) for one in found], limit, lambda one: one.id)


@post(
    "/v1/sticker-drills/{drill_id:uuid}/end",
    guards=[May(Action.STICKER_DRILL)],
    operation_id="end_sticker_drill",
    summary="The exercise is over",
    tags=["stickers"],
    status_code=200,
)
async def end_sticker_drill(
    drill_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> DrillOut:
    """A tap on its stickers is the real thing again. Once more changes nothing."""
    now = clock()
    return _out(await database.write(lambda c: service.end_drill(c, viewer, DrillId(drill_id), now)))


def _out(view: DrillView) -> DrillOut:
    one = view.drill
    return DrillOut(
        id=one.id, name=one.name, from_at=one.from_at, until_at=one.until_at, stickers=view.numbers,
        people=list(view.people),
    )  # fmt: skip


ROUTES: list[HTTPRouteHandler] = [
    begin_sticker_test,
    read_sticker_test,
    end_sticker_test,
    make_sticker_drill,
    list_sticker_drills,
    end_sticker_drill,
]
