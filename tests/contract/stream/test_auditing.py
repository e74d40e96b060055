"""Of many processes one audits, the stream and who works on it included; the watchman hears of it only while all of
them together are well.
"""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from app.care.service.around import Around
from app.care.service.auditing import Auditor
from app.db import leases
from app.db.engine import Database
from app.db.tables import lease
from app.jobs import come_up
from app.kit.clock import ManualClock
from app.kit.ids import new_id
from app.worker import name_of
from beacon_ingest.backlog import backlog_of
from beacon_ingest.broker import Broker
from beacon_ingest.jetstream import STREAM, consumer_of, subject_of
from beacon_ingest.partitions import partition_of
from tests.broker import PARTITIONS, NatsServer
from tests.build import NOW
from tests.contract.stream.crew import stream_of
from tests.contract.stream.units import a_unit
from tests.watchman import Watchman

pytestmark = pytest.mark.postgresql

PARTITION_NAMES = [name_of(number) for number in range(PARTITIONS)]


@pytest.fixture
async def watchman() -> AsyncIterator[Watchman]:
    one = Watchman()
    yield one
    one.close()


class Process:
    """What of a web or a worker audits."""

    def __init__(self, database: Database, broker: Broker, watchman: Watchman) -> None:
        self.numbers = CollectorRegistry()
        around = Around(broker, PARTITIONS)
        self.auditor = Auditor(database, ManualClock(NOW), self.numbers, watchman.url, around)

    def told(self, name: str) -> float | None:
        return self.numbers.get_sample_value(name)


@pytest.fixture
async def processes(database: Database, broker: Broker, watchman: Watchman) -> tuple[Process, Process]:
    """Two beside a worker that holds all partitions."""

    def begin(connection: sa.Connection) -> None:
        come_up(connection, NOW)
        leases.prepare(connection, PARTITION_NAMES)
        leases.take(connection, PARTITION_NAMES, new_id(), 600, PARTITIONS)

    await database.write(begin)
    return Process(database, broker, watchman), Process(database, broker, watchman)


async def test_the_backlog_is_seen_by_partition_with_its_age_by_the_servers_clock(broker: Broker) -> None:
    units = [a_unit(n, device=n) for n in range(3)]
    for unit in units:
        await stream_of(broker).publish(unit)
    place = partition_of(units[0].device_id, PARTITIONS)
    consumer = await broker.jetstream.pull_subscribe(subject_of(place), consumer_of(place), STREAM)
    (in_hand,) = await consumer.fetch(1)

    backlog = await backlog_of(broker.client, PARTITIONS)
    assert list(range(PARTITIONS)) == [one.partition for one in backlog.lags]
    assert 3 == sum(one.waiting for one in backlog.lags)
    assert [int(one.partition == place) for one in backlog.lags] == [one.in_hand for one in backlog.lags]
    assert all((0 < one.oldest_s < 30) == bool(one.waiting) for one in backlog.lags)
    assert 0 < backlog.bytes < backlog.bytes_max == 64 * 1024 * 1024

    await in_hand.ack_sync()
    after = (await backlog_of(broker.client, PARTITIONS)).lags[place]
    assert (backlog.lags[place].waiting - 1, 0) == (after.waiting, after.in_hand)
    await consumer.unsubscribe()


async def test_one_of_many_audits_and_another_goes_on_when_it_is_gone(
    processes: tuple[Process, Process], watchman: Watchman
) -> None:
    first, second = processes
    for _ in range(2):
        assert await first.auditor.audit()
        assert not await second.auditor.audit()
    assert 2 == watchman.heard
    assert 1 == first.told("mimamori_audit_clean")
    assert second.told("mimamori_audit_clean") is None

    await first.auditor.stop()
    assert await second.auditor.audit()
    assert not await first.auditor.audit()
    assert 3 == watchman.heard
    assert first.told("mimamori_audit_clean") is None


async def test_one_that_died_is_replaced(
    database: Database, processes: tuple[Process, Process], watchman: Watchman
) -> None:
    first, second = processes
    await first.auditor.audit()
    await database.write(
        lambda c: c.execute(sa.update(lease).where(lease.c.name == "audit").values(ends_at=sa.func.now()))
    )
    assert await second.auditor.audit()
    assert not await first.auditor.audit()


async def test_workers_that_are_all_dead_silence_the_watchman(
    database: Database, processes: tuple[Process, Process], watchman: Watchman
) -> None:
    web, _ = processes
    assert await web.auditor.audit()
    for ago_s, is_clean in ((50, True), (61, False)):  # After a kill others have a minute to go on.
        ended = sa.func.now() - timedelta(seconds=ago_s)
        await database.write(
            lambda c, ended=ended: c.execute(sa.update(lease).where(lease.c.name == name_of(0)).values(ends_at=ended))
        )
        assert is_clean == await web.auditor.audit()
    assert 2 == watchman.heard
    assert 1 == web.told("mimamori_partitions_unheld")


async def test_a_stream_that_cannot_be_seen_silences_him_and_the_rest_is_still_told(
    server: NatsServer, processes: tuple[Process, Process], watchman: Watchman
) -> None:
    web, _ = processes
    await server.end()
    assert not await web.auditor.audit()
    assert 0 == watchman.heard
    assert (0, 0) == (web.told("mimamori_audit_clean"), web.told("mimamori_dead_letters"))
    assert web.told("mimamori_stream_oldest_seconds") is None
