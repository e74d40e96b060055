"""TCP connections to an edge in a test, and frames as watches send them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from beacon_ingest.downlink import Order
from beacon_ingest.limits import ConnectionLimit
from beacon_ingest.listeners.tcp import TcpListener
from tests.unit.beacon_ingest.edge import OTHER_WATCH, WATCH, Edge

ONE, TWO = WATCH.external_id, OTHER_WATCH.external_id


def frame(content: str, device: str = ONE) -> bytes:
    """A frame as watches send it."""
    return f"[3G*{device}*{len(content):04X}*{content}]".encode()


def place(word: str = "UD", lat: str = "34.760000", clock: str = "025900", status: str = "00000000") -> str:
    """The content of a frame with a place."""
    return f"{word},010426,{clock},A,{lat},N,134.840000,E,0.00,0,0,8,80,70,0,0,{status},0,0,440,10,0,00"


LK = frame("LK")
LK_WITH_HEALTH = frame("LK,120,0,70")
SOS = frame(place("AL_LTE", status="00010000"))


class Device:
    """One connection as a device has it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, *frames: bytes) -> None:
        """Sends frames, in one piece."""
        self.writer.write(b"".join(frames))
        await self.writer.drain()

    async def hear(self) -> bytes:
        """The next frame from the service; fails when the connection ends or nothing comes."""
        return await asyncio.wait_for(self.reader.readuntil(b"]"), 5)

    async def rest(self) -> bytes:
        """All that comes until the service ends the connection."""
        try:
            return await asyncio.wait_for(self.reader.read(), 5)
        except ConnectionResetError:  # How the end looks when the service had not read everything.
            return b""


@asynccontextmanager
async def listening(edge: Edge, connection_limit: ConnectionLimit | None = None) -> AsyncIterator[TcpListener]:
    """A listener on a free port of the loopback."""
    listener = edge.listener(connection_limit)
    await listener.start("127.0.0.1", 0)
    try:
        yield listener
    finally:
        await listener.stop()


@asynccontextmanager
async def connected(listener: TcpListener) -> AsyncIterator[Device]:
    """A device on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    try:
        yield Device(reader, writer)
    finally:
        writer.close()


async def until(true: Callable[[], bool]) -> None:
    """Lets everything else run until it is so."""

    for _ in range(1_000_000):
        if true():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to be")


def order(kind: str, interval_s: int | None = None, number: int = 71) -> Order:
    """An order for the first watch."""
    return Order(id=UUID(int=number), device_id=WATCH.device_id, kind=kind, interval_s=interval_s)  # type: ignore[arg-type]
