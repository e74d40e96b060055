"""Commands to devices, from their rows: for an edge that has the database, and in answer to edges that have not."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from app.db.engine import Database
from app.devices import service as devices
from app.kit.clock import Clock
from app.kit.ids import CommandId, DeviceId
from beacon_ingest.downlink import Noted, Order

if TYPE_CHECKING:
    from nats.aio.msg import Msg

    from beacon_ingest.broker import Broker

log = structlog.get_logger()

QUEUE = "mimamori"
"""One of all processes answers each question."""


class Downlink(Noted):
    """The downlink of an edge that has the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__()
        self._database, self._clock = database, clock

    async def pending(self, device_id: UUID) -> list[Order]:
        """The commands that are due, oldest first."""
        self.taken(device_id)
        return await _due(self._database, device_id, self._clock())

    async def sent(self, order_ids: list[UUID]) -> None:
        """Notes that they were handed to the device."""
        await _mark_sent(self._database, order_ids, self._clock())


async def _due(database: Database, device_id: UUID, now: datetime) -> list[Order]:
    commands = await database.read(lambda c: devices.pending(c, DeviceId(device_id), now))
    return [
        Order(id=one.id, device_id=one.device_id, kind=one.kind.value, interval_s=one.interval_s) for one in commands
    ]


async def _mark_sent(database: Database, order_ids: Sequence[UUID], now: datetime) -> None:
    await database.write(lambda c: devices.mark_sent(c, [CommandId(one) for one in order_ids], now))


class Answers:
    """Answers whoever asks over NATS; only then is its client loaded, which one process alone does not need."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def prepare(self, broker: "Broker") -> None:
        """Begins to answer; the line keeps that when it breaks and is open again."""
        from beacon_ingest import asking

        for subject, answer in ((asking.DUE, self.due), (asking.SENT, self.sent)):
            await broker.client.subscribe(subject, queue=QUEUE, cb=partial(_answered, answer))

    async def due(self, question: bytes) -> bytes:
        """The commands of a device that are due, oldest first."""
        from beacon_ingest import asking

        return asking.packed(await _due(self._database, asking.open_device_id(question), self._clock()))

    async def sent(self, question: bytes) -> bytes:
        """Notes that some were handed over."""
        from beacon_ingest import asking

        await _mark_sent(self._database, asking.open_sent(question), self._clock())
        return asking.DONE


async def _answered(answer: Callable[[bytes], Awaitable[bytes]], message: "Msg") -> None:
    """An empty answer says at once that there is none: a device waits for it."""
    try:
        content = await answer(message.data)
    except Exception as error:  # The database is away, or the question makes no sense.
        log.error("orders_not_known", error=type(error).__name__)
        content = b""
    try:
        await message.respond(content)
    except Exception as error:  # The line broke; whoever asked hears of that.
        log.warning("orders_not_told", error=type(error).__name__)
