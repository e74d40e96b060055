"""The ASGI application of a process that serves no people: devices' doors if it has them, and how it does."""

from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from app.asgi.application import EDGE_PREFIX, Asgi, Receive, Send
from app.asgi.meters import LIVE_PATH

_JSON = "application/json"


class BareApplication:
    """`missing` says what keeps the process from its work now; nothing does when it is empty."""

    def __init__(self, metrics: CollectorRegistry, missing: Callable[[], Sequence[str]], edge: Asgi | None = None):
        self._metrics, self._missing, self._edge = metrics, missing, edge

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        elif self._edge is not None and (scope["type"] != "http" or scope["path"].startswith(EDGE_PREFIX)):
            await self._edge(scope, receive, send)
        elif scope["type"] == "http":
            status, kind, body = self._answer(scope["method"], scope["path"])
            headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        else:
            await send({"type": "websocket.close", "code": 1000})

    def _answer(self, method: str, path: str) -> tuple[int, str, bytes]:
        if method == "GET" and path == LIVE_PATH:
            return 200, _JSON, b'{"alive":true}'
        if method == "GET" and path == "/health/ready":
            missing = list(self._missing())
            body = msgspec.json.encode({"ready": not missing, "missing": missing})
            return (503 if missing else 200), _JSON, body
        if method == "GET" and path == "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest(self._metrics)
        problem = {"type": "about:blank", "title": "Not found", "status": 404}
        return 404, "application/problem+json", msgspec.json.encode(problem)
