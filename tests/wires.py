"""Wires that a test can cut: TCP through this process to a port of this machine."""

import asyncio
from contextlib import suppress


class Wire:
    """Passes bytes on in both directions while it is whole. Cut, it ends what is open and takes nothing new; silent,
    nothing gets through and nobody is told, as behind a switch that died.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._server: asyncio.Server | None = None
        self._passing = asyncio.Event()
        self._passing.set()
        self._whole = True
        self._open: set[asyncio.Task[None]] = set()
        self.port = 0

    async def open(self) -> None:
        """Listens on a port of its own."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self, *, silently: bool) -> None:
        """Nothing gets through from now on."""
        self._passing.clear()
        if not silently:
            self._whole = False
            self._end()

    def mend(self) -> None:
        """It is as before."""
        self._whole = True
        self._passing.set()

    async def close(self) -> None:
        """Ends everything."""
        if self._server is not None:
            self._server.close()
        self._end()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _end(self) -> None:
        for one in self._open:
            one.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        with suppress(OSError, asyncio.CancelledError):
            await self._carry(reader, writer)
        self._open.discard(task)
        writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            return
        await self._passing.wait()
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        ways = [
            asyncio.ensure_future(self._pass(reader, far_writer)),
            asyncio.ensure_future(self._pass(far_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in ways:
                one.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            far_writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while some := await reader.read(65536):
            await self._passing.wait()
            writer.write(some)
            await writer.drain()
