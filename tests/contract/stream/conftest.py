"""A NATS server for each test, and a line to it."""

from collections.abc import AsyncIterator

import pytest

from beacon_ingest.broker import Broker
from tests.broker import NatsServer, connected, running_nats


@pytest.fixture
async def server() -> AsyncIterator[NatsServer]:
    async with running_nats() as server:
        yield server


@pytest.fixture
async def broker(server: NatsServer) -> AsyncIterator[Broker]:
    async with connected(server) as broker:
        yield broker
