"""The stage on many processes' worth of service: an edge, a web and two workers, each with a database and a line to NATS
of its own, around a real PostgreSQL and a real nats-server.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from app import scaled
from app.config import Settings
from app.kit.clock import ManualClock
from app.parts import Service
from app.push import outbox
from beacon_ingest.broker import Broker
from tests.broker import NatsServer, running_nats, until_empty
from tests.build import NOW, town
from tests.e2e.stage import PATIENCE_S, Stage, registered
from tests.waiting import until


def settings_of(stage: Stage, server: NatsServer) -> Settings:
    """The same for all processes."""
    return Settings(
        data=str(stage.folder / "data"),
        database=str(stage.where),
        nats=server.url,
        nats_monitoring=server.monitoring,
        detector_secret="a secret that is long enough for all",
        partitions=4,
        lease_s=1.0,
        port=0,
        tcp={"watch": 0},
        fcm_credentials=str(stage.phones.write_credentials(stage.folder)),
        fcm_url=stage.phones.url,
        tick_s=0.2,
    )


def of_an_edge(settings: Settings) -> Settings:
    """The same without what an edge need not know."""
    return msgspec.structs.replace(settings, database="")


class ScaledStage(Stage):
    """A stage whose service is several."""

    server: NatsServer
    edge: Service
    web: Service
    workers: tuple[Service, ...]
    fleet: AsyncExitStack
    """What ends the workers."""
    broker: Broker

    def client_of(self, service: Service) -> httpx.AsyncClient:
        """Somebody who asks one process."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=service.app), base_url="http://stage")

    async def until_ready(self, service: Service, missing: Sequence[str] = ()) -> None:
        """Waits until a process says that it is ready, or that this is missing."""
        wanted = {"ready": not missing, "missing": list(missing)}

        async def is_so() -> bool:
            answer: bool = (await self.client_of(service).get("/health/ready")).json() == wanted
            return answer

        await until(is_so)

    async def told(self) -> str:
        """What all processes tell Prometheus."""
        services = (self.edge, self.web, *self.workers)
        return "".join([(await self.client_of(one).get("/metrics")).text for one in services])

    async def until_told(self, line: str) -> str:
        """Waits until one of them tells Prometheus so; what all of them do."""

        async def told() -> str:
            text = await self.told()
            return text if line in text.splitlines() else ""

        return await until(told)

    async def worked_off(self) -> None:
        """Waits until the workers have done all that was acknowledged, and everybody was told of it."""

        async def is_told() -> bool:
            return await self.database.read(outbox.oldest_due_at) is None

        await until_empty(self.broker)
        await until(is_told)


def both(edge: Service, web: Service) -> Any:
    """What a proxy in front of them does."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        chosen = edge if scope["path"].startswith("/ingest/") else web
        await chosen.app(scope, receive, send)

    return app


@asynccontextmanager
async def a_scaled_stage(where: str, folder: Path, **changes: Any) -> AsyncIterator[ScaledStage]:
    """All processes around the small town, with settings other than usual."""
    (folder / "data").mkdir(exist_ok=True)
    stage = ScaledStage(where, folder, ManualClock(NOW))
    stage.phones.start()
    async with AsyncExitStack() as stack:
        stack.callback(stage.phones.stop)
        stage.server = await stack.enter_async_context(running_nats())
        settings = msgspec.structs.replace(settings_of(stage, stage.server), **changes)
        stage.web = await stack.enter_async_context(scaled.web(settings, stage.clock))
        stage.fleet = await stack.enter_async_context(AsyncExitStack())
        workers = [await stage.fleet.enter_async_context(scaled.worker(settings, stage.clock)) for _ in range(2)]
        stage.workers = tuple(workers)
        stage.edge = await stack.enter_async_context(scaled.edge(of_an_edge(settings), stage.clock))
        stage.broker = Broker([stage.server.url], name="stage")
        await stage.broker.open(PATIENCE_S)
        stack.push_async_callback(stage.broker.close)
        stage.database, stage.watch_port = stage.web.database, stage.edge.tcp_ports["watch"]
        transport = httpx.ASGITransport(app=both(stage.edge, stage.web))
        stage.http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://stage"))
        stack.push_async_callback(stage.hang_up)
        stage.town = await stage.database.write(lambda c: town(c, NOW))
        await registered(stage)
        yield stage
