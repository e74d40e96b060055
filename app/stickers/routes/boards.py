"""The boards on which a family and whoever found her write to each other, as the family and the city see them."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.errors import Conflict, Overloaded, TooMany
from app.kit.ids import LineId, ThreadId, WearerId
from app.stickers.routes.shapes import BoardDetail, BoardOut, board_of, detail_of
from app.stickers.service import answering as service
from app.stickers.service import reporting
from app.stickers.threads import WORDS_MAX, LastWords

JPEG = "image/jpeg"
Words = Annotated[str, Meta(min_length=1, max_length=WORDS_MAX, description="plain text")]


class WriteLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the finder is to read."""

    words: Words


class Coming(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody is on the way; the finder reads when he thinks he is there."""

    arrives_in_min: Annotated[int, Meta(ge=1, le=600)] | None = None


class Thanks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last line for the finder: chosen words, which she reads in her language, or own words, or both."""

    code: LastWords | None = None
    words: Annotated[str, Meta(max_length=WORDS_MAX)] = ""


class ReportAbuse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wrong with a board."""

    reason: Words


class PoliceText(Struct, frozen=True, kw_only=True):
    """What can be read out, or sent, to the police."""

    text: str


@get(
    "/v1/boards",
    guards=[May(Action.BOARD_READ)],
    operation_id="list_boards",
    summary="Boards, newest first",
    tags=["boards"],
)
async def list_boards(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    wearer: FromQuery[UUID | None] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[BoardOut]:
    """The boards of those whose alerts you may see, or only those of one `wearer`; your own tests, and the exercises
    in which you take part. No place is in the list.
    """
    now, before = clock(), decode_cursor(cursor, tuple[datetime, UUID])
    key = None if wearer is None else WearerId(wearer)
    found = await database.read(lambda c: service.listed(c, viewer, key, before, limit + 1, now))
    return page([board_of(one) for one in found], limit, lambda one: (one.begun_at, one.id))


@get(
    "/v1/boards/{thread_id:uuid}",
    guards=[May(Action.BOARD_READ)],
    operation_id="read_board",
    summary="One board",
    tags=["boards"],
    raises_problems=[Overloaded],  # The look is a write.
)
async def read_board(
    thread_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> BoardDetail:
    """The board with its lines. Where the finder says that they are is there only for those who may see places; that
    look is noted. The finder has no name here, and you have none there.
    """
    now = clock()
    return detail_of(await database.write(lambda c: service.read(c, viewer, ThreadId(thread_id), now)))


@get(
    "/v1/boards/{thread_id:uuid}/photos/{line_id:uuid}",
    guards=[May(Action.BOARD_READ)],
    operation_id="read_board_photo",
    summary="A photo that the finder sent",
    tags=["boards"],
    media_type=JPEG,
    responses={200: ResponseSpec(bytes, generate_examples=False, media_type=JPEG, description="a JPEG file")},
)
async def read_board_photo(
    thread_id: FromPath[UUID],
    line_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[bytes]:
    """At most 1,280 pixels wide, without what the camera wrote beside the picture."""
    now, key, line = clock(), ThreadId(thread_id), LineId(line_id)
    jpeg = await database.read(lambda c: service.photo(c, viewer, key, line, now))
    headers = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}
    return Response(jpeg, media_type=JPEG, headers=headers)


@post(
    "/v1/boards/{thread_id:uuid}/lines",
    guards=[May(Action.BOARD_WRITE)],
    operation_id="write_on_board",
    summary="Write to the finder",
    tags=["boards"],
    status_code=200,
    raises_problems=[Conflict, TooMany],
)
async def write_on_board(
    thread_id: FromPath[UUID],
    data: JSONBody[WriteLine],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> BoardDetail:
    """Staff writes as the city. The finder reads whether it is the family or the city, and no name."""
    now = clock()
    return detail_of(await database.write(lambda c: service.write(c, viewer, ThreadId(thread_id), data.words, now)))


@post(
    "/v1/boards/{thread_id:uuid}/coming",
    guards=[May(Action.BOARD_WRITE)],
    operation_id="come_to_finder",
    summary="I am on the way",
    tags=["boards"],
    status_code=200,
    raises_problems=[Conflict],
)
async def come_to_finder(
    thread_id: FromPath[UUID],
    data: JSONBody[Coming],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> BoardDetail:
    """The finder reads that somebody comes, and when. The alert is taken, as “on the way” there does."""
    now, minutes = clock(), data.arrives_in_min
    within = None if minutes is None else timedelta(minutes=minutes)
    return detail_of(await database.write(lambda c: service.come(c, viewer, ThreadId(thread_id), within, now)))


@post(
    "/v1/boards/{thread_id:uuid}/hand-over",
    guards=[May(Action.BOARD_WRITE)],
    operation_id="take_her_over",
    summary="She was handed over",
    tags=["boards"],
    status_code=200,
    raises_problems=[Conflict],
)
async def take_her_over(
    thread_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> BoardDetail:
    """Ends the thread, and the alert where no other finder's thread about her goes on."""
    now = clock()
    return detail_of(await database.write(lambda c: service.hand_over(c, viewer, ThreadId(thread_id), now)))


@post(
    "/v1/boards/{thread_id:uuid}/close",
    guards=[May(Action.BOARD_WRITE)],
    operation_id="close_board",
    summary="Nothing comes of this board",
    tags=["boards"],
    status_code=200,
    raises_problems=[Conflict],
)
async def close_board(
    thread_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> BoardDetail:
    """Ends the thread without a hand-over. The alert goes on until somebody ends it."""
    now = clock()
    return detail_of(await database.write(lambda c: service.close(c, viewer, ThreadId(thread_id), now)))


@post(
    "/v1/boards/{thread_id:uuid}/thanks",
    guards=[May(Action.BOARD_WRITE)],
    operation_id="thank_finder",
    summary="One last line for the finder",
    tags=["boards"],
    status_code=200,
    raises_problems=[Conflict],
)
async def thank_finder(
    thread_id: FromPath[UUID],
    data: JSONBody[Thanks],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> BoardDetail:
    """She reads it once it is over, for 24 hours; then her secret is deleted. 409 when there is a last line."""
    now, key = clock(), ThreadId(thread_id)
    return detail_of(await database.write(lambda c: service.thank(c, viewer, key, data.code, data.words, now)))


@post(
    "/v1/boards/{thread_id:uuid}/report",
    guards=[May(Action.BOARD_WRITE)],
    operation_id="report_board",
    summary="This board is abused",
    tags=["boards"],
    status_code=204,
)
async def report_board(
    thread_id: FromPath[UUID],
    data: JSONBody[ReportAbuse],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """The operators of the city are told, and can block who began it."""
    now = clock()
    await database.write(lambda c: service.report(c, viewer, ThreadId(thread_id), data.reason, now))


@get(
    "/v1/boards/{thread_id:uuid}/police-text",
    guards=[May(Action.BOARD_LEAD)],
    operation_id="read_police_text",
    summary="A text for the police",
    tags=["boards"],
    raises_problems=[Conflict, Overloaded],
)
async def read_police_text(
    thread_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> PoliceText:
    """For the staff that sees to an alert which nobody of the family answers: which sticker, when, where, what was
    said, and her description where the police may know of her entry in the register. The look is noted.
    """
    now = clock()
    return PoliceText(text=await database.write(lambda c: reporting.police_text(c, viewer, ThreadId(thread_id), now)))


ROUTES: list[HTTPRouteHandler] = [
    list_boards,
    read_board,
    read_board_photo,
    write_on_board,
    come_to_finder,
    take_her_over,
    close_board,
    thank_finder,
    report_board,
    read_police_text,
]
