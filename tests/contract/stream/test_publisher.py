"""The register goes from a real PostgreSQL into a real bucket, whatever is lost or comes too late on the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec import UNSET
from sqlalchemy.engine import Connection

from app.db import leases
from app.db.engine import Database
from app.db.tables import registry_change, registry_shard
from app.devices import service as devices
from app.devices.model import Device
from app.devices.tables import device as device_table
from app.publisher import TURN, Publisher
from app.snapshots import key_of
from app.tags import service as tags
from app.tags.model import DetectorKind
from app.tags.registration import DetectorDraft
from beacon_ingest.broker import Broker
from beacon_ingest.bucket import HEAD, STREAM, Watcher, follower, put
from beacon_ingest.messages import TagName
from beacon_ingest.shards import Register, Shard, open_shard, packed, shard_of
from tests.broker import NatsServer, connected
from tests.build import KAKOGAWA, NOW, Town, town
from tests.waiting import until

pytestmark = pytest.mark.postgresql

SECRET = b"a secret that is long enough for all"


class Quick(Publisher):
    """One that compares often."""

    every_s = 0.05


@pytest.fixture
def dialect() -> str:
    return "postgresql"


@pytest.fixture
async def here(database: Database) -> Town:
    await database.write(lambda c: leases.prepare(c, [TURN]))
    return await database.write(lambda c: town(c, NOW))


@asynccontextmanager
async def publishing(database: Database, broker: Broker) -> AsyncIterator[Publisher]:
    publisher = Quick(database, broker, replicas=1)
    publisher.start()
    yield publisher
    await publisher.stop()


@asynccontextmanager
async def watched(broker: Broker) -> AsyncIterator[Register]:
    """What an edge knows."""
    register = Register(key_of(SECRET))
    watcher = follower(broker, register)
    watcher.start()
    yield register
    await watcher.stop()


async def enrolled(database: Database, name: str) -> tuple[Device, str]:
    return await database.write(
        lambda c: devices.enrol(c, city_id=KAKOGAWA, format="owntracks", external_id=name, name=name, now=NOW)
    )


async def read(broker: Broker, key: str) -> tuple[int, Shard]:
    """A shard and its revision, as they are in the bucket."""
    message = await broker.jetstream.get_last_msg(STREAM, f"$KV.mimamori-registry.{key}")
    assert message.seq is not None
    assert message.data is not None
    return message.seq, open_shard(message.data)


async def version_of(database: Database, shard: int) -> int:
    query = sa.select(registry_shard.c.version).where(registry_shard.c.shard == shard)
    return await database.read(lambda c: c.execute(query).scalar_one())


async def test_an_edge_learns_all_that_it_must_know_and_no_key(database: Database, here: Town, broker: Broker) -> None:
    phone, key = await enrolled(database, "phone1")

    def register_more(c: Connection) -> tuple[Any, Any]:
        draft = DetectorDraft(kind=DetectorKind.FIXED, name="gate", lat_deg=34.757, lon_deg=134.841)
        gate = tags.register_detector(c, KAKOGAWA, draft, NOW)
        tag = tags.register_tag(c, city_id=KAKOGAWA, vendor="Aruku", scheme="mac", identity="ac233fa0001b", now=NOW)
        tags.assign_tag(c, tag.id, here.hana.id, now=NOW)
        devices.assign(c, phone.id, here.hana.id, now=NOW)
        return gate, tag

    gate, tag = await database.write(register_more)
    async with publishing(database, broker), watched(broker) as edge:
        await until(lambda: edge.registry.ready)

        known = edge.registry.by_key(key.encode())
        assert known is not None
        assert (phone.id, here.hana.id) == (known.device_id, edge.subjects.of(phone.id))
        assert edge.registry.by_key(key_of(SECRET)(gate.id, 1)) is edge.registry.by_id("gateway", gate.external_id)
        heard = edge.tags.find(TagName("mac", "ac233fa0001b"), UNSET)
        assert heard is not None
        assert (tag.id, here.hana.id) == (heard.tag_id, edge.subjects.of(tag.id))
        for number in {shard_of(one.id) for one in (phone, gate)}:
            body = packed((await read(broker, str(number)))[1])
            assert key.encode() not in body
            assert key_of(SECRET)(gate.id, 1) not in body

        await database.write(lambda c: devices.end_device(c, phone.id, NOW))
        await until(lambda: edge.registry.by_key(key.encode()) is None)
        assert phone.id == edge.subjects.of(phone.id)


async def test_a_change_that_nobody_hinted_at_arrives_too(database: Database, here: Town, broker: Broker) -> None:
    """An older version of the program, or somebody with psql."""
    async with publishing(database, broker), watched(broker) as edge:
        await until(lambda: edge.registry.ready)
        with database.engine.begin() as connection:
            connection.execute(
                sa.update(device_table).where(device_table.c.id == here.watch.id).values(external_id="renamed")
            )

        await until(lambda: edge.registry.by_id("watch", "renamed"))
        assert 0 == await database.read(
            lambda c: c.execute(sa.select(sa.func.count()).select_from(registry_change)).scalar_one()
        )


@pytest.mark.parametrize("what", ["key", "head", "all keys", "bucket"])
async def test_what_the_bucket_lost_is_written_again_and_no_edge_forgets_it(
    what: str, database: Database, here: Town, broker: Broker
) -> None:
    shard = str(shard_of(here.watch.id))
    async with publishing(database, broker), watched(broker) as edge:
        await until(lambda: edge.registry.ready)
        jetstream, known = broker.jetstream, edge.registry.by_id("watch", here.watch.external_id)
        if what in ("key", "head"):
            bucket = await jetstream.key_value("mimamori-registry")
            await bucket.delete(shard if what == "key" else HEAD)
        elif what == "all keys":
            await jetstream.purge_stream(STREAM)
        else:
            await jetstream.delete_stream(STREAM)

        async with watched(broker) as another:
            await until(lambda: another.registry.ready)
            assert another.registry.by_id("watch", here.watch.external_id) == known
        assert edge.registry.by_id("watch", here.watch.external_id) == known

        _, key = await enrolled(database, "phone1")
        await until(lambda: edge.registry.by_key(key.encode()))


async def test_nobody_writes_over_what_was_read_later(database: Database, here: Town, broker: Broker) -> None:
    """One who stood still between reading and writing, and two who write at once."""
    shard = shard_of(here.watch.id)
    async with publishing(database, broker), watched(broker) as edge:
        await until(lambda: edge.registry.ready)
        revision, before = await read(broker, str(shard))
        await database.write(lambda c: devices.rotate_key(c, here.watch.id))

        async def is_rewritten() -> bool:
            return (await read(broker, str(shard)))[0] != revision

        await until(is_rewritten)

        assert None is await put(broker, str(shard), before.version, packed(before), revision)

        newest, after = await read(broker, str(shard))
        assert after.version > before.version
        lost = await asyncio.gather(*(put(broker, str(shard), after.version, packed(after), newest) for _ in range(3)))
        assert 2 == lost.count(None)


async def test_many_who_publish_at_once_end_with_what_is_true(
    database: Database, here: Town, server: NatsServer, broker: Broker
) -> None:
    """Two workers, and a third that is told everything by hints, while one device changes again and again."""
    async with connected(server) as second, connected(server) as third, watched(broker) as edge:
        async with publishing(database, broker), publishing(database, second), publishing(database, third) as hasty:
            await until(lambda: edge.registry.ready)
            seen = []
            for _ in range(30):
                key = await database.write(lambda c: devices.rotate_key(c, here.watch.id))
                await hasty.look(hinted=True)
                seen.append(key)
            await until(lambda: edge.registry.by_key(seen[-1].encode()))

        assert [here.watch.id] == [
            one.device_id for key in seen if (one := edge.registry.by_key(key.encode())) is not None
        ]
        _, there = await read(broker, str(shard_of(here.watch.id)))
        assert await version_of(database, shard_of(here.watch.id)) == there.version


async def test_a_database_that_was_put_back_from_a_copy_counts(database: Database, here: Town, broker: Broker) -> None:
    """What the bucket and the edges know is newer, by versions that this database never gave out; also of a shard that
    held nothing yet when the copy was made."""

    def put_back(c: Connection) -> None:
        c.execute(sa.update(registry_shard).where(registry_shard.c.shard == shard_of(here.watch.id)).values(version=7))
        c.execute(sa.delete(registry_shard).where(registry_shard.c.shard == shard_of(phone.id)))
        c.execute(sa.delete(device_table).where(device_table.c.id == phone.id))
        c.execute(sa.update(device_table).where(device_table.c.id == here.watch.id).values(external_id="as it was"))
        c.execute(sa.delete(registry_change))

    phone, key = await enrolled(database, "phone1")
    async with watched(broker) as edge:
        async with publishing(database, broker):
            await until(lambda: edge.registry.ready and edge.registry.by_key(key.encode()))
        await database.write(put_back)
        async with publishing(database, broker):
            await until(lambda: edge.registry.by_id("watch", "as it was"))
            await until(lambda: edge.registry.by_key(key.encode()) is None)


async def test_a_line_that_breaks_loses_no_change(database: Database, here: Town, server: NatsServer) -> None:
    async with (
        connected(server) as broker, connected(server) as far, publishing(database, broker), watched(far) as edge,
    ):  # fmt: skip
        await until(lambda: edge.registry.ready)
        await server.end()
        _, key = await enrolled(database, "phone1")
        await server.start()
        await until(lambda: edge.registry.by_key(key.encode()))


async def test_a_shard_that_is_too_large_holds_up_no_other(
    database: Database, here: Town, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = shard_of(here.watch.id)
    monkeypatch.setattr(
        "app.publisher.packed",
        lambda one: (
            b"x" * 9_000_000
            if isinstance(one, Shard) and any(d.id == here.watch.id for d in one.devices)
            else packed(one)
        ),
    )
    told: list[str] = []
    watcher = Watcher(broker, lambda value: told.append(value.key), bodies=False)
    watcher.start()
    async with publishing(database, broker):
        phone, _ = await enrolled(database, "phone1")
        await until(lambda: str(shard_of(phone.id)) in told)
    await watcher.stop()
    assert str(large) not in told
    assert HEAD not in told
