"""Asks an ASGI application as a server would, byte for byte, without a socket or a thread between."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

Asgi = Callable[[Any, Any, Any], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

TURNS = 10
"""How often the event loop goes round without news before somebody who reads a stream hangs up: all is out then."""


class Answer(Struct, frozen=True):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")  # A picture is no text.

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


async def ask(
    app: Asgi,
    method: str,
    path: str,
    *,
    query: bytes = b"",
    headers: Headers = (),
    body: bytes = b"",
    meanwhile: Callable[[], None] = lambda: None,
) -> Answer:
    """The answer to one request. Who asks reads a stream until nothing more comes, and again after `meanwhile`, then
    hangs up.
    """
    parts: list[bytes] = []
    starts: list[dict[str, Any]] = []
    begun = asyncio.Event()
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": body, "more_body": False}
        await begun.wait()
        await silence()
        meanwhile()
        await silence()
        return {"type": "http.disconnect"}

    async def silence() -> None:
        known = -1
        while known != len(parts):
            known = len(parts)
            for _ in range(TURNS):
                await asyncio.sleep(0)

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            starts.append(message)
        else:
            parts.append(message.get("body", b""))
            begun.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(errors="surrogatepass"),
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"town.example"), *headers],
        "client": ("192.0.2.1", 50_000),
        "server": ("town.example", 443),
    }
    await app(scope, receive, send)
    (start,) = starts
    found = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(status=start["status"], headers=found, body=b"".join(parts))
