"""An application whose requests are traced: by method, declared route and status, never by what was asked for."""

from collections.abc import MutableMapping
from typing import Any

from app.asgi.application import EDGE_PREFIX, UNLOGGED, Asgi, Receive, Send
from app.asgi.meters import METHODS
from app.traces import Traces
from beacon_ingest.decoders.formats import FORMATS


class Traced:
    """The same application, with a span around each request that is not only for whoever watches the process."""

    def __init__(self, app: Asgi, traces: Traces) -> None:
        self._app, self._traces = app, traces

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http" or scope["path"].startswith(UNLOGGED):
            await self._app(scope, receive, send)
            return
        status = 0

        async def send_on(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._traces.request() as request:
            try:
                await self._app(scope, receive, send_on)
            finally:
                method = scope["method"] if scope["method"] in METHODS else "other"
                request.answered(method, _route(scope), status)


def _route(scope: MutableMapping[str, Any]) -> str:
    """The route as declared; nothing for a path that is none, which may be anything."""
    path: str = scope["path"]
    if path.startswith(EDGE_PREFIX):
        name = path.removeprefix(EDGE_PREFIX).partition("/")[0]
        return EDGE_PREFIX + name if name in FORMATS else EDGE_PREFIX
    route: str = scope.get("path_template", "")
    return route
