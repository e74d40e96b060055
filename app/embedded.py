"""Everything in one process: web, device edge, jobs and delivery around one database.

The edge's stream is given its embedded form here. What runs in the background is supervised: it may fail, it does not
end.
"""

from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from app import jobs, parts
from app.asgi import create_app
from app.care.service.auditing import EVERY_S, Auditor
from app.config import Settings, detector_secret
from app.db.engine import Database, check, where_of
from app.hooks.deliver import HookDeliverer
from app.kit.clock import Clock, system_clock
from app.kit.errors import Overloaded
from app.migrations.run import upgrade
from app.orders import Downlink
from app.parts import Service, Ticker
from app.pipeline import process
from app.push.channels import open_channels
from app.push.deliver import Deliverer
from app.push.tokens import Tokens
from app.snapshots import Snapshots
from beacon_ingest.messages import DetectorUnit, Unit
from beacon_ingest.stream import StreamFull

log = structlog.get_logger()

REGISTRY_CHECK_S = 5
"""A change that nobody told this process of (another command on the same database) reaches the edge after this time at
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


@asynccontextmanager
async def running(settings: Settings, clock: Clock = system_clock) -> AsyncIterator[Service]:
    """The whole service from migrated tables to open TCP ports; everything is let go of in reverse order."""
    async with AsyncExitStack() as stack:
        traces = parts.traces_of(stack, settings, "serve")
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
        metrics = parts.new_metrics()
        meters = parts.measured(database, metrics, traces)
        stream = EmbeddedStream(database, clock)
        downlink = Downlink(database, clock)
        doors = await parts.open_doors(stack, settings, clock, snapshots, stream, downlink, database.listeners, metrics)
        deliverer = Deliverer(
            database, open_channels(settings, clock), clock, tick_s=settings.tick_s, meters=meters,
            tokens=Tokens(detector_secret(settings)),
        )  # fmt: skip
        deliverer.start()
        stack.push_async_callback(deliverer.stop)
        hooks = HookDeliverer(database, settings, detector_secret(settings), clock)
        hooks.start()
        stack.push_async_callback(hooks.stop)
        ticker = Ticker()
        stack.push_async_callback(ticker.stop)
        parts.tick_jobs(ticker, database, settings, clock)
        ticker.every(REGISTRY_CHECK_S, "registry", snapshots.check)
        database.listen("registry", lambda _key: ticker.wake("registry"))
        auditor = Auditor(database, clock, metrics, settings.watchman_url)
        ticker.every(EVERY_S, "audit", auditor.audit)
        app = create_app(
            settings, database, clock, edge=doors.http, registry=snapshots.registry, metrics=metrics,
            detector_secret=detector_secret(settings),
        )  # fmt: skip
        yield Service(app=parts.traced(app, traces), database=database, tcp_ports=doors.tcp_ports)
