"""The worker: takes units out of the stream and through the pipeline, one worker a partition, in order.

A batch is one transaction and is acknowledged after its commit: what is not acknowledged comes again, and is known by
its ingest ids. That only one worker is at a partition rests on a lease (`db.leases`) that each transaction holds on to;
JetStream's own pinned consumers do not know of transactions, so that one who was pinned until a moment ago could still
commit after the next one. Who takes a partition over sets its consumer back, so that what the one before had in hand
comes first; a gap in what the consumer delivered (the line broke) sets it back too. So order holds.

Who took a partition over from a worker that did not give it back, or could not commit a batch though the database
answers, tries what is in hand one by one and writes down what is tried: a unit that ends its worker again and again is
found, and becomes a dead letter.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import msgspec
import nats.errors
import nats.js.errors
import sqlalchemy as sa
import structlog
from msgspec import Struct
from nats.aio.msg import Msg
from nats.js import api
from nats.js.client import JetStreamContext
from sqlalchemy.engine import Connection

from app.db import leases, units
from app.db.engine import Database
from app.db.errors import is_the_servers
from app.db.leases import Lease, LeaseLost
from app.kit.clock import Clock, monotonic_s
from app.kit.ids import new_id
from app.meters import Meters
from app.pipeline import process
from beacon_ingest.broker import API_S, TROUBLE, Broker, Disconnected
from beacon_ingest.jetstream import STREAM, consumer_of, envelope_of, subject_of, unpacked
from beacon_ingest.messages import DetectorUnit, Unit

log = structlog.get_logger()

LEASE_S: Final = 15.0
BATCH: Final = 500
IN_HAND_MAX: Final = 2 * BATCH
"""More than a batch, or a question for one is answered only when its time is up."""
ACK_S: Final = 60.0
"""What is not acknowledged for so long comes again; who works longer says that it still does."""
IDLE_S: Final = 5.0
"""How long one question for new units waits at the server."""
PAUSE_S: Final = 1.0
TRIES: Final = 5
"""How often a unit is tried alone before it is a dead letter."""


class Taken(Struct, frozen=True):
    """One message in hand, and its unit; or what it holds that cannot be read, and why."""

    message: Msg
    number: int
    unit: Unit | DetectorUnit | None
    whose: tuple[Any, ...] = ()
    body: bytes = b""
    error: str = ""

    @property
    def name(self) -> bytes:
        """The ingest id under which the edge published it, for what cannot be read; nothing if it says none."""
        try:
            return bytes.fromhex((self.message.headers or {}).get(api.Header.MSG_ID.value, ""))
        except ValueError:
            return b""


class Partition:
    """The work on one partition, as long as its lease is held."""

    pause_s = PAUSE_S
    meters: Meters | None = None

    def __init__(
        self, database: Database, broker: Broker, clock: Clock, number: int, lease: Lease, lease_s: float
    ) -> None:
        self._database, self._broker, self._clock = database, broker, clock
        self._number, self._lease_s = number, lease_s
        self.lease = lease
        self._cautious = not lease.clean
        self._tried: tuple[int, int] | None = None
        """What is being tried alone, and how often it was."""
        self._stopping = asyncio.Event()
        self._in_hand = False

    def stop(self, task: asyncio.Task[None]) -> None:
        """Ends the task that runs it: after the batch in hand, or at once if there is none."""
        self._stopping.set()
        if not self._in_hand:
            task.cancel()

    async def run(self) -> None:
        """Works until it is stopped or the lease is lost."""
        while not self._stopping.is_set():
            try:
                await self._work()
            except LeaseLost:
                log.warning("partition_lost", partition=self._number)
                return
            except TROUBLE as error:
                log.warning("partition_interrupted", partition=self._number, error=type(error).__name__)
                if not isinstance(error, Disconnected):
                    await self._broker.unanswered(API_S if isinstance(error, TimeoutError) else 0.0)
                await self._pause()

    async def _work(self) -> None:
        """Works in order until something breaks it; then whoever goes on begins with what is not acknowledged."""
        jetstream, name = self._broker.jetstream, consumer_of(self._number)
        await self._set_back(jetstream, name)
        pull = await jetstream.pull_subscribe_bind(name, STREAM)
        expected = 1
        try:
            while not self._stopping.is_set():
                try:
                    messages = await self._broker.unbroken(pull.fetch(BATCH, timeout=IDLE_S))
                except TimeoutError:  # Somebody who lost the partition may have been given what we asked for.
                    pending = (await pull.consumer_info()).num_ack_pending
                    self._broker.answered()
                    if pending:
                        return
                    continue
                self._broker.answered()
                numbers = [message.metadata.sequence.consumer for message in messages]
                if numbers != list(range(expected, expected + len(numbers))):
                    log.warning("partition_gap", partition=self._number)
                    return
                expected += len(numbers)
                await self._digest([_taken(message, self._clock) for message in messages])
        finally:
            with suppress(*TROUBLE):
                await pull.unsubscribe()

    async def _set_back(self, jetstream: JetStreamContext, name: str) -> None:
        try:
            before = await jetstream.consumer_info(STREAM, name)
        except nats.js.errors.NotFoundError:
            config = api.ConsumerConfig(
                durable_name=name, filter_subject=subject_of(self._number), ack_policy=api.AckPolicy.EXPLICIT,
                ack_wait=ACK_S, max_deliver=-1, max_ack_pending=IN_HAND_MAX,
            )  # fmt: skip
            await jetstream.add_consumer(STREAM, config)
            return
        self._cautious = self._cautious and bool(before.num_ack_pending)
        await jetstream.reset_consumer(STREAM, name)

    async def _digest(self, taken: Sequence[Taken]) -> None:
        """Commits everything in hand, in order, and acknowledges it; to the end unless it fails while it is time to
        stop. Raises `LeaseLost`.
        """
        self._in_hand = True
        try:
            await self._digest_all(taken)
        finally:
            self._in_hand = False

    async def _digest_all(self, taken: Sequence[Taken]) -> None:
        while taken:
            some = taken[:1] if self._cautious else taken
            began_s = monotonic_s()
            try:
                await self._commit(some, taken)
            except LeaseLost:
                raise
            except Exception as error:  # The store is away or full, or it is something in these units.
                log.error("batch_failed", partition=self._number, units=len(some), error=type(error).__name__)
                if not is_the_servers(error):
                    self._tried = None
                    self._cautious = self._cautious or await self._store_answers()
                await self._pause()
                if self._stopping.is_set():  # Nothing was acknowledged: whoever is next begins with it.
                    return
                continue
            if self.meters is not None:
                oldest_s = (self._clock() - some[0].message.metadata.timestamp).total_seconds()
                headers = (one.message.headers for one in some)
                self.meters.worked(self._number, len(some), monotonic_s() - began_s, oldest_s, headers)
            await self.acknowledge(some)
            taken = taken[len(some) :]
        self._cautious = False

    async def _commit(self, some: Sequence[Taken], in_hand: Sequence[Taken]) -> None:
        tries, number = 1, some[0].number
        if self._cautious:
            if self._tried is None or self._tried[0] != number:  # Else it was the server that could not.
                tries = await self._database.write(lambda c: leases.suspect(c, self.lease, number))
                self._tried = number, tries
            tries = self._tried[1]
        if tries > TRIES:
            log.error("dead_letter", partition=self._number, tries=tries - 1)
        await self._keeping(in_hand, self._database.write(lambda c: self.digest(c, some, bury=tries > TRIES)))

    def digest(self, connection: Connection, some: Sequence[Taken], *, bury: bool) -> None:
        """The transaction of a batch, or of one unit that is buried untried."""
        leases.hold(connection, self.lease, self._lease_s)
        for one in some:
            if one.unit is None:
                units.bury_unread(connection, one.whose, one.body, one.error, one.name)
        readable = [one.unit for one in some if one.unit is not None]
        if not bury:
            process(connection, readable, self._clock())
            return
        for unit in units.fresh(connection, readable):
            units.bury(connection, unit, f"It was tried {TRIES} times, and the worker ended or could not store it.")

    async def acknowledge(self, some: Sequence[Taken]) -> None:
        """Says that these need not come again. What is not heard comes again and changes nothing."""
        with suppress(*TROUBLE):
            for one in some:
                await one.message.ack()

    async def _keeping(self, in_hand: Sequence[Taken], work: Awaitable[Any]) -> None:
        """Waits for the commit, and says now and then that what is in hand is being worked on."""
        task = asyncio.ensure_future(work)
        while not (await asyncio.wait({task}, timeout=ACK_S / 3))[0]:
            with suppress(*TROUBLE):
                for one in in_hand:
                    await one.message.in_progress()
        task.result()

    async def _store_answers(self) -> bool:
        try:
            await self._database.read(lambda c: c.execute(sa.select(1)).scalar_one())
        except Exception:  # Whatever is wrong with it, these units are not to blame.
            return False
        return True

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.pause_s):
                await self._stopping.wait()


def _taken(message: Msg, clock: Clock) -> Taken:
    number = message.metadata.sequence.stream
    try:
        envelope = envelope_of(message.data)
    except msgspec.MsgspecError as error:
        whose = (0, UUID(int=0), "unknown", clock())
        return Taken(message, number, None, whose, message.data, f"Not a unit: {error}")
    try:
        return Taken(message, number, unpacked(envelope))
    except msgspec.MsgspecError as error:
        whose = (envelope.city, envelope.device_id, envelope.format, envelope.received_at)
        return Taken(message, number, None, whose, bytes(envelope.unit), f"Not understood: {error}")


class Worker:
    """A fair share of the partitions, as many workers as there are; it follows when some come or go."""

    partition = Partition

    def __init__(
        self, database: Database, broker: Broker, clock: Clock, *, partitions: int, lease_s: float = LEASE_S,
        meters: Meters | None = None,
    ) -> None:  # fmt: skip
        self._database, self._broker, self._clock = database, broker, clock
        self._names = {name_of(number): number for number in range(partitions)}
        self._lease_s, self._meters = lease_s, meters
        self.id = new_id()
        self.tended = False
        """Whether the leases could be looked after when that was last due."""
        self._me = f"worker/{self.id.hex}"
        self._held: dict[str, tuple[Partition, asyncio.Task[None]]] = {}
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def partitions(self) -> list[int]:
        """What this worker works on now."""
        return sorted(self._names[name] for name in self._held)

    def start(self) -> None:
        """Begins on the running event loop."""
        self._task = asyncio.create_task(self._run(), name="mimamori-worker")

    async def stop(self) -> None:
        """Ends after the batches in hand and gives everything back, so that others go on at once."""
        self._stopping.set()
        if self._task is not None:
            await self._task
        with suppress(Exception):  # Without the database: what is held ends by itself.
            await self._let_go(list(self._held))
            await self._database.write(lambda c: leases.withdraw(c, self._me))

    async def _run(self) -> None:
        prepared = False
        while not self._stopping.is_set():
            try:
                if not prepared:
                    await self._database.write(lambda c: leases.prepare(c, self._names))
                    prepared = True
                await self._tend()
                self.tended = True
            except Exception as error:  # The database is away: what is held is held by nobody longer than it lasts.
                self.tended = False
                log.error("leases_not_tended", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._lease_s / 4):
                    await self._stopping.wait()

    async def _tend(self) -> None:
        """Lengthens what is held, takes what is free up to a fair share, and gives back what is more."""
        for name, (_, task) in list(self._held.items()):
            if task.done():  # Lost; or a defect, and then it is begun anew.
                if not task.cancelled() and (error := task.exception()) is not None:
                    log.error("partition_crashed", partition=self._names[name], error=type(error).__name__)
                await self._let_go([name])
        held = {name: partition.lease for name, (partition, _) in self._held.items()}
        lost, taken, share = await self._database.write(lambda c: self._lengthen(c, held))
        for name in lost:
            partition, task = self._held.pop(name)
            partition.stop(task)
        for lease in taken:
            number = self._names[lease.name]
            partition = self.partition(self._database, self._broker, self._clock, number, lease, self._lease_s)
            partition.meters = self._meters
            self._held[lease.name] = partition, asyncio.create_task(partition.run(), name=lease.name)
        await self._let_go(list(self._held)[share:])

    def _lengthen(self, connection: Connection, held: dict[str, Lease]) -> tuple[list[str], list[Lease], int]:
        leases.announce(connection, self._me, self.id, self._lease_s)
        lost = []
        for name, lease in held.items():
            try:
                leases.hold(connection, lease, self._lease_s)
            except LeaseLost:
                lost.append(name)
        share = -(-len(self._names) // max(leases.present(connection, "worker/"), 1))
        room = share - len(held) + len(lost)
        taken = leases.take(connection, list(self._names), self.id, self._lease_s, room) if room > 0 else []
        return lost, taken, share

    async def _let_go(self, names: Sequence[str]) -> None:
        """Ends the work on these after the batches in hand, then frees them."""
        if not names:
            return
        gone = [self._held[name] for name in names]
        for partition, task in gone:
            partition.stop(task)
        await asyncio.wait([task for _, task in gone])
        await self._database.write(lambda c: leases.give_back(c, [partition.lease for partition, _ in gone]))
        for name in names:
            self._held.pop(name, None)


def name_of(partition: int) -> str:
    """The name of the lease of a partition."""
    return f"partition/{partition}"
