"""A signed POST to one address, and what came back. Nothing is followed and nothing is read beyond `ANSWER_BYTES_MAX`:
who answers is not ours.
"""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from app.push.channels.retry_after import seconds_of
from app.push.retry import Delivery, Outcome

if TYPE_CHECKING:
    from httpx import AsyncClient, Response

ANSWER_BYTES_MAX = 16 * 1024
KEPT_MAX = 20
"""Connections that stay open while nothing is sent."""


class Answer(Struct, frozen=True, kw_only=True):
    """What somebody answered. `retry_after_s` is when we should come again, if that was said."""

    status: int
    body: bytes
    retry_after_s: float | None = None


class Poster:
    """Posts as the event loop of the first post; its client is loaded then, on a thread."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._client: AsyncClient | None = None
        self._opening = asyncio.Lock()

    async def post(self, url: str, secret: str, message_id: str, body: bytes, now: datetime) -> Answer | Delivery:
        """The answer; or, where there is none, what that means. `message_id` is the same each time that this is posted,
        so that whoever reads it twice sees that it is one.
        """
        client = await self._ready()
        import httpx
        from standardwebhooks import Webhook

        headers = {
            "content-type": "application/json",
            "accept-encoding": "identity",
            "user-agent": "mimamori",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(message_id, now, body.decode()),
        }
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                client.stream("POST", url, content=body, headers=headers) as response,
            ):
                asked = seconds_of(response.headers.get("retry-after"), now)
                return Answer(status=response.status_code, body=await _beginning(response), retry_after_s=asked)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Delivery(outcome=Outcome.UNAVAILABLE, error=f"nobody there: {type(error).__name__}")
        except (httpx.HTTPError, TimeoutError) as error:
            return Delivery(outcome=Outcome.UNKNOWN, error=f"no answer that can be read: {type(error).__name__}")

    async def close(self) -> None:
        """Lets go of the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _ready(self) -> "AsyncClient":
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(_open, self._timeout_s)
        return self._client


async def _beginning(response: "Response") -> bytes:
    content = b""
    async for part in response.aiter_raw():
        content += part
        if len(content) >= ANSWER_BYTES_MAX:
            break
    return content[:ANSWER_BYTES_MAX]


def _open(timeout_s: float) -> "AsyncClient":
    """A client that goes only where it is told to: no redirects, no proxy of the environment. It believes whom the
    machine believes (a town may have an authority of its own, `SSL_CERT_FILE`), and the well-known authorities where
    the machine has none. To connect takes half of the time at most, so that "nobody there" and "no answer" stay apart.
    """
    import httpx

    trusted = httpx.create_ssl_context(trust_env=False)
    trusted.load_default_certs()
    return httpx.AsyncClient(
        timeout=httpx.Timeout(timeout_s, connect=timeout_s / 2),
        verify=trusted,
        trust_env=False,
        follow_redirects=False,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=KEPT_MAX),
    )
