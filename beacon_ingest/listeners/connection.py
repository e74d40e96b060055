"""TCP formats: a connection is a stream of frames, each looked up, decoded, published and answered in order.

Nothing on such a connection is secret: a frame is worth what the enrolment of the id in it is worth. An unknown id ends
the connection without an answer. While a unit is on its way to the store nothing more is read, so that a device that is
faster than the store is slowed down by TCP itself. What could not be stored is not answered, and the connection ends
after a pause: the device comes back and says it again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog

from beacon_ingest import units
from beacon_ingest.counters import Counters, Reason
from beacon_ingest.decoders.decoded import Decoded
from beacon_ingest.decoders.formats import FORMATS
from beacon_ingest.downlink import Connections, Downlink
from beacon_ingest.limits import ConnectionLimit, Limit, Rates
from beacon_ingest.messages import Alarm
from beacon_ingest.orders import COMMANDS, HEAD_BYTES
from beacon_ingest.registry import Entry, Registry
from beacon_ingest.stream import Stream, StreamFull

log = structlog.get_logger()

READ_BYTES: Final = 4096


class Wiring:
    """What all connections of one format share: what they speak, to whom, how much, and what they hold together."""

    def __init__(
        self,
        protocol: str,
        *,
        registry: Registry,
        stream: Stream,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        downlink: Downlink,
        connections: Connections,
        counters: Counters,
        limit: Limit,
        connection_limit: ConnectionLimit,
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        form = FORMATS[protocol]
        assert form.framer is not None, "only a TCP format has a framer"
        assert form.decode_frame is not None, "only a TCP format has a frame decoder"
        self.name = protocol
        self.framer, self.decode_frame = form.framer, form.decode_frame
        self.repeat_window_s = form.repeat_window_s
        self.command = COMMANDS.get(protocol)
        self.registry, self.stream, self.downlink, self.lines = registry, stream, downlink, connections
        self.clock, self.monotonic, self.pause = clock, monotonic, pause
        self.counters = counters
        self.observe_s = counters.durable(protocol).observe
        self.limit, self.connection_limit = limit, connection_limit
        self.rates = Rates(per_s=limit.units_per_s, burst=limit.burst_units)
        self.held_bytes = 0
        self.tasks: set[asyncio.Task[None]] = set()

    def count(self, reason: Reason) -> None:
        """One more frame or connection that ended so."""
        self.counters.count(self.name, reason)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs something beside the frames of a connection, and keeps hold of it until it is done."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


class Connection:
    """One open connection and the devices that have spoken over it."""

    def __init__(self, wiring: Wiring, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.task: asyncio.Task[None] | None = None
        self._wiring = wiring
        self._reader = reader
        self._writer = writer
        self._framer = wiring.framer(wiring.limit.unit_bytes_max)
        self._heads: dict[UUID, bytes] = {}
        self._second: set[UUID] = set()
        self._held_bytes = 0
        self._stray_bytes = 0
        self._reading = False
        self._finishing = False
        self._ordering = asyncio.Lock()
        self._deadline_s = asyncio.get_running_loop().time() + wiring.connection_limit.greeting_s

    async def run(self) -> None:
        """Serves the connection until either side has had enough of it."""
        try:
            while not self._finishing:
                data = await self._read()
                if not data or not await self._feed(data):
                    break
        except (ConnectionError, TimeoutError):  # The device went away, or does not read what it is sent.
            self._wiring.count(Reason.GONE)
        finally:
            self._wiring.held_bytes -= self._held_bytes
            self._wiring.lines.release(self._heads, self)
            await self._close()

    def finish(self) -> None:
        """Ends the connection after the frames in hand."""
        self._finishing = True
        if self._reading and self.task is not None:
            self.task.cancel()

    def wake(self, device_id: UUID) -> None:
        """Sends the orders that wait for the device, soon."""
        if not self._finishing:
            self._wiring.run(self._send_orders(device_id))

    async def _read(self) -> bytes:
        """The next bytes; empty at the end, when the time is up, and when the connection is to finish."""
        self._reading = True
        try:
            async with asyncio.timeout_at(self._deadline_s):
                return await self._reader.read(READ_BYTES)
        except TimeoutError:
            if not self._heads:
                self._wiring.count(Reason.NO_GREETING)
            return b""
        except asyncio.CancelledError:
            if not self._finishing or self.task is None:
                raise
            self.task.uncancel()
            return b""
        finally:
            self._reading = False

    async def _feed(self, data: bytes) -> bool:
        """Whether to go on after all frames that these bytes complete."""
        wiring, framer = self._wiring, self._framer
        dropped = framer.dropped
        frames = framer.feed(data)
        self._stray_bytes += framer.dropped - dropped
        wiring.held_bytes += framer.pending - self._held_bytes
        self._held_bytes = framer.pending
        for frame in frames:
            if not await self._frame(frame):
                return False
        limit = wiring.connection_limit
        if self._stray_bytes > (limit.stray_bytes_max if self._heads else limit.greeting_bytes_max):
            wiring.count(Reason.UNREADABLE if self._heads else Reason.NO_GREETING)
            return False
        if self._held_bytes and wiring.held_bytes > limit.held_bytes_max:
            wiring.count(Reason.FULL)
            return False
        return True

    async def _frame(self, frame: bytes) -> bool:
        """Whether to go on after this frame."""
        wiring = self._wiring
        if not wiring.registry.ready:
            wiring.count(Reason.NOT_READY)
            return await self._back_off(wiring.connection_limit.back_off_s_max)
        received_at = wiring.clock()
        try:
            decoded = wiring.decode_frame(frame, received_at)
        except Exception as error:  # A defect of a decoder costs only the one frame that woke it (DESIGN promise 8).
            log.error("decoder_crashed", format=wiring.name, error=type(error).__name__)
            wiring.count(Reason.CRASHED)
            return True
        if decoded.device is None:
            self._stray_bytes += len(frame)
            wiring.count(Reason.UNREADABLE)
            return True
        entry = wiring.registry.by_id(wiring.name, decoded.device)
        if entry is None or entry.forwarder or entry.key_required:
            wiring.count(Reason.UNKNOWN_DEVICE if entry is None else Reason.BAD_KEY)
            return False
        self._bind(entry, frame)
        return await self._take(entry, decoded, frame, received_at)

    async def _take(self, entry: Entry, decoded: Decoded, frame: bytes, received_at: datetime) -> bool:
        """Publishes and answers one frame of an enrolled device; whether to go on."""
        wiring = self._wiring
        if not any(isinstance(message, Alarm) for message in decoded.messages):
            wait_s = wiring.rates.reserve_s(entry.external_id, wiring.monotonic())
            if wait_s:
                wiring.count(Reason.RATE)
                await wiring.pause(wait_s)
        if decoded.answer is not None and not decoded.durable:
            self._writer.write(decoded.answer)
        if decoded.refusals:
            wiring.count(Reason.PARTLY if decoded.messages else Reason.UNREADABLE)
        if decoded.messages or not decoded.refusals:  # Also a frame that says nothing is a sign of life.
            unit = units.unit(
                entry,
                frame,
                decoded.messages,
                stamped=decoded.stamped,
                repeat_window_s=wiring.repeat_window_s,
                received_at=received_at,
            )
            if self._ordering.locked():  # It may be the echo of an order, which counts once that is noted as sent.
                async with self._ordering:
                    pass
            began_s = wiring.monotonic()
            try:
                await wiring.stream.publish(unit)
            except StreamFull as full:
                wiring.count(Reason.FULL)
                return await self._back_off(full.retry_after_s)
            except (
                Exception
            ) as error:  # Whatever failed behind the stream: the device must not hear that it was stored.
                log.error("publish_failed", format=wiring.name, error=type(error).__name__)
                wiring.count(Reason.NOT_STORED)
                return await self._back_off(wiring.connection_limit.back_off_s_max)
            wiring.observe_s(wiring.monotonic() - began_s)
            wiring.count(Reason.ACCEPTED if decoded.messages else Reason.NOTHING)
        if decoded.answer is not None and decoded.durable:
            self._writer.write(decoded.answer)
        await self._drain()
        if wiring.downlink.has_pending(entry.device_id):
            await self._send_orders(entry.device_id)
        return True

    def _bind(self, entry: Entry, frame: bytes) -> None:
        """Notes that this connection speaks for the device, and whether another one does so too.

        A watch that lost its network comes back on a new connection while the old one still looks open; that is no
        second source. Two are at work when the older connection speaks again after the newer one did. Orders go to the
        newer one.
        """
        wiring, device_id = self._wiring, entry.device_id
        holder = wiring.lines.of(device_id)
        if holder is not self:
            if holder is None or device_id not in self._heads:
                wiring.lines.bind(device_id, self)
            elif device_id not in self._second:
                self._second.add(device_id)
                wiring.count(Reason.TWO_SOURCES)
                log.warning("two_sources", format=wiring.name, device_id=str(device_id))
        self._heads[device_id] = frame[:HEAD_BYTES]
        self._deadline_s = asyncio.get_running_loop().time() + wiring.connection_limit.idle_s

    async def _back_off(self, seconds: float) -> bool:
        """Waits a little, unread, and ends the connection, so that the device says it again later and not at once."""
        await self._wiring.pause(min(seconds, self._wiring.connection_limit.back_off_s_max))
        return False

    async def _send_orders(self, device_id: UUID) -> None:
        """Sends the orders that wait for the device over this connection."""
        wiring = self._wiring
        async with self._ordering:
            try:
                orders = await wiring.downlink.pending(device_id)
                sent = []
                for order in orders:
                    frame = wiring.command(self._heads[device_id], order) if wiring.command else None
                    if frame is not None and not self._writer.is_closing():
                        self._writer.write(frame)
                        sent.append(order.id)
                if sent:
                    await self._drain()
                    await wiring.downlink.sent(sent)
            except (ConnectionError, TimeoutError):  # Not sent: they wait for the next connection.
                self._writer.close()
            except Exception as error:  # Orders fail apart from frames: what the device says must still be stored.
                log.error("downlink_failed", format=wiring.name, error=type(error).__name__)

    async def _drain(self) -> None:
        """Waits until the device has taken most of what was written.

        Raises TimeoutError when it does not read at all.
        """
        async with asyncio.timeout(self._wiring.connection_limit.send_s):
            await self._writer.drain()

    async def _close(self) -> None:
        """Sends what is written and hangs up; a device that does not read it is cut off."""
        self._writer.close()
        try:
            async with asyncio.timeout(self._wiring.connection_limit.send_s):
                await self._writer.wait_closed()
        except TimeoutError:
            self._writer.transport.abort()
        except ConnectionError:
            return
