"""The page behind the QR code of a sticker. Looking calls nobody; a tap does (`routes/board.py` goes on from there)."""

import asyncio
import secrets
from contextlib import suppress
from typing import Final

from litestar import HttpMethod, Response, get, route
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.accounts.auth import peer_of
from app.db.engine import Database
from app.kit.clock import Clock, monotonic_s
from app.kit.errors import Overloaded
from app.stickers import agents, codes, service
from app.stickers.limits import RETRY_S, Limits
from app.stickers.pages.frame import SCRIPT, SCRIPT_PATH
from app.stickers.pages.scan import Scanned, scan_page, unused_page, wait_page
from app.stickers.routes.asking import Asked, Page, asked_language, html, language_of

PATHS: Final = ["/s/{code:str}", "/S/{code:str}"]
"""QR codes pack capitals more densely; people type small letters."""


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


@get(SCRIPT_PATH, include_in_schema=False, sync_to_thread=False)
def script() -> Response[bytes]:
    """The one script of these pages, which all of them work without."""
    return Response(SCRIPT, media_type="text/javascript", headers={"Cache-Control": "public, max-age=86400"})


ROUTES: list[HTTPRouteHandler] = [show_page, script]
