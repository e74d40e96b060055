"""An edge follows the register at three NATS servers, of which its own dies, or is cut off from the others and lives."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from uuid import UUID

import nats.errors
import pytest

from beacon_ingest.broker import Broker, Disconnected
from beacon_ingest.bucket import HEAD, BucketPlan, follower, put
from beacon_ingest.shards import Device, Head, Register, Shard, packed
from tests.broker import running_cluster

PATIENCE_S = 60.0
FATES = ["killed", "cut off"] if "MIMAMORI_TEST_KILLS" in os.environ else ["cut off"]
"""`make chaos` tries both."""


def shard(version: int, name: str) -> bytes:
    device = Device(UUID(int=1), 282103, "owntracks", name, b"h" * 32, True, False, None)
    return packed(Shard(version, (device,)))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


async def written(broker: Broker, key: str, version: int, body: bytes, seen: int) -> int | None:
    """The revision under which a value was written, as soon as a majority takes it; None when that is known only by
    its being there already when it is tried again: nobody else writes here.
    """
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await put(broker, key, version, body, seen)
            except (nats.errors.Error, Disconnected, TimeoutError):
                await asyncio.sleep(0.1)


@pytest.mark.chaos
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # The client lets a line go unclosed.
@pytest.mark.parametrize("fate", FATES)
async def test_a_change_reaches_an_edge_whose_server_is_lost(fate: str) -> None:
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
        await until(lambda: register.registry.ready)

        own = edge.client.connected_url
        assert own is not None
        victim = next(one for one in servers if one.url.endswith(f":{own.port}"))
        if fate == "killed":
            await victim.end(signal.SIGKILL)
        else:
            victim.cut_off(silently=True)
        await written(office, "1", 2, shard(2, "after"), revision)
        await until(lambda: register.registry.by_id("owntracks", "after"))
