"""Workers: in order, once, and nothing lost, whoever dies when."""

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db.engine import Database
from app.db.tables import dead_letter, ingest_unit, lease
from app.kit.ids import new_id
from app.worker import TRIES, Taken, Worker
from beacon_ingest.broker import Broker
from beacon_ingest.jetstream import packed, subject_of
from beacon_ingest.messages import Unit
from beacon_ingest.partitions import partition_of
from tests.broker import PARTITIONS, NatsServer, connected, running_nats, until_empty
from tests.contract.stream.crew import (
    Cast,
    Watched,
    cast,
    count,
    expected,
    left,
    letters,
    stored,
    stream_of,
    worker_of,
)  # fmt: skip
from tests.waiting import until

pytestmark = pytest.mark.postgresql

Start = Callable[..., Worker]


@pytest.fixture
async def devices(database: Database) -> Cast:
    return await database.write(cast)


@pytest.fixture
async def start(database: Database, broker: Broker) -> AsyncIterator[Start]:
    workers: list[Worker] = []

    def begin(*arguments, **more) -> Worker:
        worker = worker_of(database, broker, *arguments, **more)
        worker.start()
        workers.append(worker)
        return worker

    yield begin
    await asyncio.gather(*(worker.stop() for worker in workers))


async def publish(broker: Broker, units: Sequence[Unit]) -> None:
    """In the order given, though not one by one."""
    stream = stream_of(broker)
    for n in range(0, len(units), 8):  # Of each device one at a time.
        await asyncio.gather(*map(stream.publish, units[n : n + 8]))


async def test_units_are_stored_and_leave_the_stream(
    database: Database, broker: Broker, devices: Cast, start: Start
) -> None:
    said = devices.said(100)
    await publish(broker, said)
    start()
    await until_empty(broker)
    await publish(broker, devices.said(20, first=100))
    await until_empty(broker)

    assert expected(said + devices.said(20, first=100)) == await database.read(stored)


async def test_each_partition_is_worked_on_in_order_also_when_it_changes_hands(
    database: Database, broker: Broker, devices: Cast, start: Start
) -> None:
    done: list[tuple[str, int]] = []
    owners: dict[int, set[str]] = {}

    class Noting(Watched):
        async def acknowledge(self, some: Sequence[Taken]) -> None:
            done.extend((str(one.unit.device_id), one.number) for one in some if one.unit is not None)
            owners.setdefault(self._number, set()).add(str(self.lease.token))
            await super().acknowledge(some)

    first = start(Noting)
    said = devices.said(400)
    await publish(broker, said[:100])
    await until(lambda: done)
    second = start(Noting)
    await publish(broker, said[100:200])
    await until(lambda: len(second.partitions) == PARTITIONS // 2 == len(first.partitions))
    await publish(broker, said[200:300])
    await first.stop()
    await publish(broker, said[300:])
    await until(lambda: len(second.partitions) == PARTITIONS)
    await until_empty(broker)

    assert expected(said) == await database.read(stored)
    for device in {name for name, _ in done}:
        numbers = [number for name, number in done if name == device]
        assert sorted(set(numbers)) == list(dict.fromkeys(numbers))
    assert max(len(tokens) for tokens in owners.values()) > 1


async def test_a_worker_leaves_a_server_that_does_not_answer(
    database: Database, server: NatsServer, devices: Cast
) -> None:
    async with running_nats() as other, connected(server, other, move_on_s=0.5) as broker:
        worker = worker_of(database, broker)
        worker.start()
        await until(lambda: len(worker.partitions) == PARTITIONS)
        stuck = server if broker.client.connected_url.port == int(server.url.rsplit(":", 1)[1]) else other
        async with connected(other if stuck is server else server) as beyond:
            stuck.send(signal.SIGSTOP)
            said = devices.said(20)
            await publish(beyond, said)
            await until_empty(beyond)
        assert expected(said) == await database.read(stored)
        await worker.stop()


async def test_redelivery_changes_nothing(database: Database, broker: Broker, devices: Cast, start: Start) -> None:
    one = devices.one(0)
    subject = subject_of(partition_of(one.device_id, PARTITIONS))
    start()
    for _ in range(3):  # Without a name the stream takes each for news.
        await broker.jetstream.publish(subject, packed(one))
        await until_empty(broker)

    assert expected([one]) == await database.read(stored)
    assert 1 == await database.read(lambda c: count(c, ingest_unit))


@pytest.mark.parametrize("cautious", [False, True], ids=["together", "one by one"])
async def test_a_server_without_space_makes_no_dead_letters(
    database: Database, broker: Broker, devices: Cast, start: Start, cautious: bool
) -> None:
    tries: Counter[int] = Counter()

    class Full(Watched):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self._cautious = cautious

        def digest(self, connection: Connection, some: Sequence[Taken], *, bury: bool) -> None:
            super().digest(connection, some, bury=bury)
            tries[some[0].number] += 1
            if tries[some[0].number] < TRIES + 3:
                raise sa.exc.OperationalError("INSERT", {}, psycopg.errors.DiskFull())

    said = devices.said(8)
    await publish(broker, said)
    start(Full)
    await until_empty(broker)

    assert expected(said) == await database.read(stored)
    assert [] == await database.read(letters)
    assert max(tries.values()) == TRIES + 3


async def test_a_commit_that_fails_acknowledges_nothing(
    database: Database, broker: Broker, devices: Cast, start: Start
) -> None:
    waiting: list[int] = []

    class Unlucky(Watched):
        def digest(self, connection: Connection, some: Sequence[Taken], *, bury: bool) -> None:
            super().digest(connection, some, bury=bury)
            if len(waiting) < 3:
                raise sa.exc.OperationalError("COMMIT", {}, Exception("the disk is full"))

        async def _pause(self) -> None:
            waiting.append(await left(broker))
            await super()._pause()

    await publish(broker, devices.said(30))
    start(Unlucky)
    await until_empty(broker)

    assert 30 == waiting[0]
    assert expected(devices.said(30)) == await database.read(stored)
    assert [] == await database.read(letters)


async def test_a_unit_that_can_never_be_stored_is_a_dead_letter_and_the_others_are_stored(
    database: Database, broker: Broker, devices: Cast, start: Start
) -> None:
    bad = devices.one(17)
    tried: list[int] = []

    class Picky(Watched):
        def digest(self, connection: Connection, some: Sequence[Taken], *, bury: bool) -> None:
            if not bury and bad in [one.unit for one in some]:
                tried.append(len(some))
                raise sa.exc.OperationalError("INSERT", {}, Exception("not this one"))
            super().digest(connection, some, bury=bury)

    await publish(broker, devices.said(40))
    start(Picky)
    await until_empty(broker)

    assert [1] * TRIES == [one for one in tried if one == 1]
    said = devices.said(40)
    said.remove(bad)
    assert expected(said) == await database.read(stored)
    assert [f"It was tried {TRIES} times, and the worker ended or could not store it."] == await database.read(letters)


async def test_a_unit_that_ended_its_worker_too_often_is_not_tried_again(
    database: Database, broker: Broker, devices: Cast, start: Start
) -> None:
    class Shy(Watched):
        def digest(self, connection: Connection, some: Sequence[Taken], *, bury: bool) -> None:
            raise AssertionError("it is in hand and never given back")

    one = devices.one(0)
    await publish(broker, [one])
    dying = start(Shy)
    await until(lambda: dying.partitions)
    suspected = sa.select(lease.c.suspect).where(lease.c.suspect > 0)
    await until(lambda: database.read(lambda c: c.execute(suspected).all()))
    await dying.stop()

    as_after_a_kill = {"owner": new_id(), "failures": TRIES}
    await database.write(lambda c: c.execute(sa.update(lease).where(lease.c.suspect > 0).values(as_after_a_kill)))
    start()
    await until_empty(broker)
    assert [] == await database.read(stored)
    assert 1 == await database.read(lambda c: count(c, dead_letter))


async def test_what_cannot_be_read_is_a_dead_letter_that_says_whose_it_is(
    database: Database, broker: Broker, devices: Cast, start: Start
) -> None:
    one = devices.one(0)
    subject = subject_of(partition_of(one.device_id, PARTITIONS))
    await broker.jetstream.publish(subject, packed(one).replace(b"fix", b"xif"))
    await broker.jetstream.publish(subject, b"noise")
    await publish(broker, [devices.one(8)])
    start()
    await until_empty(broker)

    found = await database.read(lambda c: c.execute(sa.select(dead_letter).order_by(dead_letter.c.format)).all())
    assert [(one.city, one.device_id, "owntracks"), (0, "unknown")] == [
        (found[0].city_id, found[0].device_id, found[0].format), (found[1].city_id, found[1].format),
    ]  # fmt: skip
    assert expected([devices.one(8)]) == await database.read(stored)


async def test_what_comes_again_after_it_was_buried_is_not_buried_again(
    database: Database, broker: Broker, devices: Cast, start: Start
) -> None:
    """A worker that committed and could not say so."""

    class Mute(Watched):
        async def acknowledge(self, some: Sequence[Taken]) -> None:
            pass

    bad, unread = devices.one(1), devices.one(2)
    latitude = bad.messages[0].lat_deg
    defect = f"ALTER TABLE position ADD CONSTRAINT defect CHECK (lat_deg <> {latitude})"
    await database.write(lambda c: c.execute(sa.text(defect)))
    await publish(broker, [bad])
    named = {"Nats-Msg-Id": unread.ingest_ids[0].hex()}
    subject = subject_of(partition_of(unread.device_id, PARTITIONS))
    await broker.jetstream.publish(subject, packed(unread).replace(b"fix", b"xif"), headers=named)
    mute = start(Mute)

    async def both_are_there() -> bool:
        return len(await database.read(letters)) == 2

    await until(both_are_there)
    await mute.stop()
    await database.write(lambda c: c.execute(sa.text("ALTER TABLE position DROP CONSTRAINT defect")))

    start()
    await until_empty(broker)
    assert 2 == len(await database.read(letters))
    assert [] == await database.read(stored)  # Only who replays the letter has it digested.


async def test_who_lost_a_partition_commits_nothing_more(
    database: Database, broker: Broker, devices: Cast, start: Start, where: str
) -> None:
    """The clock of the lease ran out while its worker was held up, and another one is at it."""
    held_up, go_on = asyncio.Event(), asyncio.Event()
    refused: list[str] = []

    class Slow(Watched):
        async def _commit(self, some: Sequence[Taken], in_hand: Sequence[Taken]) -> None:
            held_up.set()
            await go_on.wait()
            try:
                await super()._commit(some, in_hand)
            except Exception as error:
                refused.append(type(error).__name__)
                raise

    slow = start(Slow, lease_s=600)
    await until(lambda: len(slow.partitions) == PARTITIONS)
    await publish(broker, devices.said(1))
    await held_up.wait()
    await database.write(lambda c: c.execute(sa.update(lease).values(ends_at=sa.func.now())))
    start(Watched, lease_s=2)
    await until_empty(broker)
    go_on.set()
    await until(lambda: refused)

    assert ["LeaseLost"] == refused
    assert expected(devices.said(1)) == await database.read(stored)


@pytest.mark.parametrize("moment", ["pulled", "stored", "committed"])
async def test_kill_9_loses_nothing_and_doubles_nothing(
    moment: str, database: Database, broker: Broker, server: NatsServer, devices: Cast, start: Start, where: str
) -> None:
    said = devices.said(200)
    await publish(broker, said[:120])
    command = [sys.executable, "-m", "tests.contract.stream.victim", where, server.url, moment, "20"]
    victim = subprocess.Popen(command, cwd=Path(__file__).parents[3])
    try:
        await until(lambda: victim.poll() is not None)
        assert -signal.SIGKILL == victim.returncode
    finally:
        victim.kill()
    in_stream, in_store = await left(broker), len(await database.read(stored))
    assert in_stream > 0
    assert in_store + in_stream >= 120  # More: of what was stored, not all that was acknowledged had left for NATS.
    assert moment != "committed" or in_store + in_stream > 120

    start()
    await publish(broker, said[120:])
    await until_empty(broker)
    assert expected(said) == await database.read(stored)
    assert 200 == await database.read(lambda c: count(c, ingest_unit))
    assert [] == await database.read(letters)
