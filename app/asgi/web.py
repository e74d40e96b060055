"""Litestar with the routes of all rooms. Importing this is half of the time that a start takes, so it is done late."""

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import ClientException, HTTPException
from litestar.handlers import HTTPRouteHandler

from app.accounts.auth import SAFE_METHODS, provide_viewer
from app.accounts.routes import ROUTES as ACCOUNTS
from app.alerts.routes import ROUTES as ALERTS
from app.asgi import docs, health, phone
from app.asgi.parameters import with_limits
from app.asgi.structs import DescribedStructs
from app.billing.routes import ROUTES as BILLING
from app.devices.routes import ROUTES as DEVICES
from app.dispatch.routes import ROUTES as DISPATCH
from app.geo.routes import ROUTES as GEO
from app.history.routes import ROUTES as HISTORY
from app.hooks.routes import ROUTES as HOOKS
from app.households.routes import ROUTES as HOUSEHOLDS
from app.live import ROUTES as LIVE
from app.missing.routes import ROUTES as MISSING
from app.operations import ROUTES as OPERATIONS
from app.problems import EXCEPTION_HANDLERS, describe
from app.programmes.routes import ROUTES as PROGRAMMES
from app.push.routes import ROUTES as PUSH
from app.stickers.routes import ROUTES as STICKERS
from app.tags.routes import ROUTES as TAGS
from app.watch.routes import ROUTES as WATCH

ROUTES: tuple[HTTPRouteHandler, ...] = (
    *PUSH,
    *ACCOUNTS,
    *HOUSEHOLDS,
    *DEVICES,
    *TAGS,
    *GEO,
    *HISTORY,
    *HOOKS,
    *WATCH,
    *ALERTS,
    *STICKERS,
    *MISSING,
    *PROGRAMMES,
    *DISPATCH,
    *BILLING,
    *LIVE,
    *OPERATIONS,
    *health.ROUTES,
    *docs.ROUTES,
    *phone.ROUTES,
)
"""The routes of all rooms, in the order of the rooms."""

BODY_MAX_BYTES = 256 * 1024
NAMES = ("settings", "database", "clock", "registry", "meters", "detector_secret", "finder_limits")
"""What handlers may ask for by name, besides `viewer`."""


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


def build(state: dict[str, Any]) -> Litestar:
    """Litestar with all routes; what they ask for by name comes from `state`."""
    with_limits(ROUTES)
    describe(ROUTES)
    dependencies = {name: Provide(_giver(state, name), sync_to_thread=False) for name in NAMES}
    return Litestar(
        ROUTES,
        state=State(state, deep_copy=False),
        dependencies={**dependencies, "viewer": Provide(provide_viewer)},
        exception_handlers=EXCEPTION_HANDLERS,
        before_request=take_json_only,
        request_class=JsonRequest,
        request_max_body_size=BODY_MAX_BYTES,
        openapi_config=docs.openapi_config(),
        plugins=[DescribedStructs()],
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
    schema = build({}).openapi_schema.to_schema()
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"
