"""Who is behind a request: bearer token or cookie, protection against forged requests, and the guard that names an
action.

An `Authorization` header always wins over the cookie, also when it is wrong: who sends one means it. A browser sends
the cookie by itself, whoever made it ask, so a request that changes something must also show the CSRF value, which only
a page of ours can read (OWASP, "signed double-submit cookie").
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from litestar.connection import ASGIConnection, Request
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from msgspec.structs import replace

from app.accounts import service
from app.accounts.model import Viewer
from app.accounts.permissions import Action, allowed
from app.config import Settings
from app.db.engine import Database
from app.kit.clock import Clock
from app.kit.errors import NotAllowed, NotSignedIn, Overloaded

Result = TypeVar("Result")
Connection = ASGIConnection[Any, Any, Any, Any]

SIGN_IN_COOKIE = "mimamori_sign_in"
CSRF_COOKIE = "mimamori_csrf"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FOUND = "mimamori_viewer"


class May:
    """Lets a request through if somebody is signed in whose role may do `action`.

    Raises `NotSignedIn` and `NotAllowed`. Whose things the viewer gets is asked later, in the services.
    """

    def __init__(self, action: Action) -> None:
        self.action = action

    async def __call__(self, connection: Connection, _handler: BaseRouteHandler) -> None:
        viewer = await viewer_behind(connection)
        if not allowed(viewer.role, self.action):
            raise NotAllowed

    def __repr__(self) -> str:
        return f"May({self.action.value})"


async def provide_viewer(request: Request[Any, Any, Any]) -> Viewer:
    """The signed-in person, for handlers that ask for `viewer`. Raises `NotSignedIn`."""
    return await viewer_behind(request)


async def viewer_behind(connection: Connection) -> Viewer:
    """The signed-in person behind a request, looked up once a request.

    Raises `NotSignedIn`, and `NotAllowed` for a forged one.
    """
    known = connection.scope["state"].get(_FOUND)
    if isinstance(known, Viewer):
        return known
    token, by_cookie = presented_token(connection)
    viewer = replace(await _look_up(connection, token), by_cookie=by_cookie)
    if by_cookie and connection.scope.get("method") not in SAFE_METHODS:
        _check_csrf(connection, token)
    connection.scope["state"][_FOUND] = viewer
    return viewer


def presented_token(connection: Connection) -> tuple[str, bool]:
    """The token of a request, and whether it came in the cookie. Raises `NotSignedIn` when there is none."""
    header = connection.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NotSignedIn
        return token.strip(), False
    cookie = connection.cookies.get(SIGN_IN_COOKIE)
    if not cookie:
        raise NotSignedIn
    return cookie, True


async def _look_up(connection: Connection, token: str) -> Viewer:
    database: Database = connection.app.state["database"]
    clock: Clock = connection.app.state["clock"]
    now = clock()
    found = await database.read(lambda c: service.found_by(c, token, now))
    if found is None:
        raise NotSignedIn
    if now - found.last_used_at >= service.USED_EVERY:
        # When it was last used is a courtesy; a full queue must not keep anybody from looking.
        with suppress(Overloaded):
            await database.write(lambda c: service.note_use(c, found, now))
    return found.viewer


def csrf_value(token: str) -> str:
    """The value that belongs to a sign-in and that no other site knows: HMAC-SHA-256 keyed with the token, in hex."""
    return hmac.new(token.encode(), b"mimamori csrf", hashlib.sha256).hexdigest()


def _check_csrf(connection: Connection, token: str) -> None:
    shown = connection.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(shown.encode("utf-8", "replace"), csrf_value(token).encode()):
        raise NotAllowed(f"A browser must send the header {CSRF_HEADER} with the value of the cookie {CSRF_COOKIE}.")


def refuse_other_sites(connection: Connection) -> None:
    """Raises `NotAllowed` for a request that another site made a browser send: signing somebody in unasked is an attack
    too.

    Browsers tell it in `Sec-Fetch-Site` (W3C Fetch Metadata); one that does not is stopped because only JSON is taken,
    which it may not send to another site without asking. Apps send no such header.
    """
    site = connection.headers.get("sec-fetch-site", "none")
    if site not in ("none", "same-origin"):
        raise NotAllowed("Sign in on a page of this service.")


def sign_in_cookies(settings: Settings, token: str) -> list[Cookie]:
    """The cookies of a browser that is signed in: the token, which no script can read, and the CSRF value, which ours
    must.
    """
    return _cookies(settings, token, csrf_value(token), settings.sign_in_days * 24 * 3600)


def sign_out_cookies(settings: Settings) -> list[Cookie]:
    """The same cookies, ended."""
    return _cookies(settings, "", "", 0)


def _cookies(settings: Settings, token: str, csrf: str, max_age_s: int) -> list[Cookie]:
    secure = (settings.public_url or "").lower().startswith("https:")
    return [
        Cookie(SIGN_IN_COOKIE, value=token, max_age=max_age_s, secure=secure, httponly=True, samesite="lax"),
        Cookie(CSRF_COOKIE, value=csrf, max_age=max_age_s, secure=secure, httponly=False, samesite="lax"),
    ]


def peer_of(connection: Connection) -> str:
    """The network address that a request came from; behind a proxy the server must be told to trust its headers."""
    return connection.client.host if connection.client else ""


class SlowWork:
    """Runs what takes long and much memory on a few threads of its own, and refuses when too many wait."""

    def __init__(self, threads: int, waiting_max: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="mimamori-password")
        self._waiting_max = waiting_max
        self._waiting = 0

    @property
    def full(self) -> bool:
        """Whether the next piece would be refused."""
        return self._waiting >= self._waiting_max

    async def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """What `function` returns. Raises `Overloaded`."""
        if self.full:
            raise Overloaded
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)
        finally:
            self._waiting -= 1


HASHING = SlowWork(threads=2, waiting_max=64)
"""Every password goes through here: two at a time are 38 MiB, and a flood of sign-ins neither fills the memory nor
stops the event loop.
"""
