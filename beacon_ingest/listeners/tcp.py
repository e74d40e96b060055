"""The listener of a TCP format: lets connections in, within their number, and lets them finish at the end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final

import structlog

from beacon_ingest.counters import Counters, Reason
from beacon_ingest.downlink import Connections, Downlink, NoDownlink
from beacon_ingest.limits import CONNECTIONS, LIMITS, ConnectionLimit, Limit
from beacon_ingest.listeners.connection import READ_BYTES, Connection, Wiring
from beacon_ingest.registry import Registry
from beacon_ingest.stream import Stream

log = structlog.get_logger()

STOP_S: Final = 10.0
"""How long connections may take to finish what they have in hand."""


class TcpListener:
    """All connections of one TCP format: `start` it, later `stop` it."""

    def __init__(
        self,
        protocol: str,
        *,
        registry: Registry,
        stream: Stream,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        downlink: Downlink | None = None,
        connections: Connections | None = None,
        counters: Counters | None = None,
        limits: Mapping[str, Limit] = LIMITS,
        connection_limit: ConnectionLimit = CONNECTIONS,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._wiring = Wiring(
            protocol,
            registry=registry,
            stream=stream,
            clock=clock,
            monotonic=monotonic,
            downlink=downlink if downlink is not None else NoDownlink(),
            connections=connections if connections is not None else Connections(),
            counters=counters if counters is not None else Counters(),
            limit=limits[protocol],
            connection_limit=connection_limit,
            pause=pause,
        )
        self._opened = self._wiring.counters.connections(protocol)
        self._open: dict[asyncio.Task[None], Connection] = {}
        self._peers: dict[str, int] = {}
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Begins to listen; the port, which is a free one for 0."""
        self._server = await asyncio.start_server(self._accept, host, port, limit=READ_BYTES)
        return self.port

    @property
    def sockets(self) -> tuple[Any, ...]:
        """The listening sockets."""
        return () if self._server is None else self._server.sockets

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self.sockets[0].getsockname()[1])

    @property
    def open_connections(self) -> int:
        """How many connections there are now."""
        return len(self._open)

    def close(self) -> None:
        """Lets nobody new in, and asks every connection to finish what it has in hand."""
        if self._server is not None:
            self._server.close()
        for connection in self._open.values():
            connection.finish()

    async def wait_closed(self) -> None:
        """Returns when no connection is left; those that do not finish in time are cut off, unacknowledged."""
        waiting = {*self._open, *self._wiring.tasks}
        if not waiting:
            return
        _, late = await asyncio.wait(waiting, timeout=STOP_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def stop(self) -> None:
        """Closes everything and waits for it."""
        self.close()
        await self.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = writer.get_extra_info("peername")
        peer = str(address[0]) if address else ""
        limit = self._wiring.connection_limit
        if len(self._open) >= limit.connections_max or self._peers.get(peer, 0) >= limit.connections_per_peer_max:
            self._wiring.count(Reason.TOO_MANY_CONNECTIONS)
            writer.close()
            return
        connection = Connection(self._wiring, reader, writer)
        self._peers[peer] = self._peers.get(peer, 0) + 1
        task = asyncio.get_running_loop().create_task(connection.run())
        connection.task = task
        self._open[task] = connection
        self._opened.inc()
        task.add_done_callback(lambda done: self._left(done, peer))

    def _left(self, task: asyncio.Task[None], peer: str) -> None:
        del self._open[task]
        self._opened.dec()
        self._peers[peer] -= 1
        if not self._peers[peer]:
            del self._peers[peer]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("connection_crashed", format=self._wiring.name, error=type(error).__name__)


async def serve_tcp(
    protocol: str,
    host: str,
    port: int,
    *,
    registry: Registry,
    stream: Stream,
    clock: Callable[[], datetime],
    monotonic: Callable[[], float],
    downlink: Downlink | None = None,
    connections: Connections | None = None,
    counters: Counters | None = None,
) -> TcpListener:
    """A listener of `protocol` with the usual limits that is already listening; port 0 takes a free one."""
    listener = TcpListener(
        protocol,
        registry=registry,
        stream=stream,
        clock=clock,
        monotonic=monotonic,
        downlink=downlink,
        connections=connections,
        counters=counters,
    )
    await listener.start(host, port)
    return listener
