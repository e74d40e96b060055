"""The board as the finder has it: the secret in the cookie of her phone is all that opens it."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from litestar import HttpMethod, get, post, route
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.auth import SlowWork
from app.db.engine import Database
from app.kit.clock import Clock
from app.kit.errors import Conflict, InvalidInput, MimamoriError, Overloaded, TooMany
from app.pictures import drawn_anew
from app.stickers import service
from app.stickers.pages.after import after_page, nothing_page
from app.stickers.pages.board import (
    BOARD_PATH,
    LIVE_PATH,
    REAL_PATH,
    REPORT_PATH,
    STATES,
    BoardShown,
    LineShown,
    board_page,
    live_part,
)
from app.stickers.routes.asking import (
    FORM_BYTES_MAX,
    PHOTO_FORM_BYTES_MAX,
    Asked,
    Page,
    asked_language,
    field,
    form_of,
    html,
    language_of,
    onward,
    refuse_other_sites,
    secret_in,
)
from app.stickers.service import boards
from app.stickers.threads import PHOTO_SIZE, FinderLine, FinderSaid, HerState, Mode, SharedPlace, Side, ThreadState

DRAWING: Final = SlowWork(threads=1, waiting_max=8)
"""Finders' photos are drawn anew one after another."""
SAID: Final[Mapping[str, str]] = {"sent": "write.sent", "told": "report.done"}
"""What a page says after a form was sent, by the word in its address."""
REFUSALS: Final[Mapping[type[MimamoriError], tuple[str, int]]] = {
    InvalidInput: ("error.long", 400),
    TooMany: ("error.full", 429),
    Overloaded: ("wait.busy", 503),
}


class Sent(Struct, frozen=True, kw_only=True):
    """What the form holds. `refused`: why it cannot be kept."""

    said: FinderSaid
    once: str
    photo: bytes = b""
    refused: str = ""


@route(BOARD_PATH, http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def show_board(request: Asked, database: NamedDependency[Database], clock: NamedDependency[Clock]) -> Page:
    """The board of this phone, or how it ended."""
    board = await _board(request, database, clock())
    said = SAID.get(request.query_params.get("ok", ""), "")
    return _page(request, board, said=said)


@get(LIVE_PATH, include_in_schema=False)
async def show_live(request: Asked, database: NamedDependency[Database], clock: NamedDependency[Clock]) -> Page:
    """The part that changes, for the script; 410 when there is nothing more to wait for."""
    board = await _board(request, database, clock())
    if board is None or not board.view.goes_on:
        return html("", 410)
    return html(live_part(_shown(request, board)))


@post(
    BOARD_PATH, include_in_schema=False, before_request=refuse_other_sites,
    request_max_body_size=PHOTO_FORM_BYTES_MAX, status_code=303,
)  # fmt: skip
async def write(request: Asked, database: NamedDependency[Database], clock: NamedDependency[Clock]) -> Page:
    """She wrote, ticked, told where they are, or sent a photo. What was sent before changes nothing."""
    secret, now = secret_in(request), clock()
    board = await _board(request, database, now)
    if board is None or not board.view.goes_on:  # Nobody else makes us read megabytes.
        return _page(request, board)
    sent = await _sent(await form_of(request))
    if sent.refused:
        return _page(request, board, refused=sent.refused, sent=sent, status=400)
    try:
        photo = await DRAWING.run(drawn_anew, sent.photo, PHOTO_SIZE, "photo") if sent.photo else None
    except InvalidInput:
        return _page(request, board, refused="error.photo", sent=sent, status=400)
    except Overloaded:
        return _page(request, board, refused="wait.busy", sent=sent, status=503)

    def keep(connection: Connection) -> None:
        if not sent.said.is_empty:
            boards.say(connection, secret, sent.said, sent.once, now)
        if photo is not None:
            boards.add_photo(connection, secret, photo, f"{sent.once}-photo", now)

    try:
        await database.write(keep)
    except Conflict:  # It ended meanwhile; the page says how.
        return onward(BOARD_PATH, request)
    except (InvalidInput, TooMany, Overloaded) as error:
        refused, status = REFUSALS[type(error)]
        if photo is not None and isinstance(error, TooMany):
            refused = "error.photo"
        return _page(request, board, refused=refused, sent=sent, status=status)
    return onward(BOARD_PATH, request, ok="sent")


@post(
    REPORT_PATH, include_in_schema=False, before_request=refuse_other_sites, request_max_body_size=FORM_BYTES_MAX,
    status_code=303,
)  # fmt: skip
async def report(request: Asked, database: NamedDependency[Database], clock: NamedDependency[Clock]) -> Page:
    """Somebody writes to her what they should not: the city looks at it."""
    secret, now, form = secret_in(request), clock(), await form_of(request)
    reason = "" if form is None else field(form, "words")
    board = await _board(request, database, now)
    if board is None:
        return _page(request, board)
    try:
        await database.write(lambda c: boards.report(c, secret, reason, now))
    except (InvalidInput, TooMany, Overloaded) as error:
        refused, status = REFUSALS[type(error)]
        return _page(request, board, refused=refused, status=status)
    except Conflict:
        pass  # It is reported already.
    return onward(BOARD_PATH, request, ok="told")


@post(
    REAL_PATH, include_in_schema=False, before_request=refuse_other_sites, request_max_body_size=FORM_BYTES_MAX,
    status_code=303,
)  # fmt: skip
async def in_earnest(request: Asked, database: NamedDependency[Database], clock: NamedDependency[Clock]) -> Page:
    """Somebody found her while her family tried its stickers, or the city exercised: it is no test for her."""
    secret, now = secret_in(request), clock()
    board = await _board(request, database, now)
    if board is None:
        return _page(request, board)
    try:
        await database.write(lambda c: boards.in_earnest(c, secret, now))
    except Overloaded:
        return _page(request, board, refused="wait.busy", status=503)
    return onward(BOARD_PATH, request)


async def _board(request: Asked, database: Database, now: datetime) -> service.Board | None:
    secret = secret_in(request)
    if not secret:
        return None
    return await database.read(lambda c: service.board_of(c, secret, now))


async def _sent(form: FormMultiDict | None) -> Sent:
    """What a form holds, as far as it can be meant."""
    if form is None:  # Too large, most likely, and a photo is all that can be.
        return Sent(said=FinderSaid(), once="", refused="error.photo")
    ticked = frozenset(HerState(one) for one in form.getall("state", []) if one in STATES)
    said = FinderSaid(
        states=ticked, words=field(form, "words"), typed_place=field(form, "place"), place=_place_in(form)
    )
    photo = form.get("photo")
    content = await photo.read() if isinstance(photo, UploadFile) else b""
    refused = "error.empty" if said.is_empty and not content else ""
    return Sent(said=said, once=field(form, "once") or secrets.token_urlsafe(16), photo=content, refused=refused)


def _place_in(form: FormMultiDict) -> SharedPlace | None:
    """What her phone said of where it is; None where it said nothing that can be meant."""
    try:
        lat_deg, lon_deg, accuracy_m = (float(field(form, name)) for name in ("lat", "lon", "accuracy"))
    except ValueError:
        return None
    if not (-90 <= lat_deg <= 90 and -180 <= lon_deg <= 180 and accuracy_m >= 0):  # Not a number is none of it.
        return None
    return SharedPlace(lat_deg=lat_deg, lon_deg=lon_deg, accuracy_m=min(accuracy_m, ACCURACY_M_MAX))


ACCURACY_M_MAX: Final = 100_000.0


def _page(
    request: Asked, board: service.Board | None, *, said: str = "", refused: str = "", sent: Sent | None = None,
    status: int = 200,
) -> Page:  # fmt: skip
    language = language_of(request)
    if board is None:
        return html(nothing_page(language), 404)
    view = board.view
    if view.goes_on:
        return html(board_page(_shown(request, board, said, refused, sent)), status)
    how = "handed_over" if view.state is ThreadState.HANDED_OVER else "closed"
    code = "" if view.last_code is None else view.last_code.value
    return html(after_page(language, how, code=code, last=view.last_words, mark=_mark(view.mode)))


def _shown(
    request: Asked, board: service.Board, said: str = "", refused: str = "", sent: Sent | None = None
) -> BoardShown:
    view, zone, typed = board.view, ZoneInfo(board.zone), FinderSaid() if sent is None else sent.said
    arrives = "" if view.arrives_at is None else _clock_of(view.arrives_at, zone)
    return BoardShown(
        language=language_of(request),
        once=secrets.token_urlsafe(16),
        told_at=_clock_of(view.begun_at, zone),
        coming_at=arrives if view.coming else None,
        guard=view.guard_comes,
        lines=[_line(line, zone) for line in view.lines],
        nickname=view.nickname,
        helps=view.helps,
        illness=view.illness,
        contact_phone=view.phone,
        city_phone=board.city_phone,
        mark=_mark(view.mode),
        asked=asked_language(request),
        said=said,
        refused=refused,
        typed=typed.words,
        typed_place=typed.typed_place,
        ticked=frozenset(state.value for state in typed.states),
    )


def _line(line: FinderLine, zone: ZoneInfo) -> LineShown:
    place = line.typed_place or ("" if line.shared_place else None)
    return LineShown(
        by="city" if line.side is Side.SERVICE else line.side.value, at=_clock_of(line.at, zone), words=line.words,
        photo=line.has_photo, place=place, states=[state.value for state in line.states],
    )  # fmt: skip


def _clock_of(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M}"


def _mark(mode: Mode) -> str:
    return "" if mode is Mode.REAL else mode.value


ROUTES: list[HTTPRouteHandler] = [show_board, show_live, write, report, in_earnest]
