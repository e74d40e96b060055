"""Everything in one process: web, device edge, jobs and delivery around one database.

The edge's stream, registry and downlink are given their embedded form here. What runs in the background is supervised:
it may fail, it does not end.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from uuid import UUID

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from msgspec import Struct
from prometheus_client import CollectorRegistry

from app import jobs
from app.asgi import Application, create_app
from app.care.service.auditing import EVERY_S, Auditor
from app.config import Settings, detector_secret
from app.db.engine import Database, check, where_of
from app.devices import service as devices
from app.kit.clock import Clock, monotonic_s, system_clock
from app.kit.errors import Overloaded
from app.kit.ids import CommandId, DeviceId
from app.migrations.run import upgrade
from app.pipeline import process
from app.push.channels import open_channels
from app.push.deliver import Deliverer
from app.snapshots import Snapshots
from beacon_ingest.counters import Counters
from beacon_ingest.downlink import Connections, Order
from beacon_ingest.listeners.http import EdgeHttp
from beacon_ingest.listeners.tcp import serve_tcp
from beacon_ingest.messages import DetectorUnit, Unit
from beacon_ingest.stream import StreamFull

log = structlog.get_logger()

REGISTRY_CHECK_S = 5
"""A change that this process did not make itself (another command on the same file) reaches the edge after this time at
most.
"""


class EmbeddedStream:
    """The stream without a broker: done when the transaction that holds the unit is committed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._runner = lambda connection, units: process(connection, units, clock())

    def publish(self, unit: Unit | DetectorUnit) -> Awaitable[object]:
        """Done after the commit; fails when nothing could be stored. Raises `StreamFull` when too much waits."""
        try:
            return self._database.write_item(self._runner, unit)
        except Overloaded as error:
            raise StreamFull(error.retry_after_s) from None


class EmbeddedDownlink:
    """Commands to devices, from their rows. Which devices have one due is kept in memory, because it is asked on every
    message.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: set[UUID] = set()

    def note(self, device_id: UUID) -> None:
        """A command of this device may be due."""
        self._waiting.add(device_id)

    def has_pending(self, device_id: UUID) -> bool:
        """Whether a command may be due."""
        return device_id in self._waiting

    async def pending(self, device_id: UUID) -> list[Order]:
        """The commands that are due, oldest first."""
        self._waiting.discard(device_id)
        now = self._clock()
        commands = await self._database.read(lambda c: devices.pending(c, DeviceId(device_id), now))
        return [
            Order(id=one.id, device_id=one.device_id, kind=one.kind.value, interval_s=one.interval_s)
            for one in commands
        ]

    async def sent(self, order_ids: list[UUID]) -> None:
        """Notes that they were handed to the device."""
        now = self._clock()
        await self._database.write(lambda c: devices.mark_sent(c, [CommandId(one) for one in order_ids], now))


class Service(Struct, kw_only=True):
    """What runs: the ASGI application, and the TCP ports that were taken."""

    app: Application
    database: Database
    tcp_ports: dict[str, int]


@asynccontextmanager
async def running(settings: Settings, clock: Clock = system_clock) -> AsyncIterator[Service]:
    """The whole service from migrated tables to open TCP ports; everything is let go of in reverse order."""
    async with AsyncExitStack() as stack:
        where = where_of(settings)
        database = Database(where, group_max=settings.group_units_max, queue_max=settings.queue_units_max)
        with database.transaction() as connection:
            check(connection)
            upgrade(connection)
            jobs.come_up(connection, clock())
            jobs.make_room(connection, settings, clock())
        database.start()
        stack.push_async_callback(database.stop)
        snapshots = Snapshots(database, detector_secret(settings))
        await snapshots.load()
        registry = snapshots.registry
        stream, downlink, connections = (
            EmbeddedStream(database, clock),
            EmbeddedDownlink(database, clock),
            Connections(),
        )
        metrics = CollectorRegistry()
        counters = Counters(metrics)
        edge = EdgeHttp(
            registry=registry, tags=snapshots.tags, stream=stream, downlink=downlink, clock=clock,
            monotonic=monotonic_s, counters=counters,
        )  # fmt: skip
        _listen(database, snapshots, downlink, connections)
        ports: dict[str, int] = {}
        for protocol, port in settings.tcp.items():
            server = await serve_tcp(
                protocol, settings.host, port, registry=registry, stream=stream, downlink=downlink,
                connections=connections, clock=clock, monotonic=monotonic_s, counters=counters,
            )  # fmt: skip
            stack.push_async_callback(server.stop)
            ports[protocol] = server.port
        deliverer = Deliverer(database, open_channels(settings, clock), clock, tick_s=settings.tick_s)
        deliverer.start()
        stack.push_async_callback(deliverer.stop)
        scheduler = _scheduler(database, settings, clock, snapshots)
        auditor = Auditor(database, clock, metrics, settings.watchman_url)
        scheduler.add_job(auditor.audit, "interval", seconds=EVERY_S, id="audit")
        scheduler.start()
        stack.callback(_stop, scheduler)
        yield Service(
            app=create_app(
                settings,
                database,
                clock,
                edge=edge,
                registry=registry,
                metrics=metrics,
                detector_secret=detector_secret(settings),
            ),
            database=database,
            tcp_ports=ports,
        )


def _listen(database: Database, snapshots: Snapshots, downlink: EmbeddedDownlink, connections: Connections) -> None:
    """Lets changes in the database reach the edge at once."""
    tasks: set[asyncio.Task[None]] = set()

    def on_registry(_key: str) -> None:
        task = asyncio.ensure_future(snapshots.load())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def on_command(key: str) -> None:
        device_id = UUID(key)
        downlink.note(device_id)
        connections.wake(device_id)

    database.listen("registry", on_registry)
    database.listen("command", on_command)


def _scheduler(database: Database, settings: Settings, clock: Clock, snapshots: Snapshots) -> AsyncIOScheduler:
    """A ticker for the jobs; it holds no state that anything depends on."""
    scheduler = AsyncIOScheduler(job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    for job in jobs.JOBS:
        scheduler.add_job(partial(_run, job, database, settings, clock), "interval", seconds=job.every_s, id=job.name)
    scheduler.add_job(snapshots.check, "interval", seconds=REGISTRY_CHECK_S, id="registry")
    database.listen("intent", lambda _key: scheduler.modify_job("intents", next_run_time=system_clock()))
    return scheduler


def _stop(scheduler: AsyncIOScheduler) -> None:
    """Ends the ticker. A job that is broken off by this is no error: what was due still is."""
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    scheduler.shutdown(wait=False)


async def _run(job: jobs.Job, database: Database, settings: Settings, clock: Clock) -> None:
    try:
        await database.write(lambda connection: job.work(connection, settings, clock()))
    except Overloaded:
        log.warning("job_postponed", job=job.name)
    except Exception as error:  # A job that fails is tried again at its next turn; the others go on.
        log.error("job_failed", job=job.name, error=type(error).__name__, detail=str(error)[:500])
