"""An edge follows the register at three NATS servers, of which its own dies, or is cut off from the others and lives."""

import os
import signal
from contextlib import AsyncExitStack, suppress
from uuid import UUID

import pytest

from beacon_ingest import bucket
from beacon_ingest.broker import TROUBLE, Broker
from beacon_ingest.bucket import HEAD, STREAM, BucketPlan, Watcher, follower, put
from beacon_ingest.shards import Device, Head, Register, Shard, packed
from tests.broker import running_cluster
from tests.waiting import until

PATIENCE_S = 120.0
"""Beside a process that fills the other core, servers take their time to elect whom they follow."""
LATE_S = 20.0
"""By then a server that is cut off leads nothing any more: it looks every 10 s whether it was heard of in the last 10."""
FATES = ["killed", "cut off", "cut off for long"] if "MIMAMORI_TEST_KILLS" in os.environ else ["cut off for long"]
"""`make chaos` tries all."""


def shard(version: int, name: str) -> bytes:
    device = Device(UUID(int=1), 282103, "owntracks", name, b"h" * 32, True, False, None)
    return packed(Shard(version, (device,)))


async def written(broker: Broker, key: str, version: int, body: bytes, seen: int) -> int | None:
    """The revision under which a value was written, as soon as a majority takes it; None when that is known only by
    its being there already when it is tried again: nobody else writes here.
    """

    async def taken() -> tuple[int | None] | None:
        with suppress(*TROUBLE):
            return (await put(broker, key, version, body, seen),)
        return None

    return (await until(taken, PATIENCE_S))[0]


async def follow_at(name: str, watcher: Watcher, office: Broker) -> None:
    """Has it begin again until its consumer, which is on one server alone, is on the one of this name."""
    while True:
        consumers = await office.jetstream.consumers_info(STREAM)
        newest = max(consumers, key=lambda one: one.created, default=None)
        if newest is not None and newest.cluster is not None and newest.cluster.leader == name:
            return
        await watcher.again()
        await until(watcher.whole.is_set, PATIENCE_S)


@pytest.mark.chaos
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # The client lets a line go unclosed.
@pytest.mark.parametrize("fate", FATES)
async def test_a_change_reaches_an_edge_whose_server_is_lost(fate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if fate == "cut off for long":  # Nobody asks that server before it knows nobody who leads the bucket.
        monkeypatch.setattr(bucket, "IDLE_S", LATE_S)
    async with running_cluster() as servers, AsyncExitStack() as stack:
        urls = [one.url for one in servers]
        plan, register = BucketPlan(replicas=3), Register(lambda _id, _generation: b"")

        async def prepare(broker: Broker) -> None:
            await plan.prepare(broker)

        # The office writes through a server that stays; the edge has the other two to go to.
        office = Broker(urls[:1], name="office", prepare=[prepare])
        edge = Broker(urls[1:], name="edge", move_on_s=2.0)
        for broker in (office, edge):
            stack.push_async_callback(broker.close)
            await broker.open(PATIENCE_S)
            assert broker.ready.is_set()
        watcher = follower(edge, register)
        watcher.start()
        stack.push_async_callback(watcher.stop)
        revision = await written(office, "1", 1, shard(1, "before"), 0)
        assert revision is not None
        await written(office, HEAD, 2, packed(Head((1,))), 0)
        await until(lambda: register.registry.ready, PATIENCE_S)

        own = edge.client.connected_url
        assert own is not None
        victim = next(one for one in servers if one.url.endswith(f":{own.port}"))
        await follow_at(f"s{servers.index(victim)}", watcher, office)
        if fate == "killed":
            await victim.end(signal.SIGKILL)
        else:
            victim.cut_off(silently=True)
        await written(office, "1", 2, shard(2, "after"), revision)
        await until(lambda: register.registry.by_id("owntracks", "after"), PATIENCE_S)
