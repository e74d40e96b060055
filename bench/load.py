"""A load client: many keep-alive connections that send prepared requests and read whole answers, with as little
work as Python allows.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

CONNECTIONS = 64
PATIENCE_S = 300.0

Read = Callable[[bytearray], bool | None]
"""Whether an answer says that it went well; None while it is not complete."""


def http_answer(buffer: bytearray) -> bool | None:
    """Of HTTP/1.1, with its length or in chunks."""
    head = buffer.find(b"\r\n\r\n")
    if head < 0:
        return None
    start = buffer.lower().find(b"content-length:", 0, head)
    if start < 0 and buffer.lower().find(b"transfer-encoding: chunked", 0, head) >= 0:
        return buffer[9:10] == b"2" if buffer.endswith(b"\r\n0\r\n\r\n") else None
    length = int(buffer[start + 15 : buffer.find(b"\r", start)]) if start >= 0 else 0
    return None if len(buffer) < head + 4 + length else buffer[9:10] == b"2"


class Outcome(Struct, kw_only=True):
    """What a run of load saw. Rates in answers a second, times in seconds."""

    answers: int = 0
    refused: int = 0
    seconds: float = 0.0
    waits: list[float] = []

    @property
    def rate(self) -> float:
        return self.answers / self.seconds if self.seconds else 0.0

    def quantile_ms(self, part: float) -> float:
        """The wait that `part` of the answers did not exceed, in milliseconds."""
        ordered = sorted(self.waits)
        return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


class _Line(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last is complete (or at its time, when paced)."""

    def __init__(self, requests: Iterator[bytes], outcome: Outcome, pace: "Iterator[float] | None", read: Read) -> None:
        self._requests, self._outcome, self._pace, self._read = requests, outcome, pace, read
        self._buffer = bytearray()
        self._sent_at = 0.0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            return
        if self._pace is None:
            self._send(time.perf_counter(), request)
            return
        due = next(self._pace)
        delay = due - time.perf_counter()
        if delay <= 0:
            self._send(due, request)  # Late already: the wait counts from when it should have been sent.
        else:
            asyncio.get_running_loop().call_later(delay, self._send, due, request)

    def _send(self, at: float, request: bytes) -> None:
        self._sent_at = at
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        ok = self._read(self._buffer)
        if ok is None:
            return
        self._buffer.clear()
        if ok:
            self._outcome.answers += 1
            self._outcome.waits.append(time.perf_counter() - self._sent_at)
        else:
            self._outcome.refused += 1
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def drive(
    host: str,
    port: int,
    requests: Iterator[bytes],
    *,
    connections: int,
    seconds: float,
    rate: float | None = None,
    read: Read = http_answer,
) -> Outcome:
    """What the server at `host:port` answered within `seconds`: as fast as it can, or evenly at `rate` a second."""
    outcome = Outcome(waits=[])
    end = time.perf_counter() + seconds

    def until_end() -> Iterator[bytes]:
        for request in requests:
            if time.perf_counter() >= end:
                return
            yield request

    limited = until_end()
    start = time.perf_counter()
    pace = (start + n / rate for n in range(10**9)) if rate else None
    loop = asyncio.get_running_loop()
    lines = [
        (await loop.create_connection(lambda: _Line(limited, outcome, pace, read), host, port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(line.done for line in lines))
    outcome.seconds = time.perf_counter() - start
    return outcome


def send(port: int, made: Sequence[bytes], rate: float | None = None) -> float:
    """How many of these a second were answered, as fast as the server can or evenly at `rate` a second. Raises
    `RuntimeError` when one was refused.
    """
    outcome = asyncio.run(drive("127.0.0.1", port, iter(made), connections=CONNECTIONS, seconds=PATIENCE_S, rate=rate))
    if outcome.answers != len(made):
        raise RuntimeError(f"{len(made) - outcome.answers} were refused: the figure would be wrong")
    return outcome.rate


def until_ready(port: int) -> None:
    """Waits until a process of ours says that it is ready."""
    request = b"GET /health/ready HTTP/1.1\r\nHost: b\r\n\r\n"
    deadline = time.monotonic() + PATIENCE_S
    while not asyncio.run(drive("127.0.0.1", port, iter([request]), connections=1, seconds=PATIENCE_S)).answers:
        if time.monotonic() > deadline:
            raise RuntimeError("the process is not ready")
        time.sleep(0.05)
