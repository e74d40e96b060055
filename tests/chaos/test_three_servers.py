"""Three NATS servers: one may die at any moment, also with its disk, and what was acknowledged is there; without a
majority nothing is acknowledged.
"""

import asyncio
import signal
from contextlib import suppress

import pytest

from beacon_ingest.broker import TROUBLE, Broker
from beacon_ingest.jetstream import STREAM, JetStream, StreamPlan, envelope_of, unpacked
from beacon_ingest.messages import Unit
from beacon_ingest.partitions import Subjects
from beacon_ingest.stream import StreamFull
from tests.broker import PARTITIONS, NatsServer, running_cluster, until_whole
from tests.contract.stream.units import a_unit
from tests.waiting import until

PATIENCE_S = 120.0
"""Beside a process that fills the other core, servers take their time to elect whom they follow."""
PLAN = StreamPlan(partitions=PARTITIONS, replicas=3, bytes_max=64 * 1024 * 1024)


async def acknowledged(stream: JetStream, first: int, count: int) -> list[Unit]:
    """Units that a device says again until they are taken, some at a time."""

    async def keep_saying(unit: Unit) -> Unit:
        while True:
            try:
                await stream.publish(unit)
            except StreamFull:
                await asyncio.sleep(0.05)
            else:
                return unit

    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.gather(*(keep_saying(a_unit(n)) for n in range(first, first + count)))


async def stored(broker: Broker) -> set[bytes]:
    """What is in the stream, as soon as somebody answers for it."""

    async def found() -> tuple[set[bytes]] | None:
        with suppress(*TROUBLE):
            state = (await broker.jetstream.stream_info(STREAM)).state
            some = [await broker.jetstream.get_msg(STREAM, n) for n in range(1, state.last_seq + 1)]
            return ({unpacked(envelope_of(one.data or b"")).ingest_ids[0] for one in some},)
        return None

    return (await until(found, PATIENCE_S))[0]


async def leader_of(broker: Broker, servers: list[NatsServer]) -> NatsServer:
    cluster = (await broker.jetstream.stream_info(STREAM)).cluster
    assert cluster is not None
    assert cluster.leader is not None
    return servers[int(cluster.leader.removeprefix("s"))]


@pytest.mark.chaos
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # The client lets a line go unclosed.
async def test_the_death_of_one_loses_nothing_and_of_two_takes_nothing() -> None:
    async with running_cluster() as servers:
        broker = Broker([one.url for one in servers], name="test", prepare=[PLAN.prepare])
        await broker.open(PATIENCE_S)
        stream = JetStream(broker, Subjects(), partitions=PARTITIONS, queue_max=1000, timeout_s=3)
        said = await acknowledged(stream, 0, 50)

        victim = await leader_of(broker, servers)
        going_on = asyncio.ensure_future(acknowledged(stream, 50, 50))
        await asyncio.sleep(0)
        await victim.end(signal.SIGKILL)
        said += await going_on
        said += await acknowledged(stream, 100, 20)
        assert {one.ingest_ids[0] for one in said} <= await stored(broker)

        second = next(one for one in servers if one is not victim)
        await second.end(signal.SIGKILL)
        with pytest.raises(StreamFull):
            await stream.publish(a_unit(1000))

        await asyncio.gather(victim.start(), second.start())
        said += await acknowledged(stream, 120, 20)
        assert {one.ingest_ids[0] for one in said} <= await stored(broker)

        await victim.end(signal.SIGKILL)
        victim.lose_disk()
        await victim.start()
        said += await acknowledged(stream, 140, 20)
        await until_whole(broker)
        await second.end(signal.SIGKILL)  # Whatever is there now rests on what the other one was given back.
        said += await acknowledged(stream, 160, 20)
        assert {one.ingest_ids[0] for one in said} <= await stored(broker)
        await broker.close()
