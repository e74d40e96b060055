"""How devices reach the edge: a watch over a TCP connection of its own, a phone with HTTP requests. Neither fails: what
does not get through is kept by the device.
"""

import asyncio
from base64 import b64encode
from collections import deque
from collections.abc import Callable

import httpx
from msgspec import Struct

from app.simulator.frames import FRAME, watch_frame

OPEN_S = 5.0
UNSENT_MAX = 2_000
"""Reports that a phone without network keeps; the oldest go first."""


class WatchLine:
    """The TCP connection of one watch."""

    def __init__(self, host: str, port: int, device: str) -> None:
        self._address = (host, port)
        self._device = device
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def is_open(self) -> bool:
        """Whether frames can be sent, as far as is known."""
        return self._writer is not None

    async def open(self) -> bool:
        """Whether there is a connection now."""
        try:
            async with asyncio.timeout(OPEN_S):
                self._reader, self._writer = await asyncio.open_connection(*self._address)
        except (OSError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Hangs up."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is None:
            return
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:  # The other side was quicker.
            return

    async def send(self, content: str) -> bool:
        """Whether the frame left; if not, the connection is closed."""
        if self._writer is None:
            return False
        self._writer.write(watch_frame(self._device, content))
        try:
            await self._writer.drain()
        except OSError:
            await self.close()
            return False
        return True

    async def heard(self, wait_s: float) -> str | None:
        """The content of the next frame from the server; None when none came in time or the connection ended."""
        if self._reader is None:
            return None
        try:
            async with asyncio.timeout(wait_s):
                frame = FRAME.search(await self._reader.readuntil(b"]"))
        except TimeoutError:
            return None
        except (OSError, EOFError, asyncio.LimitOverrunError):
            await self.close()
            return None
        return frame[4].decode("utf-8", "replace") if frame else None


class Report(Struct, frozen=True, kw_only=True):
    """One HTTP request of a phone, relative to the server."""

    path: str
    body: bytes | None = None
    """None asks with GET."""


class PhoneLine:
    """The requests of one phone, in order; `on_reply` hears what was answered to each that was taken."""

    def __init__(
        self, http: httpx.AsyncClient, *, basic: tuple[str, str] | None, on_reply: Callable[[bytes], None] | None
    ) -> None:
        self._http = http
        self._headers = {"Content-Type": "application/json"}
        if basic is not None:
            self._headers["Authorization"] = "Basic " + b64encode(":".join(basic).encode()).decode()
        self._on_reply = on_reply
        self._unsent: deque[Report] = deque(maxlen=UNSENT_MAX)

    async def send(self, report: Report) -> bool:
        """Whether this report and all that were kept have been taken."""
        self._unsent.append(report)
        return await self.flush()

    async def flush(self) -> bool:
        """Whether nothing is kept any more after trying what was, oldest first."""
        while self._unsent:
            report = self._unsent[0]
            try:
                if report.body is None:
                    response = await self._http.get(report.path, headers=self._headers)
                else:
                    response = await self._http.post(report.path, content=report.body, headers=self._headers)
            except httpx.HTTPError:
                return False
            if not response.is_success:
                return False
            self._unsent.popleft()
            if self._on_reply is not None:
                self._on_reply(response.content)
        return True
