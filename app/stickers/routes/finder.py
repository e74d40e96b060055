"""The page behind the QR code of a sticker. Looking calls nobody; a tap does (`routes/board.py` goes on from there)."""

import asyncio
import secrets
from contextlib import suppress
from typing import Final

from litestar import HttpMethod, Response, get, post, route
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.accounts.auth import peer_of
from app.config import Settings
from app.db.engine import Database
from app.kit.clock import Clock, monotonic_s
from app.kit.errors import InvalidInput, Overloaded
from app.stickers import agents, codes, service
from app.stickers.limits import HELD_MAX, HOLD_S, RETRY_S, Limits
from app.stickers.pages.board import BOARD_PATH
from app.stickers.pages.frame import SCRIPT, SCRIPT_PATH
from app.stickers.pages.scan import Scanned, enough_page, scan_page, unused_page, wait_page
from app.stickers.routes.asking import (
    FORM_BYTES_MAX,
    Asked,
    Page,
    asked_language,
    cookie,
    field,
    form_of,
    html,
    language_of,
    onward,
    refuse_other_sites,
    secret_in,
)
from app.stickers.service import boards
from app.stickers.threads import FinderSaid

PATHS: Final = ["/s/{code:str}", "/S/{code:str}"]
"""QR codes pack capitals more densely; people type small letters."""
ENOUGH_MINUTES: Final = 30
"""When somebody comes again whose sticker has called so often within an hour that one more is no news."""


@route(PATHS, http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def show_page(
    request: Asked,
    code: FromPath[str],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    finder_limits: NamedDependency[Limits],
    detector_secret: NamedDependency[bytes],
) -> Page:
    """Shows, and calls nobody: chats make previews of links and mail is looked through by machines."""
    found = await look_up(request, code, database, finder_limits)
    if not isinstance(found, service.Scanned):
        return found
    if request.method == HttpMethod.GET and not agents.is_ahead(request.headers):
        await _note(request, code, found, database, clock, finder_limits, detector_secret)
    return shown(request, code, found)


def shown(request: Asked, code: str, found: service.Scanned, refused: str = "", status: int = 200) -> Page:
    """The page of a sticker that is in use, each time with another `once`."""
    page = Scanned(
        language=language_of(request),
        path=f"/s/{codes.read(code)}",
        once=secrets.token_urlsafe(16),
        city_phone=found.city_phone,
        contact_phone=found.contact_phone,
        asked=asked_language(request),
        refused=refused,
    )
    return html(scan_page(page), status)


async def look_up(request: Asked, code: str, database: Database, limits: Limits) -> service.Scanned | Page:
    """What a code shows; or the page for one that is not in use, or that must wait. What is no code at all is not
    looked for: everybody can tell that it is none.
    """
    language, peer, canonical = language_of(request), peer_of(request), codes.read(code)
    if canonical is None:
        return html(unused_page(language), 404)
    verdict = limits.ask(peer, canonical, monotonic_s())
    if not verdict.allowed:
        await _hold(limits)
        again = {"Retry-After": str(RETRY_S)}
        if request.method in (HttpMethod.GET, HttpMethod.HEAD):
            again["Refresh"] = str(RETRY_S)
        return html(wait_page(language, RETRY_S), 429, again)
    if verdict.wait_s:
        await asyncio.sleep(verdict.wait_s)
    found = await database.read(lambda c: service.scanned(c, canonical))
    if found is None:
        limits.missed(peer, canonical, monotonic_s())
        return html(unused_page(language), 404)
    limits.found(canonical, monotonic_s())
    return found


async def _hold(limits: Limits) -> None:
    """Lets who must wait begin with it here, as long as not too many do."""
    if limits.held >= HELD_MAX:
        return
    limits.held += 1
    try:
        await asyncio.sleep(HOLD_S)
    finally:
        limits.held -= 1


async def _note(
    request: Asked, code: str, found: service.Scanned, database: Database, clock: Clock, limits: Limits, secret: bytes
) -> None:
    """Keeps that somebody looked. A full queue keeps nobody from reading how to help."""
    times = limits.noting(codes.read(code) or code, monotonic_s())
    if not times:
        return
    machine = agents.is_machine(request.headers.get("user-agent", ""))
    mark, language, now = agents.mark_of(secret, peer_of(request)), language_of(request), clock()
    with suppress(Overloaded):
        await database.write(
            lambda c: service.note_scan(
                c, found.sticker, machine=machine, language=language, mark=mark, times=times, now=now
            )
        )


@post(
    PATHS, include_in_schema=False, before_request=refuse_other_sites, request_max_body_size=FORM_BYTES_MAX,
    status_code=303,
)  # fmt: skip
async def begin(
    request: Asked,
    code: FromPath[str],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    finder_limits: NamedDependency[Limits],
    detector_secret: NamedDependency[bytes],
) -> Page:
    """Somebody says that she is with whoever wears this sticker: the family is told before the answer leaves."""
    found = await look_up(request, code, database, finder_limits)
    if not isinstance(found, service.Scanned):
        return found
    form, now = await form_of(request), clock()
    secret, language = secret_in(request), language_of(request)
    once = "" if form is None else field(form, "once")
    mark = agents.finder_mark(detector_secret, peer_of(request), request.headers.get("user-agent", ""))
    key = boards.finder_key(detector_secret)
    try:
        if bool(secret) and await database.write(lambda c: boards.again(c, secret, found.sticker, now)):
            return onward(BOARD_PATH, request)
        begun = await database.write(
            lambda c: boards.begin(
                c, found.sticker, said=FinderSaid(), language=language, mark=mark, once=once, key=key, now=now
            )
        )
    except Overloaded:
        return shown(request, code, found, "wait.busy", 503)
    except InvalidInput:  # A form that is none of ours: the page gives her one.
        return shown(request, code, found, "wait.busy", 400)
    if begun.quiet is not None:
        again = {"Retry-After": str(ENOUGH_MINUTES * 60)}
        return html(enough_page(language, ENOUGH_MINUTES, found.city_phone), 429, again)
    answer = onward(BOARD_PATH, request)
    answer.set_cookie(cookie(settings, begun.secret))
    return answer


@get(SCRIPT_PATH, include_in_schema=False, sync_to_thread=False)
def script() -> Response[bytes]:
    """The one script of these pages, which all of them work without."""
    return Response(SCRIPT, media_type="text/javascript", headers={"Cache-Control": "public, max-age=86400"})


ROUTES: list[HTTPRouteHandler] = [show_page, begin, script]
