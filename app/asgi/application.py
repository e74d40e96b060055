"""Builds the ASGI application: Litestar with the routes of all rooms, the edge beside it, what all answers share
around.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
import structlog
from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import ClientException, HTTPException
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CollectorRegistry

from app.accounts.auth import SAFE_METHODS, provide_viewer
from app.accounts.routes import ROUTES as ACCOUNTS
from app.alerts.routes import ROUTES as ALERTS
from app.asgi import docs, health
from app.asgi.health import Meters
from app.asgi.parameters import with_limits
from app.config import Settings
from app.db.engine import Database
from app.devices.routes import ROUTES as DEVICES
from app.geo.routes import ROUTES as GEO
from app.history.routes import ROUTES as HISTORY
from app.households.routes import ROUTES as HOUSEHOLDS
from app.kit.clock import Clock, monotonic_s
from app.live import ROUTES as LIVE
from app.operations import ROUTES as OPERATIONS
from app.problems import EXCEPTION_HANDLERS, describe
from app.watch.routes import ROUTES as WATCH
from beacon_ingest.registry import Registry

log = structlog.get_logger()

ROUTES: tuple[HTTPRouteHandler, ...] = (
    *ACCOUNTS,
    *HOUSEHOLDS,
    *DEVICES,
    *GEO,
    *HISTORY,
    *WATCH,
    *ALERTS,
    *LIVE,
    *OPERATIONS,
    *health.ROUTES,
    *docs.ROUTES,
)
"""The routes of all rooms, in the order of the rooms."""

EDGE_PREFIX = "/ingest/"
BODY_MAX_BYTES = 256 * 1024
COMMON_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
API_POLICY = b"default-src 'none'; frame-ancestors 'none'"
UNLOGGED = ("/health/", "/metrics")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI 3 application; every library has its own types for the same three arguments."""

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


class Application:
    """The ASGI application. What devices send goes to the edge without a detour; `litestar` answers everything else."""

    def __init__(self, litestar: Litestar, edge: Asgi | None, meters: Meters) -> None:
        self.litestar = litestar
        self._web: Asgi = litestar
        self._edge = edge
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._web(scope, receive, send)
        elif self._edge is not None and scope["path"].startswith(EDGE_PREFIX):
            await self._edge(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets Litestar answer; adds the headers that every answer has, counts it and logs it by its route."""
        started_s = monotonic_s()
        path: str = scope["path"]
        status = 0

        async def send_on(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_common(path, message["headers"])
            await send(message)

        try:
            await self._web(scope, receive, send_on)
        finally:
            seconds = monotonic_s() - started_s
            route = scope.get("path_template", "")
            method = scope["method"]
            self._meters.count(method, route, status, seconds)
            if not path.startswith(UNLOGGED):
                log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def _with_common(path: str, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with ours added: nothing of the API may be kept by a cache or shown in a frame."""
    all_headers = [*headers, *COMMON_HEADERS]
    if path.startswith("/v1/"):
        all_headers = [pair for pair in all_headers if pair[0].lower() != b"cache-control"]
        all_headers.append((b"cache-control", b"no-store"))
    policy = docs.CONTENT_POLICY.encode() if path.startswith(docs.PATH) else API_POLICY
    return [*all_headers, (b"content-security-policy", policy)]


class JsonRequest(Request[Any, Any, Any]):
    """A request whose body is refused as unreadable also where Litestar would call it a defect of ours."""

    async def json(self) -> Any:
        """The body, decoded. Raises `ClientException` (400) for bytes that are no UTF-8 and for nesting without end."""
        try:
            return await super().json()
        except (UnicodeDecodeError, RecursionError):
            raise ClientException from None


def take_json_only(request: Request[Any, Any, Any]) -> None:
    """Refuses bodies that do not say that they are JSON (415).

    A page of another site can make a browser send us a form or plain text with our cookies, but never JSON unless we
    agree.
    """
    headers = request.headers
    if request.method in SAFE_METHODS:
        return
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException("Send JSON with the header content-type: application/json.", status_code=415)


def create_app(
    settings: Settings,
    database: Database,
    clock: Clock,
    *,
    edge: Asgi | None = None,
    registry: Registry | None = None,
    metrics: CollectorRegistry | None = None,
    lifespan: Sequence[Lifespan] = (),
) -> Application:
    """The application. It neither starts nor stops the database.

    `edge` answers `/ingest/…`, `registry` is what it knows (not ready until it is), `metrics` holds the edge's counters
    beside ours.
    """
    meters = Meters(metrics or CollectorRegistry(), database)
    state: dict[str, Any] = {
        "settings": settings,
        "database": database,
        "clock": clock,
        "registry": registry,
        "meters": meters,
    }
    return Application(_litestar(state, lifespan), edge, meters)


def _litestar(state: dict[str, Any], lifespan: Sequence[Lifespan]) -> Litestar:
    """Litestar with all routes; what they ask for by name comes from `state`."""
    with_limits(ROUTES)
    describe(ROUTES)
    names = ("settings", "database", "clock", "registry", "meters")
    dependencies = {name: Provide(_giver(state, name), sync_to_thread=False) for name in names}
    return Litestar(
        ROUTES,
        state=State(state, deep_copy=False),
        dependencies={**dependencies, "viewer": Provide(provide_viewer)},
        exception_handlers=EXCEPTION_HANDLERS,
        before_request=take_json_only,
        request_class=JsonRequest,
        request_max_body_size=BODY_MAX_BYTES,
        openapi_config=docs.openapi_config(),
        lifespan=list(lifespan),
        logging_config=None,
        debug=False,
        pdb_on_exception=False,
    )


def _giver(state: dict[str, Any], name: str) -> Callable[[], Any]:
    def give() -> Any:
        return state[name]

    return give


def openapi_json() -> str:
    """The description of the API as it is checked in: JSON, indented, with a line break at the end."""
    schema = _litestar({}, ()).openapi_schema.to_schema()
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"
