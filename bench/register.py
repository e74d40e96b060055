"""The register of a nation's town in a real bucket: how large it is, how long it takes to write all of it from a real
PostgreSQL, until an edge knows it, and until a change is known. By hand: `python -m bench.register --tags 1000000`.
"""

import argparse
import asyncio
import resource
import time
from collections.abc import Callable, Sequence

import msgspec
import sqlalchemy as sa

from app.db import leases
from app.db.engine import Database
from app.db.session import Hint
from app.publisher import TURN, Publisher
from app.snapshots import key_of
from beacon_ingest.broker import Broker
from beacon_ingest.bucket import STREAM, follower
from beacon_ingest.shards import Register, shard_of
from tests.broker import connected, running_nats
from tests.postgres import running_postgres

PATIENCE_S = 600.0
CHANGES = 30

_TOWN = (
    "INSERT INTO city (id, name, zone, created_at) VALUES (282103, 'town', 'Asia/Tokyo', now())",
    "INSERT INTO household (id, city_id, name, created_at) VALUES (gen_random_uuid(), 282103, 'all', now())",
    """INSERT INTO wearer (id, city_id, household_id, name, created_at)
    SELECT gen_random_uuid(), 282103, (SELECT id FROM household), 'w' || n, now()
    FROM generate_series(1, :wearers) AS n""",
    """INSERT INTO device
    (id, city_id, format, external_id, name, forwarder, key_hash, key_required, interval_s, created_at)
    SELECT gen_random_uuid(), 282103, 'owntracks', 'phone-' || n, 'phone', false, sha256(n::text::bytea), true, 300,
    now()
    FROM generate_series(1, :wearers) AS n""",
    """INSERT INTO device_carrier (device_id, from_at, wearer_id)
    SELECT d.id, now(), w.id FROM (SELECT id, row_number() OVER () AS n FROM device) AS d
    JOIN (SELECT id, row_number() OVER () AS n FROM wearer) AS w USING (n)""",
    """INSERT INTO tag (id, city_id, vendor, scheme, identity, name, interval_s, created_at)
    SELECT gen_random_uuid(), 282103, 'v', 'ibeacon',
    'acfd065e-c3c0-11e3-9bbe-1a514932ac01/' || n / 65536 || '/' || n % 65536, 'tag', 2.0, now()
    FROM generate_series(1, :tags) AS n""",
    """INSERT INTO tag_carrier (tag_id, from_at, wearer_id)
    SELECT t.id, now(), w.id FROM (SELECT id, row_number() OVER () AS n FROM tag) AS t
    JOIN (SELECT id, row_number() OVER () AS n FROM wearer) AS w ON w.n = 1 + t.n % :wearers""",
    "ANALYZE",
)


class Found(msgspec.Struct):
    """Seconds, bytes and how many."""

    things: int
    made_s: float
    written_s: float = 0.0
    writer_cpu_s: float = 0.0
    bucket_bytes: int = 0
    shards: int = 0
    largest_bytes: int = 0
    known_s: float = 0.0
    edge_cpu_s: float = 0.0
    edge_rss_bytes: int = 0
    change_s: Sequence[float] = ()


async def until(condition: Callable[[], object]) -> None:
    """Waits for it."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


def rss_bytes() -> int:
    """The memory of this process now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


async def measure(wearers: int, tags: int) -> Found:
    """Everything, in one process beside its two servers."""
    with running_postgres("max_wal_size = 4GB\n") as postgres:
        database = Database(postgres.empty)
        began = time.perf_counter()
        with database.engine.begin() as connection:
            for statement in _TOWN:
                given = {"wearers": wearers, "tags": tags}
                connection.execute(sa.text(statement), {n: v for n, v in given.items() if f":{n}" in statement})
            leases.prepare(connection, [TURN])
        found = Found(wearers + tags, time.perf_counter() - began)
        database.start()
        async with running_nats() as server, connected(server) as broker, connected(server) as far:
            await _measure(found, database, broker, far)
        await database.stop()
    return found


async def _measure(found: Found, database: Database, broker: Broker, far: Broker) -> None:
    publisher = Publisher(database, broker, replicas=1)
    began, cpu = time.perf_counter(), time.process_time()
    publisher.start()
    await until(lambda: publisher.whole)
    found.written_s, found.writer_cpu_s = time.perf_counter() - began, time.process_time() - cpu
    state = (await broker.jetstream.stream_info(STREAM)).state
    found.bucket_bytes, found.shards = state.bytes, state.messages
    before = rss_bytes()
    register = Register(key_of(b"a secret that is long enough for all"))
    watcher = follower(far, register)
    began, cpu = time.perf_counter(), time.process_time()
    watcher.start()
    await until(lambda: register.registry.ready)
    found.known_s, found.edge_cpu_s = time.perf_counter() - began, time.process_time() - cpu
    found.edge_rss_bytes = rss_bytes() - before
    some = await database.read(lambda c: c.execute(sa.text(f"SELECT id FROM device LIMIT {CHANGES}")).scalars().all())
    message = await broker.jetstream.get_last_msg(STREAM, f"$KV.mimamori-registry.{shard_of(some[0])}")
    found.largest_bytes = len(message.data or b"")
    took = []
    for number, one in enumerate(some):
        with database.transaction() as connection:
            update = sa.text("UPDATE device SET external_id = :to WHERE id = :id")
            connection.execute(update, {"to": f"x{number}", "id": one})
        began = time.perf_counter()
        database.tell([Hint("registry")])
        await until(lambda name=f"x{number}": register.registry.by_id("owntracks", name))
        took.append(time.perf_counter() - began)
    found.change_s = sorted(took)
    await watcher.stop()
    await publisher.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--wearers", type=int, default=100_000)
    parser.add_argument("--tags", type=int, default=1_000_000)
    given = parser.parse_args()
    print(msgspec.json.encode(asyncio.run(measure(given.wearers, given.tags))).decode())
