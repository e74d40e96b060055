"""A device edge on loopback that keeps what it hears, and the devices of a town that speak to it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest

from app.kit.clock import FastClock, monotonic_s
from app.kit.ids import secret_hash
from app.simulator.devices import Phone, Watch
from app.simulator.people import Device
from app.simulator.radio import WatchLine
from app.simulator.setup import Tracker
from app.simulator.town import Resident, Town, town_of
from beacon_ingest.downlink import Connections, Order, OrderKind
from beacon_ingest.listeners.http import EdgeHttp
from beacon_ingest.listeners.tcp import TcpListener
from beacon_ingest.messages import Message, Unit
from beacon_ingest.registry import Entry, Registry
from tests.build import NOW
from tests.unit.beacon_ingest.edge import FakeDownlink

SPEED = 300.0
PATIENCE_S = 30.0


class Listening:
    """The edge: everything that devices said, and a way to wait for more. While `full` it stores nothing."""

    def __init__(self) -> None:
        self.clock = FastClock(NOW, SPEED, monotonic_s)
        self.town: Town = town_of(1)
        self.units: list[Unit] = []
        self.trouble: Exception | None = None
        self.troubles_left: int | None = None
        """How many units have trouble; all, until it is over, when it is None."""
        self.refused = 0
        self.registry = Registry()
        self.downlink = FakeDownlink()
        self.connections = Connections()
        self._heard = asyncio.Event()
        self.registry.replace([entry(number, one) for number, one in enumerate(self.town.residents)], 1)
        self.http = EdgeHttp(
            registry=self.registry, stream=self, downlink=self.downlink, clock=self.clock, monotonic=monotonic_s
        )
        self.listener = TcpListener(
            "watch", registry=self.registry, stream=self, downlink=self.downlink, connections=self.connections,
            clock=self.clock, monotonic=monotonic_s, pause=self._pause,
        )  # fmt: skip

    async def publish(self, unit: Unit) -> None:
        """Keeps the unit, unless there is trouble."""
        if self.trouble is not None:
            trouble, self.refused = self.trouble, self.refused + 1
            self._heard.set()
            if self.refused == self.troubles_left:
                self.trouble = None
            raise trouble
        self.units.append(unit)
        self._heard.set()

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(0)

    async def until(self, is_so: Callable[[], object]) -> None:
        """Returns as soon as it is so; looks whenever something was heard."""
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                self._heard.clear()
                await self._heard.wait()

    def said(self, kind: type[Message]) -> list[Message]:
        """All messages of a kind, in the order of arrival."""
        return [message for unit in self.units for message in unit.messages if isinstance(message, kind)]

    def order(self, kind: OrderKind, resident: Resident, interval_s: int | None = None) -> None:
        """Asks a device for something; a watch hears it at once."""
        device_id = UUID(int=self.town.residents.index(resident))
        order = Order(id=UUID(int=len(self.downlink.orders)), device_id=device_id, kind=kind, interval_s=interval_s)
        self.downlink.orders.append(order)
        self.connections.wake(device_id)

    def begun_at(self, since_s: float) -> datetime:
        """When the town began to live if that is so long ago now."""
        return self.clock() - timedelta(seconds=since_s)

    def tracker(self, resident: Resident) -> Tracker:
        """The device of a resident, as enrolled here."""
        return Tracker(resident=resident, wearer_id="", device_id="", key=f"key-of-{resident.person.key}")

    def resident(self, key: str) -> Resident:
        """The resident of that key."""
        return next(one for one in self.town.residents if one.person.key == key)

    def watch(self, key: str, since_s: float = 0) -> Watch:
        """A watch that has lived so long."""
        resident = self.resident(key)
        line = WatchLine("127.0.0.1", self.listener.port, resident.external_id)
        return Watch(self.tracker(resident), self.clock, self.begun_at(since_s), line)

    def phone(self, key: str, http: httpx.AsyncClient, since_s: float = 0) -> Phone:
        """A phone that has lived so long."""
        return Phone(self.tracker(self.resident(key)), self.clock, self.begun_at(since_s), http)


def entry(number: int, resident: Resident) -> Entry:
    """The device of a resident, enrolled with its key."""
    return Entry(
        device_id=UUID(int=number), city=282103, format=resident.person.device.speaks,
        external_id=resident.external_id, key_hash=secret_hash(f"key-of-{resident.person.key}"),
        key_required=resident.person.device is not Device.WATCH,
    )  # fmt: skip


@pytest.fixture
async def edge() -> AsyncIterator[Listening]:
    """A running edge whose time goes fast."""
    listening = Listening()
    await listening.listener.start("127.0.0.1", 0)
    listening.clock.hurry()
    yield listening
    await listening.listener.stop()


@pytest.fixture
async def http(edge: Listening) -> AsyncIterator[httpx.AsyncClient]:
    """The way of phones to the edge."""
    transport = httpx.ASGITransport(app=edge.http)
    async with httpx.AsyncClient(transport=transport, base_url="http://edge") as client:
        yield client


@pytest.fixture
async def live() -> AsyncIterator[Callable[[Iterable[Watch | Phone]], None]]:
    """Lets devices live until the test is over."""
    tasks: list[asyncio.Task[None]] = []

    def start(devices: Iterable[Watch | Phone]) -> None:
        tasks.extend(asyncio.ensure_future(device.run()) for device in devices)

    yield start
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended
