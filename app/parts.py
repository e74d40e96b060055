"""What processes are put together from, whether there is one of them (`embedded`) or many (`scaled`): the edge's doors,
and the ticker of timed work.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Protocol
from uuid import UUID

import structlog
from msgspec import Struct
from prometheus_client import CollectorRegistry, ProcessCollector
from sqlalchemy.engine import Connection

from app import jobs
from app.asgi.application import Asgi
from app.asgi.traced import Traced
from app.config import Settings
from app.db.engine import Database
from app.db.errors import plain
from app.db.session import Listeners
from app.kit.clock import Clock, monotonic_s
from app.kit.errors import Overloaded
from app.meters import Meters
from app.traces import Traces
from beacon_ingest.counters import Counters
from beacon_ingest.downlink import Connections, Downlink
from beacon_ingest.listeners.http import EdgeHttp
from beacon_ingest.listeners.tcp import serve_tcp
from beacon_ingest.registry import Registry, Tags
from beacon_ingest.stream import Stream

log = structlog.get_logger()


class Service(Struct, kw_only=True):
    """What runs: the ASGI application, and the TCP ports that were taken."""

    app: Asgi
    database: Database | None
    """None in an edge, which sees none."""
    tcp_ports: dict[str, int]


class Doors(Struct, kw_only=True):
    """Where devices come in: the ASGI application of the HTTP formats, and the TCP ports that were taken."""

    http: EdgeHttp
    tcp_ports: dict[str, int]


async def open_doors(
    stack: AsyncExitStack, settings: Settings, clock: Clock, known: "Known", stream: Stream, downlink: "NotedDownlink",
    listeners: Listeners, metrics: CollectorRegistry,
) -> Doors:  # fmt: skip
    """Listens for devices until `stack` is closed, and for hints that a command waits for one of them."""
    connections, counters = Connections(), Counters(metrics)
    http = EdgeHttp(
        registry=known.registry, tags=known.tags, stream=stream, downlink=downlink, clock=clock,
        monotonic=monotonic_s, counters=counters,
    )  # fmt: skip

    def on_command(key: str) -> None:
        device_id = UUID(key)
        downlink.note(device_id)
        connections.wake(device_id)

    listeners.listen("command", on_command)
    ports: dict[str, int] = {}
    for protocol, port in settings.tcp.items():
        server = await serve_tcp(
            protocol, settings.host, port, registry=known.registry, stream=stream, downlink=downlink,
            connections=connections, clock=clock, monotonic=monotonic_s, counters=counters,
        )  # fmt: skip
        stack.push_async_callback(server.stop)
        ports[protocol] = server.port
    return Doors(http=http, tcp_ports=ports)


class NotedDownlink(Downlink, Protocol):
    """A downlink that is told when an order may be due."""

    def note(self, device_id: UUID) -> None:
        """An order of this device may be due."""
        ...


def new_metrics() -> CollectorRegistry:
    """What this process tells Prometheus: to begin with, what it takes of the machine."""
    metrics = CollectorRegistry()
    ProcessCollector(registry=metrics)
    return metrics


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


class Known(Protocol):
    """What an edge knows, wherever from."""

    @property
    def registry(self) -> Registry:
        """Who may speak."""
        ...

    @property
    def tags(self) -> Tags:
        """Which tags exist."""
        ...


class Ticker:
    """Wakes work every so many seconds, each piece one at a time; by durations, so that a clock which is set holds
    nothing up. It holds no state that anything depends on.
    """

    def __init__(self) -> None:
        self._wakes: dict[str, asyncio.Event] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def every(self, seconds: float, name: str, work: Callable[[], Awaitable[object]], *, at_once: bool = False) -> None:
        """Wakes it after so many seconds, again and again; with `at_once` for the first time now."""
        wake = self._wakes[name] = asyncio.Event()
        if at_once:
            wake.set()
        self._tasks.append(asyncio.create_task(_tick(seconds, name, work, wake), name=f"mimamori-{name}"))

    def wake(self, name: str) -> None:
        """Wakes it now as well."""
        self._wakes[name].set()

    async def stop(self) -> None:
        """Ends it. Work that is broken off by this is no error: what was due still is."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _tick(seconds: float, name: str, work: Callable[[], Awaitable[object]], wake: asyncio.Event) -> None:
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await wake.wait()
        wake.clear()
        try:
            await work()
        except Exception as error:  # The next turn comes all the same.
            log.error("tick_failed", name=name, error=type(error).__name__)


InTurn = Callable[[Connection, jobs.Job], bool]
"""Whether it is this process's turn to do a job."""


def tick_jobs(
    ticker: Ticker, database: Database, settings: Settings, clock: Clock, in_turn: InTurn | None = None
) -> None:
    """Lets the ticker wake the jobs, and intents at once when one is hinted at."""

    async def do(job: jobs.Job) -> None:
        def is_in_turn(connection: Connection) -> bool:
            return in_turn is None or in_turn(connection, job)

        def work(connection: Connection) -> None:
            if is_in_turn(connection):
                job.work(connection, settings, clock())

        plan = job.plan
        if plan is None:
            await database.write(work)
        elif in_turn is None or await database.write(is_in_turn):
            change = await database.read(lambda connection: plan(connection, settings, clock()))
            if change is not None:
                await database.write(change)

    for job in jobs.JOBS:
        ticker.every(job.every_s, job.name, partial(_run, job.name, partial(do, job)), at_once=job.at_once)
    database.listen("intent", lambda _key: ticker.wake("intents"))
    database.listen("billing", lambda _key: ticker.wake("billing"))
    database.listen("escalation", lambda _key: ticker.wake("escalation"))


async def _run(name: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Overloaded:
        log.warning("job_postponed", job=name)
    except Exception as error:  # A job that fails is tried again at its next turn; the others go on.
        log.error("job_failed", job=name, error=type(error).__name__, detail=plain(error)[:500])
