"""The line to NATS. It is opened in the background for as long as that takes, and again when it breaks: whoever needs
it meanwhile hears so at once.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

import nats.errors
import structlog
from nats.aio.client import Client
from nats.js.client import JetStreamContext

log = structlog.get_logger()

Answer = TypeVar("Answer")

RECONNECT_S: Final = 1
API_S: Final = 5.0
"""How long an answer about streams and consumers may take; a cluster that elects a leader takes seconds."""
MOVE_ON_S: Final = 10.0
"""After so long without an answer from the stream another server is tried: this one may be cut off from the others and
not know it. Longer than a cluster takes for a new leader.
"""
PAYLOAD_BYTES_MIN: Final = 1024 * 1024
"""The largest unit that passes the edge's limits fits."""
VERSION_MIN: Final = (2, 14)
"""The first whose consumers can be set back (ADR-60)."""


class Unfit(Exception):
    """The server or the stream cannot do what is promised. The text says what to change."""


class Disconnected(Exception):
    """There is no line to NATS now."""


TROUBLE: Final = (nats.errors.Error, Disconnected, TimeoutError, OSError)
"""What a question over the line may end with."""


class Broker:
    """One line to NATS, and what is done as soon as it is open."""

    def __init__(
        self, servers: Sequence[str], *, name: str, prepare: Sequence[Callable[["Broker"], Awaitable[None]]] = (),
        move_on_s: float = MOVE_ON_S,
    ) -> None:  # fmt: skip
        self._servers, self._name = random.sample(servers, len(servers)), name
        self._move_on_s = move_on_s
        self._clock = asyncio.get_running_loop().time
        self._answered_at = self._clock()
        self._silent_since: float | None = None
        self.prepare = prepare
        """What is done before it is ready."""
        self._client = Client()
        self._jetstream = JetStreamContext(self._client, timeout=API_S)
        self._task: asyncio.Task[None] | None = None
        self.ready = asyncio.Event()
        """Set once the line was open and everything was prepared; it may have broken since."""
        self._break: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self, patience_s: float) -> None:
        """Begins to connect, and waits for it so long at most. Raises `Unfit`."""
        self._task = asyncio.create_task(self._come_up(), name="mimamori-broker")
        ready = asyncio.ensure_future(self.ready.wait())
        await asyncio.wait({self._task, ready}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._task.done():
            self._task.result()

    async def close(self) -> None:
        """Sends what is written and closes the line."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        with suppress(Exception):  # A line that is broken is closed all the same.
            await self._client.flush(RECONNECT_S)
        await self._client.close()

    @property
    def connected(self) -> bool:
        """Whether the line is open now."""
        return self._client.is_connected

    @property
    def client(self) -> Client:
        """The line. Raises `Disconnected`."""
        if not self._client.is_connected:
            raise Disconnected
        return self._client

    @property
    def jetstream(self) -> JetStreamContext:
        """Streams and consumers over the line. Raises `Disconnected`, also as long as nothing is prepared."""
        if not (self._client.is_connected and self.ready.is_set()):
            raise Disconnected
        return self._jetstream

    @property
    def management(self) -> JetStreamContext:
        """The same, for those who prepare."""
        return self._jetstream

    async def unbroken(self, question: Coroutine[Any, Any, Answer]) -> Answer:
        """The answer to a question that waits at the server. Raises `Disconnected` as soon as the line breaks: then
        nobody will answer.
        """
        asking = asyncio.ensure_future(question)
        try:
            waited: set[asyncio.Future[Any]] = {asking, self._break}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise Disconnected
            return asking.result()
        finally:
            asking.cancel()

    def answered(self) -> None:
        """The stream answered, whatever it said."""
        self._answered_at, self._silent_since = self._clock(), None

    async def unanswered(self, waited_s: float = 0.0) -> bool:
        """The stream did not answer though the line is open, after so long. When that has lasted, the line goes to
        another server. Says whether it is the first time.
        """
        now = self._clock()
        first = self._silent_since is None
        if self._silent_since is None:
            self._silent_since = max(self._answered_at, now - waited_s)
        if now - self._silent_since >= self._move_on_s and self._client.is_connected:
            log.warning("broker_moves_on", server=_address(self._client))
            self.answered()
            await self._client.force_reconnect()
        return first

    async def _broke(self) -> None:
        self._break.set_result(None)
        self._break = asyncio.get_running_loop().create_future()

    async def _come_up(self) -> None:
        await self._client.connect(
            self._servers, name=self._name, no_echo=True, max_reconnect_attempts=-1, reconnect_time_wait=RECONNECT_S,
            error_cb=_note, disconnected_cb=self._broke, dont_randomize=True,  # Round and round, never the same again.
        )  # fmt: skip
        must_be_fit(self._client)
        while not self.ready.is_set():
            try:
                for prepare in self.prepare:
                    await prepare(self)
                self.ready.set()
            except Unfit as error:
                log.critical("broker_unfit", why=str(error))
                raise
            except (nats.errors.Error, TimeoutError, OSError) as error:  # A cluster that is not whole yet.
                log.warning("broker_not_prepared", error=type(error).__name__, detail=str(error)[:200])
                await self.unanswered(API_S)
                await asyncio.sleep(RECONNECT_S)


def must_be_fit(client: Client) -> None:
    """Raises `Unfit` for a server that is too old or takes too little at once."""
    version = client.connected_server_version
    if (version.major, version.minor) < VERSION_MIN:
        raise Unfit(f"This nats-server is version {version.major}.{version.minor}; 2.14 or newer is needed.")
    if client.max_payload < PAYLOAD_BYTES_MIN:
        raise Unfit(f"The nats-server takes messages of {client.max_payload} bytes; set max_payload to 1MB or more.")


def _address(client: Client) -> str:
    url = client.connected_url
    return "" if url is None else f"{url.hostname}:{url.port}"


async def _note(error: Exception) -> None:
    log.warning("broker_trouble", error=type(error).__name__)
