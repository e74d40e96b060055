"""kill -9 of workers, the edge and the NATS server in turn under load, with the real commands: nothing acknowledged is
missing, nothing is there twice, every alert is there once and was told.
"""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from app.alerts.tables import alert
from app.db.engine import Database
from app.history.tables import position
from app.simulator.fcm_standin import FcmStandIn
from beacon_ingest.broker import Broker
from beacon_ingest.jetstream import STREAM
from tests.broker import NatsServer, running_nats
from tests.chaos.crew import PATIENCE_S, Cast, Phone, keep_sending, populated, press
from tests.chaos.many import Process, environment

pytestmark = pytest.mark.postgresql

PHONES, PRESSERS = 6, 6


@asynccontextmanager
async def crew(where: str, server: NatsServer, phones: FcmStandIn, folder: Path) -> AsyncIterator[list[Process]]:
    """An edge and two workers; the edge comes first."""
    shared = environment(where, server, phones, folder)
    processes = [Process("edge", folder, shared, "--tcp", "watch=0")]
    processes += [Process("worker", folder, shared) for _ in range(2)]
    try:
        await asyncio.gather(*(one.start() for one in processes))
        yield processes
    finally:
        await asyncio.gather(*(one.end() for one in processes))


async def go_on_sending(phone: Phone, cast: Cast, edge: Process) -> None:
    while True:
        await keep_sending(phone, cast, edge)  # type: ignore[arg-type]
        await asyncio.sleep(0.02)


async def press_until_heard(number: int, cast: Cast, edge: Process) -> None:
    await asyncio.sleep(number * 0.3)
    while not cast.pressers[number].answered:
        await press(cast.pressers[number], edge)  # type: ignore[arg-type]
        await asyncio.sleep(0.02)


async def until_worked_off(server: NatsServer) -> None:
    broker = Broker([server.url], name="test")
    await broker.open(PATIENCE_S)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while (await broker.jetstream.stream_info(STREAM)).state.messages:
                await asyncio.sleep(0.05)
    finally:
        await broker.close()


@pytest.mark.chaos
async def test_kills_in_turn_lose_nothing_acknowledged_and_double_nothing(
    database: Database, where: str, tmp_path: Path
) -> None:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=100)
    cast = await database.write(lambda c: populated(c, start, PHONES, PRESSERS))
    chance, phones = random.Random(20261128), FcmStandIn()
    phones.start()
    async with AsyncExitStack() as stack:
        stack.callback(phones.stop)
        server = await stack.enter_async_context(running_nats())
        edge, *workers = processes = await stack.enter_async_context(crew(where, server, phones, tmp_path))
        await until_known(edge, cast)
        load = [asyncio.ensure_future(go_on_sending(phone, cast, edge)) for phone in cast.phones]
        presses = [asyncio.ensure_future(press_until_heard(n, cast, edge)) for n in range(PRESSERS)]
        for victim in (workers[0], edge, server, workers[1]):
            await asyncio.sleep(chance.uniform(0.1, 0.5))  # The moment of the kill.
            await victim.end(signal.SIGKILL)
            await victim.start()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*presses)
        for one in load:
            one.cancel()
        await asyncio.wait(load)
        await until_worked_off(server)
        async with asyncio.timeout(PATIENCE_S):
            while not told(cast, phones):
                await asyncio.sleep(0.05)
        assert [0] * len(processes) == await asyncio.gather(*(one.end(signal.SIGTERM) for one in processes))

    stored = Counter(
        (row.device_id, int((row.fix_at - start).total_seconds()))
        for row in await database.read(lambda c: c.execute(sa.select(position.c.device_id, position.c.fix_at)).all())
    )
    acknowledged = {(phone.device.id, number) for phone in cast.phones for number in phone.acknowledged}
    assert len(acknowledged) > 20 * PHONES
    assert set() == acknowledged - stored.keys()
    assert {1} == set(stored.values())
    alerts = await database.read(lambda c: c.execute(sa.select(alert.c.wearer_id)).scalars().all())
    assert {one.wearer_id: 1 for one in cast.pressers} == Counter(alerts)


def told(cast: Cast, phones: FcmStandIn) -> bool:
    """Whether each who presses was told of to somebody."""
    return {f"phone-of-w{n}" for n in range(PRESSERS)} <= {push.token for push in phones.received}


async def until_known(edge: Process, cast: Cast) -> None:
    """The edge says that it is ready once it knows who may speak."""
    async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient(base_url=edge.url) as client:
        while True:
            with suppress(httpx.HTTPError):
                if (await client.get("/health/ready")).is_success:
                    return
            await asyncio.sleep(0.02)
