"""An edge for tests: registry, stream and downlink in memory, a clock that stands still, and a way to ask it."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from beacon_ingest.counters import Counters, Reason
from beacon_ingest.downlink import Connections, Order
from beacon_ingest.limits import LIMITS, ConnectionLimit, Limit
from beacon_ingest.listeners.http import EdgeHttp
from beacon_ingest.listeners.tcp import TcpListener
from beacon_ingest.messages import Fix, Unit
from beacon_ingest.registry import Entry, Registry, TagEntry, Tags
from tests.build import NOW

KAKOGAWA, TAKASAGO = 282103, 282162


def key_hash(key: str) -> bytes:
    """The form in which the registry knows a key."""
    return hashlib.sha256(key.encode()).digest()


def entry(number: int, format: str, external_id: str, *, key: str | None = None, **more: Any) -> Entry:
    """An enrolled device, of Kakogawa unless it says otherwise."""
    more = {"city": KAKOGAWA, "key_required": key is not None, **more}
    hashed = None if key is None else key_hash(key)
    return Entry(device_id=UUID(int=number), format=format, external_id=external_id, key_hash=hashed, **more)


HANA = entry(1, "owntracks", "hana", key="hana-key")
PHONE = entry(2, "osmand", "phone-1", key="phone-key", key_required=False)
LOCKED_PHONE = entry(3, "osmand", "phone-2", key="locked-key")
CAR = entry(4, "traccar", "358000000000001", key="car-key")
OTHER_CAR = entry(5, "traccar", "358000000000002", key="other-car-key")
FAR_CAR = entry(6, "traccar", "358000000000003", key="far-car-key", city=TAKASAGO)
FORWARDER = entry(7, "traccar", "town-traccar", key="forwarder-key", forwarder=True)
WATCH = entry(8, "watch", "8800000001")
OTHER_WATCH = entry(9, "watch", "8800000002")
EVERYBODY = (HANA, PHONE, LOCKED_PHONE, CAR, OTHER_CAR, FAR_CAR, FORWARDER, WATCH, OTHER_WATCH)


class FakeStream:
    """Keeps what is published; raises what it is told to."""

    def __init__(self) -> None:
        self.units: list[Unit] = []
        self.trouble: Exception | None = None

    async def publish(self, unit: Unit) -> None:
        """Takes the unit, unless there is trouble."""
        if self.trouble is not None:
            raise self.trouble
        self.units.append(unit)

    @property
    def places(self) -> list[tuple[UUID, float, float]]:
        """Who was where, in the order of publishing."""
        return [
            (unit.device_id, message.lat_deg, message.lon_deg)
            for unit in self.units
            for message in unit.messages
            if isinstance(message, Fix)
        ]


class FakeDownlink:
    """Orders in a list; sent ones leave it."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.trouble: Exception | None = None

    def has_pending(self, device_id: UUID) -> bool:
        """Whether one waits."""
        return any(order.device_id == device_id for order in self.orders)

    async def pending(self, device_id: UUID) -> list[Order]:
        """Those that wait."""
        if self.trouble is not None:
            raise self.trouble
        return [order for order in self.orders if order.device_id == device_id]

    async def sent(self, order_ids: Sequence[UUID]) -> None:
        """They left."""
        self.orders = [order for order in self.orders if order.id not in order_ids]


class Answered(Struct, kw_only=True):
    """What a request was answered. `status` is 0 when it was not."""

    status: int = 0
    headers: dict[bytes, bytes] = {}
    body: bytes = b""


class Edge:
    """The parts of one edge. `now_s` is what its monotonic clock shows."""

    def __init__(
        self,
        entries: Iterable[Entry] | None = EVERYBODY,
        limits: dict[str, Limit] | None = None,
        tags: Iterable[TagEntry] | None = (),
    ) -> None:
        self.registry, self.tags = Registry(), Tags()
        if entries is not None:
            self.registry.replace(entries, 1)
        if tags is not None:
            self.tags.replace(tags, 1)
        self.stream = FakeStream()
        self.downlink = FakeDownlink()
        self.connections = Connections()
        self.counters = Counters()
        self.now = NOW
        self.now_s = 0.0
        self.pauses_s: list[float] = []
        self.limits = {**LIMITS, **(limits or {})}
        self.http = EdgeHttp(
            registry=self.registry,
            tags=self.tags,
            stream=self.stream,
            downlink=self.downlink,
            counters=self.counters,
            clock=self.clock,
            monotonic=self.monotonic,
            limits=self.limits,
        )

    def clock(self) -> datetime:
        """The moment in this test."""
        return self.now

    def monotonic(self) -> float:
        """The seconds in this test."""
        return self.now_s

    async def pause(self, seconds: float) -> None:
        """Goes by at once and is noted."""
        self.pauses_s.append(seconds)
        self.now_s += seconds

    def listener(self, connection_limit: ConnectionLimit | None = None) -> TcpListener:
        """A TCP listener for watches over these parts, not started."""
        return TcpListener(
            "watch",
            registry=self.registry,
            stream=self.stream,
            downlink=self.downlink,
            connections=self.connections,
            counters=self.counters,
            clock=self.clock,
            monotonic=self.monotonic,
            limits=self.limits,
            connection_limit=connection_limit or ConnectionLimit(),
            pause=self.pause,
        )

    def counted(self, format: str, reason: Reason) -> int:
        """How many units of a format ended so."""
        labels = {"format": format, "reason": str(reason)}
        return int(self.counters.registry.get_sample_value("mimamori_ingest_units_total", labels) or 0)

    async def ask(
        self,
        path: str,
        body: bytes | Sequence[bytes] = b"",
        *,
        method: str = "POST",
        query: bytes = b"",
        leaves: bool = False,
        **headers: str,
    ) -> Answered:
        """The answer to one request. A body in parts comes in parts; one that `leaves` hangs up after them."""
        parts = [body] if isinstance(body, bytes) else list(body)
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query,
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        }
        events = [
            {"type": "http.request", "body": part, "more_body": leaves or number < len(parts)}
            for number, part in enumerate(parts, start=1)
        ]
        events.append({"type": "http.disconnect"})
        answered = Answered()

        async def receive() -> Any:
            return events.pop(0)

        async def send(event: Any) -> None:
            if event["type"] == "http.response.start":
                answered.status, answered.headers = event["status"], dict(event["headers"])
            else:
                answered.body += event["body"]

        await self.http(scope, receive, send)
        return answered
