"""What is reported as abuse of boards, for the staff of the city."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get, post
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
from app.kit.ids import ReportId, ThreadId
from app.stickers.routes.shapes import BoardDetail, detail_of
from app.stickers.service import answering, guarding
from app.stickers.store.reports import Report
from app.stickers.threads import BLOCK_HOURS_MAX, WORDS_MAX, Side

Hours = Annotated[int, Meta(ge=1, le=BLOCK_HOURS_MAX, description="so long the finder begins no thread there")]


class Block(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how long."""

    hours: Hours = 24


class Settle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of a report; with `block_hours` the thread is closed and who began it is blocked."""

    words: Annotated[str, Meta(min_length=1, max_length=WORDS_MAX)]
    block_hours: Hours | None = None


class ReportOut(Struct, frozen=True, kw_only=True):
    """Somebody says that a board is abused. What was written there is read on the board, by who may see her alerts."""

    id: UUID
    board: UUID
    sticker: Annotated[str, Meta(description="the number that is printed on it")]
    side: Annotated[Side, Meta(description="who reports it")]
    reason: str
    at: datetime
    settled_at: datetime | None
    settled: str


@post(
    "/v1/boards/{thread_id:uuid}/block",
    guards=[May(Action.BOARD_LEAD)],
    operation_id="block_finder",
    summary="Block who began this board",
    tags=["boards"],
    status_code=200,
)
async def block_finder(
    thread_id: FromPath[UUID],
    data: JSONBody[Block],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> BoardDetail:
    """The thread ends, and its finder's connection begins none on this sticker for so long. The alert goes on until
    somebody ends it: that a board was abused does not say that nobody is with her.
    """
    now = clock()
    blocked = await database.write(lambda c: answering.block(c, viewer, ThreadId(thread_id), data.hours, now))
    return detail_of(blocked)


@get(
    "/v1/sticker-reports",
    guards=[May(Action.BOARD_LEAD)],
    operation_id="list_sticker_reports",
    summary="Boards that were reported as abused",
    tags=["boards"],
)
async def list_sticker_reports(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    open: FromQuery[bool] = True,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[ReportOut]:
    """Of your city, newest first; without `open=false` only those that nobody has settled."""
    before = decode_cursor(cursor, UUID)
    found = await database.read(lambda c: guarding.reports(c, viewer, only_open=open, before=before, count=limit + 1))
    return page([_out(one) for one in found], limit, lambda one: one.id)


@post(
    "/v1/sticker-reports/{report_id:uuid}/settle",
    guards=[May(Action.BOARD_LEAD)],
    operation_id="settle_sticker_report",
    summary="Settle a report",
    tags=["boards"],
    status_code=200,
)
async def settle_sticker_report(
    report_id: FromPath[UUID],
    data: JSONBody[Settle],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ReportOut:
    """What became of it; the finder can be blocked with it, also by who may not read the board. One that was settled
    stays as it is.
    """
    now, key = clock(), ReportId(report_id)
    return _out(await database.write(lambda c: guarding.settle(c, viewer, key, data.words, data.block_hours, now)))


def _out(one: Report) -> ReportOut:
    return ReportOut(
        id=one.id, board=one.thread_id, sticker=one.number, side=one.side, reason=one.reason, at=one.at,
        settled_at=one.settled_at, settled=one.settled,
    )  # fmt: skip


ROUTES: list[HTTPRouteHandler] = [block_finder, list_sticker_reports, settle_sticker_report]
