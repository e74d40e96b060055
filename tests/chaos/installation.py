"""A town as a prefecture runs it: three NATS servers, PostgreSQL, two edges, two workers, a web."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.config import Settings, detector_secret
from app.db.postgres import postgres_engine
from app.simulator.fcm_standin import FcmStandIn
from beacon_ingest.broker import Broker
from tests.broker import NatsServer, line_to, running_cluster, until_whole
from tests.chaos.crew import PATIENCE_S, Cast, populated
from tests.chaos.load import Load
from tests.chaos.many import Steppable, until_known
from tests.chaos.poles import Pole, poles_of
from tests.disk import SmallDisk, small_disk
from tests.postgres import PostgresServer, running_postgres
from tests.waiting import until

PHONES, TAGS = 6, 4
LEASE_S = 1.0
SECRET = "a secret that is long enough for all"
FULL = 1
"""The number of the NATS server whose disk can be filled."""

_POSTGRES = "track_commit_timestamp = on\nmin_wal_size = 32MB\nmax_wal_size = 48MB\n"
_POSTGRES_BYTES, _NATS_BYTES = 256 * 1024 * 1024, 128 * 1024 * 1024


class Part(Enum):
    """What may not fail twice at once: two of three NATS servers would be the majority."""

    PROCESSES = "processes"
    NATS = "NATS"
    POSTGRESQL = "PostgreSQL"


class Installation(Struct, kw_only=True):
    """All of it. `disk` is that of a NATS server, and None where there can be no small disks."""

    chance: random.Random
    where: str
    postgres: PostgresServer
    nats: list[NatsServer]
    disk: SmallDisk | None
    edges: list[Steppable]
    workers: list[Steppable]
    web: Steppable
    load: Load
    phones: FcmStandIn
    hurried: bool
    broker: Broker

    @property
    def has_disks(self) -> bool:
        """Whether disks can be filled."""
        return self.disk is not None and self.postgres.disk is not None

    def patience_s(self, short: float, long: float) -> float:
        """How long something lasts: in every run, in a long one."""
        return short if self.hurried else long

    async def until_whole(self, part: Part) -> None:
        """All NATS servers have all of the stream; PostgreSQL takes questions: one that is told to restart while it
        repairs itself was seen to hang.
        """
        if part is Part.NATS:
            await asyncio.gather(*(one.well() for one in self.nats))
            await until_whole(self.broker, len(self.nats))
        elif part is Part.POSTGRESQL:
            await until(lambda: asyncio.to_thread(self.postgres.answers), PATIENCE_S)

    @property
    def processes(self) -> list[Steppable]:
        """Our own."""
        return [*self.edges, *self.workers, self.web]


@asynccontextmanager
async def installation(
    seed: int, pressers: int, pause_s: float, folder: Path, *, hurried: bool
) -> AsyncIterator[Installation]:
    """It runs, and nobody speaks yet."""
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(running_postgres(_POSTGRES, _POSTGRES_BYTES))
        where = stack.enter_context(postgres.database())
        (mount := folder / "nats-disk").mkdir()
        disk = stack.enter_context(small_disk(mount, _NATS_BYTES))
        stores = {} if disk is None else {FULL: disk.path / "store"}
        nats = await stack.enter_async_context(running_cluster(stores=stores))
        phones = FcmStandIn()
        phones.start()
        stack.callback(phones.stop)
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=100)
        engine = postgres_engine(where)
        with engine.begin() as connection:
            cast, poles = _people(connection, start, pressers)
        engine.dispose()
        environment = _environment(where, nats, phones, folder)
        edges = [Steppable("edge", folder, environment, "--tcp", "watch=0") for _ in range(2)]
        workers = [Steppable("worker", folder, environment) for _ in range(2)]
        web = Steppable("web", folder, environment)
        load = Load(cast, poles, phones, edges, web, pause_s)
        here = Installation(
            chance=random.Random(seed), where=where, postgres=postgres, nats=nats, disk=disk, edges=edges,
            workers=workers, web=web, load=load, phones=phones, hurried=hurried,
            broker=await stack.enter_async_context(line_to(nats)),
        )  # fmt: skip
        try:
            await asyncio.gather(*(one.start() for one in here.processes))
            await asyncio.gather(*map(until_known, edges))
            yield here
        finally:
            await load.stop()
            await asyncio.gather(*(one.end(signal.SIGKILL) for one in here.processes))


def _people(connection: Connection, start: datetime, pressers: int) -> tuple[Cast, list[Pole]]:
    cast = populated(connection, start, PHONES, pressers, TAGS)
    return cast, poles_of(connection, detector_secret(Settings(detector_secret=SECRET)), cast.with_tags, start)


def _environment(where: str, nats: list[NatsServer], phones: FcmStandIn, folder: Path) -> dict[str, str]:
    return {
        "MIMAMORI_DATABASE": where,
        "MIMAMORI_NATS": ",".join(one.url for one in nats),
        "MIMAMORI_NATS_MONITORING": ",".join(one.monitoring for one in nats),
        "MIMAMORI_REPLICAS": "3",
        "MIMAMORI_DETECTOR_SECRET": SECRET,
        "MIMAMORI_PARTITIONS": "4",
        "MIMAMORI_LEASE_S": str(LEASE_S),
        "MIMAMORI_TICK_S": "0.2",
        "MIMAMORI_LOG_LEVEL": "warning",
        "MIMAMORI_FCM_CREDENTIALS": str(phones.write_credentials(folder)),
        "MIMAMORI_FCM_URL": phones.url,
    }
