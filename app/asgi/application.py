"""The ASGI application: the device edge and the web behind one door, and what all answers share.

The web is built in the background while the edge already works: devices and whoever watches the process are answered
before the last route is in place, and a request to the web waits for it.
"""

import asyncio
import secrets
import threading
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import CollectorRegistry

from app.asgi.headers import with_common
from app.asgi.meters import LIVE_PATH, RequestMeters
from app.config import Settings
from app.db.engine import Database
from app.kit.clock import Clock, monotonic_s
from app.stickers.limits import Limits
from beacon_ingest.registry import Registry

if TYPE_CHECKING:
    from litestar import Litestar

log = structlog.get_logger()

EDGE_PREFIX = "/ingest/"
UNLOGGED = ("/health/", "/metrics")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI 3 application; every library has its own types for the same three arguments."""

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


class Application:
    """The ASGI application. What devices send goes to the edge without a detour; Litestar answers everything else."""

    def __init__(
        self, state: dict[str, Any], *, edge: Asgi | None, meters: RequestMeters, lifespan: Sequence[Lifespan]
    ) -> None:
        self._state = state
        self._edge = edge
        self._meters = meters
        self._lifespan = lifespan
        self._web: Litestar | None = None
        self._building = threading.Lock()

    @property
    def litestar(self) -> "Litestar":
        """The web, built when it is first asked for."""
        if self._web is None:
            with self._building:
                if self._web is None:
                    from app.asgi.web import build

                    self._web = build(self._state)
        return self._web

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] != "http":
            web: Asgi = self.litestar
            await web(scope, receive, send)
        elif self._edge is not None and scope["path"].startswith(EDGE_PREFIX):
            await self._edge(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Opens what `lifespan` names, begins to build the web, and closes everything when the server says so."""
        await receive()
        async with AsyncExitStack() as stack:
            for open_one in self._lifespan:
                await stack.enter_async_context(open_one())
            building = asyncio.ensure_future(self._built())
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await building
        await send({"type": "lifespan.shutdown.complete"})

    async def _built(self) -> "Litestar":
        """The web, built beside the event loop."""
        return await asyncio.to_thread(lambda: self.litestar)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the web answer; adds the headers that every answer has, counts it and logs it by its route."""
        started_s = monotonic_s()
        path: str = scope["path"]
        status = 0

        async def send_on(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = with_common(path, message["headers"])
            await send(message)

        try:
            if path == LIVE_PATH and scope["method"] == "GET":
                await _answer_alive(scope, send_on)
            else:
                web: Asgi = self.litestar if self._web is not None else await self._built()
                await web(scope, receive, send_on)
        finally:
            seconds = monotonic_s() - started_s
            route = scope.get("path_template", "")
            method = scope["method"]
            self._meters.count(method, route, status, seconds)
            if not path.startswith(UNLOGGED):
                log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


async def _answer_alive(scope: Scope, send: Send) -> None:
    """The answer of `health.live`, without the web: the process answers also while that is being built."""
    scope["path_template"] = LIVE_PATH
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"alive":true}'})


def create_app(
    settings: Settings,
    database: Database,
    clock: Clock,
    *,
    edge: Asgi | None = None,
    registry: Registry | None = None,
    metrics: CollectorRegistry | None = None,
    detector_secret: bytes | None = None,
    lifespan: Sequence[Lifespan] = (),
) -> Application:
    """The application. It neither starts nor stops the database.

    `edge` answers `/ingest/…`, `registry` is what it knows (not ready until it is), `metrics` holds the edge's counters
    beside ours; keys of detectors are made from `detector_secret`, without one they are good for nothing; `lifespan` is
    opened before the first request and closed after the last.
    """
    meters = RequestMeters(metrics or CollectorRegistry())
    state: dict[str, Any] = {
        "settings": settings,
        "database": database,
        "clock": clock,
        "registry": registry,
        "meters": meters,
        "detector_secret": detector_secret or secrets.token_bytes(32),
        "finder_limits": Limits(),
    }
    return Application(state, edge=edge, meters=meters, lifespan=lifespan)


def openapi_json() -> str:
    """The description of the API as it is checked in: JSON, indented, with a line break at the end."""
    from app.asgi import web

    return web.openapi_json()
