"""What processes are put together from, whether there is one of them (`embedded`) or many (`scaled`): the edge's doors,
its downlink, what makes changes reach it, and the ticker of timed work.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from uuid import UUID

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from msgspec import Struct
from prometheus_client import CollectorRegistry
from sqlalchemy.engine import Connection

from app import jobs
from app.asgi.application import Asgi
from app.asgi.traced import Traced
from app.config import Settings
from app.db.engine import Database
from app.db.errors import plain
from app.devices import service as devices
from app.kit.clock import Clock, monotonic_s, system_clock
from app.kit.errors import Overloaded
from app.kit.ids import CommandId, DeviceId
from app.meters import Meters
from app.snapshots import Snapshots
from app.traces import Traces
from beacon_ingest.counters import Counters
from beacon_ingest.downlink import Connections, Order
from beacon_ingest.listeners.http import EdgeHttp
from beacon_ingest.listeners.tcp import serve_tcp
from beacon_ingest.stream import Stream

log = structlog.get_logger()

REGISTRY_CHECK_S = 5
"""A change that nobody told this process of (another command on the same database) reaches the edge after this time at
most.
"""


class Service(Struct, kw_only=True):
    """What runs: the ASGI application, and the TCP ports that were taken."""

    app: Asgi
    database: Database
    tcp_ports: dict[str, int]


class Downlink:
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


class Doors(Struct, kw_only=True):
    """Where devices come in: the ASGI application of the HTTP formats, and the TCP ports that were taken."""

    http: EdgeHttp
    tcp_ports: dict[str, int]


async def open_doors(
    stack: AsyncExitStack, settings: Settings, clock: Clock, database: Database, snapshots: Snapshots, stream: Stream,
    metrics: CollectorRegistry, look: "Look",
) -> Doors:  # fmt: skip
    """Listens for devices until `stack` is closed. After a hint from the database `look` brings the snapshots up to
    date.
    """
    downlink, connections, counters = Downlink(database, clock), Connections(), Counters(metrics)
    http = EdgeHttp(
        registry=snapshots.registry, tags=snapshots.tags, stream=stream, downlink=downlink, clock=clock,
        monotonic=monotonic_s, counters=counters,
    )  # fmt: skip
    _listen(database, look, downlink, connections)
    ports: dict[str, int] = {}
    for protocol, port in settings.tcp.items():
        server = await serve_tcp(
            protocol, settings.host, port, registry=snapshots.registry, stream=stream, downlink=downlink,
            connections=connections, clock=clock, monotonic=monotonic_s, counters=counters,
        )  # fmt: skip
        stack.push_async_callback(server.stop)
        ports[protocol] = server.port
    return Doors(http=http, tcp_ports=ports)


def _listen(database: Database, look: "Look", downlink: Downlink, connections: Connections) -> None:
    """Lets changes in the database reach the edge at once."""
    tasks: set[asyncio.Task[None]] = set()

    def on_registry(_key: str) -> None:
        task = asyncio.ensure_future(looked(look))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def on_command(key: str) -> None:
        device_id = UUID(key)
        downlink.note(device_id)
        connections.wake(device_id)

    database.listen("registry", on_registry)
    database.listen("command", on_command)


def measured(database: Database, metrics: CollectorRegistry, traces: Traces | None = None) -> Meters:
    """The measures of this process; from now on its transactions are told to them."""
    meters = Meters(metrics, lambda: database.waiting, traces)
    database.measure(meters)
    return meters


def traces_of(stack: AsyncExitStack, settings: Settings, process: str) -> Traces | None:
    """The traces of this process, if they are asked for; when `stack` is closed, what is left of them is sent."""
    if settings.otlp_url is None:
        return None
    traces = Traces(settings.otlp_url, settings.otlp_share, process)
    stack.push_async_callback(asyncio.to_thread, traces.close)
    return traces


def traced(app: Asgi, traces: Traces | None) -> Asgi:
    """The same application, its requests traced if traces are asked for."""
    return app if traces is None else Traced(app, traces)


Look = Callable[[], Awaitable[None]]
"""Brings what the edge knows up to date."""


async def looked(look: Look) -> None:
    """Looks, if the database answers."""
    try:
        await look()
    except Exception as error:  # What was known is still in force; the next look is soon.
        log.error("registry_not_read", error=type(error).__name__)


def ticker() -> AsyncIOScheduler:
    """A ticker for timed work; it holds no state that anything depends on."""
    return AsyncIOScheduler(job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})


InTurn = Callable[[Connection, jobs.Job], bool]
"""Whether it is this process's turn to do a job."""


def tick_jobs(
    scheduler: AsyncIOScheduler, database: Database, settings: Settings, clock: Clock, in_turn: InTurn | None = None
) -> None:
    """Lets the ticker wake the jobs, and intents at once when one is hinted at."""

    def work(connection: Connection, job: jobs.Job) -> None:
        if in_turn is None or in_turn(connection, job):
            job.work(connection, settings, clock())

    for job in jobs.JOBS:
        one = partial(work, job=job)
        scheduler.add_job(partial(_run, database, job.name, one), "interval", seconds=job.every_s, id=job.name)
    database.listen("intent", lambda _key: scheduler.modify_job("intents", next_run_time=system_clock()))


def tick_registry(scheduler: AsyncIOScheduler, look: Look) -> None:
    """Lets the ticker look whether somebody else changed what the edge must know."""
    scheduler.add_job(partial(looked, look), "interval", seconds=REGISTRY_CHECK_S, id="registry")


def stop_ticker(scheduler: AsyncIOScheduler) -> None:
    """Ends the ticker. A job that is broken off by this is no error: what was due still is."""
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    scheduler.shutdown(wait=False)


async def _run(database: Database, name: str, work: Callable[[Connection], None]) -> None:
    try:
        await database.write(work)
    except Overloaded:
        log.warning("job_postponed", job=name)
    except Exception as error:  # A job that fails is tried again at its next turn; the others go on.
        log.error("job_failed", job=name, error=type(error).__name__, detail=plain(error)[:500])
