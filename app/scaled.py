"""Many processes around PostgreSQL and NATS: edges take what devices say into the stream, workers take it out and do
what is timed, webs answer people. Any number of each; none knows of another but by rows and hints.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from uuid import UUID

import structlog
from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy.engine import Connection

from app import jobs, parts, publisher
from app.asgi import create_app
from app.asgi.bare import BareApplication
from app.care.service.around import Around, plan_of, servers_of
from app.care.service.auditing import EVERY_S, Auditor
from app.config import InvalidSettings, Settings, detector_secret
from app.db import leases
from app.db.engine import Database, check, where_of
from app.db.session import Hint, Listeners
from app.hints import Hints
from app.hooks.deliver import HookDeliverer
from app.kit.clock import Clock, SharedClock, system_clock
from app.migrations.run import upgrade
from app.orders import Answers
from app.parts import Service, Ticker
from app.publisher import Publisher
from app.push.channels import open_channels
from app.push.deliver import Deliverer
from app.push.tokens import Tokens
from app.snapshots import key_of
from app.worker import Worker
from beacon_ingest.asking import AskingDownlink
from beacon_ingest.broker import Broker, Unfit
from beacon_ingest.bucket import follower
from beacon_ingest.jetstream import JetStream
from beacon_ingest.monitoring import servers_at
from beacon_ingest.shards import Register

log = structlog.get_logger()

PATIENCE_S = 5.0
"""How long a start waits for NATS; then it goes on without, and says that it is not ready."""

CLOCK_S = 5
"""So often the clock of the database is looked at, by which workers and webs go: what one of them wrote down as due or
over would be neither for the others if their own clocks differed, or one was set.
"""

LOOK_AGAIN_S = 10
"""Live streams look so often for what no hint told them of."""

UNSHARED = frozenset({"intents"})
"""Jobs that claim what they do row by row: every worker may be at them, whenever a hint wakes it."""


@asynccontextmanager
async def edge(settings: Settings, clock: Clock = system_clock) -> AsyncIterator[Service]:
    """Where devices come in: HTTP under `/ingest`, and TCP. It sees no database."""
    _must_be_scaled(settings, "nats", "detector_secret")
    async with AsyncExitStack() as stack:
        traces = parts.traces_of(stack, settings, "edge")
        listeners = Listeners()
        broker = await _broker(stack, settings, listeners, ("command",), "edge")
        register = Register(key_of(detector_secret(settings)))
        watcher = follower(broker, register)
        watcher.start()
        stack.push_async_callback(watcher.stop)
        stream = JetStream(
            broker, register.subjects, partitions=settings.partitions, queue_max=settings.queue_units_max
        )
        stream.carried = None if traces is None else traces.carried
        metrics = parts.new_metrics()
        known = Gauge("mimamori_registry_known", "What the edge knows of the register", ["what"], registry=metrics)
        known.labels("speakers").set_function(lambda: register.speakers_known)
        known.labels("tags").set_function(lambda: register.tags_known)
        doors = await parts.open_doors(
            stack, settings, clock, register, stream, AskingDownlink(broker), listeners, metrics
        )
        missing = _missing({"stream": lambda: broker.connected, "registry": lambda: register.registry.ready})
        app = parts.traced(BareApplication(metrics, missing, doors.http), traces)
        yield Service(app=app, database=None, tcp_ports=doors.tcp_ports)


@asynccontextmanager
async def web(settings: Settings, clock: Clock = system_clock) -> AsyncIterator[Service]:
    """What people and their apps ask: everything under `/v1`."""
    async with AsyncExitStack() as stack:
        traces = parts.traces_of(stack, settings, "web")
        database = await _database(stack, settings, lambda connection: _up_to_date(connection, clock))
        broker = await _broker(stack, settings, database.listeners, ("live", "place", "board", "doubt"), "web")
        metrics = parts.new_metrics()
        parts.measured(database, metrics, traces)
        ticker = _ticker(stack)
        ticker.every(LOOK_AGAIN_S, "live", partial(_look_again, database))
        ticker.every(CLOCK_S, "clock", partial(_look_at_clock, database, clock))
        _audit(stack, ticker, settings, clock, database, broker, metrics)
        app = create_app(settings, database, clock, metrics=metrics, detector_secret=detector_secret(settings))
        yield Service(app=parts.traced(app, traces), database=database, tcp_ports={})


@asynccontextmanager
async def worker(settings: Settings, clock: Clock = system_clock) -> AsyncIterator[Service]:
    """What happens by itself: the pipeline, timed work, intents, and messages to people."""

    def begin(connection: Connection) -> None:
        _up_to_date(connection, clock)
        jobs.come_up(connection, clock())
        jobs.make_room(connection, settings, clock())
        leases.prepare(connection, [*(_turn_of(job) for job in jobs.JOBS), publisher.TURN])

    async with AsyncExitStack() as stack:
        traces = parts.traces_of(stack, settings, "worker")
        database = await _database(stack, settings, begin)
        answers = Answers(database, clock)
        topics = ("outbox", "intent", "registry")
        broker = await _broker(stack, settings, database.listeners, topics, "worker", answers.prepare)
        metrics = parts.new_metrics()
        publishing = Publisher(database, broker, replicas=settings.replicas, metrics=metrics)
        publishing.start()
        stack.push_async_callback(publishing.stop)
        meters = parts.measured(database, metrics, traces)
        deliverer = Deliverer(
            database, open_channels(settings, clock), clock, tick_s=settings.tick_s, meters=meters,
            tokens=Tokens(detector_secret(settings)),
        )  # fmt: skip
        deliverer.start()
        stack.push_async_callback(deliverer.stop)
        hooks = HookDeliverer(database, settings, detector_secret(settings), clock)
        hooks.start()
        stack.push_async_callback(hooks.stop)
        crew = Worker(database, broker, clock, partitions=settings.partitions, lease_s=settings.lease_s, meters=meters)
        ticker = _ticker(stack)
        ticker.every(CLOCK_S, "clock", partial(_look_at_clock, database, clock))
        parts.tick_jobs(ticker, database, settings, clock, in_turn=partial(_in_turn, crew.id))
        _audit(stack, ticker, settings, clock, database, broker, metrics)
        crew.start()
        stack.push_async_callback(crew.stop)
        missing = _missing({"stream": lambda: broker.connected, "database": lambda: crew.tended})
        yield Service(app=BareApplication(metrics, missing), database=database, tcp_ports={})


PROCESSES = {"edge": edge, "web": web, "worker": worker}


async def _database(
    stack: AsyncExitStack, settings: Settings, begin: Callable[[Connection], None] | None = None
) -> Database:
    """The database, started; `begin` is done in a transaction before. Raises `InvalidSettings`."""
    _must_be_scaled(settings, "database", "nats", "detector_secret")
    database = Database(where_of(settings), group_max=settings.group_units_max, queue_max=settings.queue_units_max)
    if begin is not None:
        with database.transaction() as connection:
            check(connection)
            begin(connection)
    database.start()
    stack.push_async_callback(database.stop)
    return database


def _must_be_scaled(settings: Settings, *needed: str) -> None:
    if missing := [name for name in needed if not getattr(settings, name)]:
        names = ", ".join(f"`{name}`" for name in missing)
        raise InvalidSettings(f"This process, one of many, needs the settings {names}: the same for all of them.")


async def _broker(
    stack: AsyncExitStack, settings: Settings, listeners: Listeners, topics: tuple[str, ...], name: str,
    *prepare: Callable[[Broker], Awaitable[None]],
) -> Broker:  # fmt: skip
    """The line to NATS, on which the stream is and hints come and go. Raises `InvalidSettings` when it is not fit."""
    plan = plan_of(settings)
    await _must_sync(settings)
    broker = Broker(servers_of(settings), name=f"mimamori {name}")
    hints = Hints(listeners, broker, topics)
    broker.prepare = [plan.prepare, hints.prepare, *prepare]
    stack.push_async_callback(broker.close)
    try:
        await broker.open(PATIENCE_S)
    except Unfit as error:
        raise InvalidSettings(str(error)) from None
    return broker


async def _must_sync(settings: Settings) -> None:
    """Raises `InvalidSettings` when a NATS server says that it acknowledges what is not on its disk. That it is not to
    be seen is no reason not to start: the page on operations says what rests on it.
    """
    servers = await servers_at(settings.nats_monitoring)
    if not servers:
        log.warning("nats_sync_not_seen", why="the setting nats_monitoring is empty")
    for server in servers:
        if server.trouble:
            log.warning("nats_sync_not_seen", why=server.trouble)
        elif not server.syncs:
            raise InvalidSettings(
                "A NATS server runs without `sync_interval: always`: a power cut would lose data; set it in the "
                "block `jetstream` of its configuration and restart it."
            )


def _ticker(stack: AsyncExitStack) -> Ticker:
    ticker = Ticker()
    stack.push_async_callback(ticker.stop)
    return ticker


def _audit(
    stack: AsyncExitStack, ticker: Ticker, settings: Settings, clock: Clock, database: Database,
    broker: Broker, metrics: CollectorRegistry,
) -> None:  # fmt: skip
    """Lets this process audit whenever no other one does."""
    auditor = Auditor(database, clock, metrics, settings.watchman_url, Around(broker, settings.partitions))
    stack.push_async_callback(auditor.stop)
    ticker.every(EVERY_S, "audit", auditor.audit, at_once=True)


def _up_to_date(connection: Connection, clock: Clock) -> None:
    """The tables are as this version needs them, and the clock is right."""
    upgrade(connection)
    if isinstance(clock, SharedClock):
        clock.tell(leases.moment(connection))


async def _look_at_clock(database: Database, clock: Clock) -> None:
    if isinstance(clock, SharedClock):
        with suppress(Exception):  # The database is away: it goes on as it was last seen.
            clock.tell(await database.read(leases.moment))


async def _look_again(database: Database) -> None:
    database.tell([Hint("live")])


def _turn_of(job: jobs.Job) -> str:
    return f"job/{job.name}"


def _in_turn(owner: UUID, connection: Connection, job: jobs.Job) -> bool:
    """Whether this worker is to do a job now: one of them is, each time that it is due."""
    return job.name in UNSHARED or leases.turn(connection, _turn_of(job), owner, job.every_s * 0.9)


def _missing(needed: dict[str, Callable[[], bool]]) -> Callable[[], list[str]]:
    return lambda: [name for name, is_there in needed.items() if not is_there()]
