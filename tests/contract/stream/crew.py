"""Workers on a real database and stream, devices that say where they are, and what must be true in the end."""

from datetime import timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.db.tables import dead_letter
from app.devices import service as devices
from app.devices.model import Device
from app.history.tables import position
from app.kit.clock import ManualClock
from app.worker import Partition, Worker
from beacon_ingest.broker import Broker
from beacon_ingest.jetstream import STREAM, JetStream
from beacon_ingest.messages import Unit
from beacon_ingest.partitions import Subjects
from tests.broker import PARTITIONS
from tests.build import KAKOGAWA, NOW, a_fix, minutes, town, unit

LEASE_S = 1.0
WORKERS_NOW = NOW + minutes(60)


class Cast(Struct):
    """Devices that one wearer carries."""

    devices: list[Device]

    def said(self, count: int, first: int = 0) -> list[Unit]:
        """So many units of all devices in turn, a second apart."""
        return [self.one(number) for number in range(first, first + count)]

    def one(self, number: int) -> Unit:
        device, at = self.devices[number % len(self.devices)], NOW + timedelta(seconds=number)
        return unit(device, a_fix(number % 7, at=at, device=device.external_id), received_at=at)


def cast(connection: Connection, count: int = 8) -> Cast:
    here, since = town(connection, NOW - minutes(600)), NOW - minutes(500)
    made = []
    for n in range(count):
        device, _ = devices.enrol(
            connection, city_id=KAKOGAWA, format="owntracks", external_id=f"phone{n}", name=f"phone{n}", now=since
        )
        devices.assign(connection, device.id, here.hana.id, now=since)
        made.append(device)
    return Cast(made)


def stream_of(broker: Broker) -> JetStream:
    return JetStream(broker, Subjects(), partitions=PARTITIONS, queue_max=10_000)


class Watched(Partition):
    """The work on a partition that does not pause for long."""

    pause_s = 0.01


def worker_of(database, broker: Broker, partition: type[Partition] = Watched, lease_s: float = LEASE_S) -> Worker:
    worker = Worker(database, broker, ManualClock(WORKERS_NOW), partitions=PARTITIONS, lease_s=lease_s)
    worker.partition = partition
    return worker


async def left(broker: Broker) -> int:
    """How many units wait in the stream."""
    return (await broker.jetstream.stream_info(STREAM)).state.messages


def stored(connection: Connection) -> list[tuple[str, int]]:
    """What was stored of the devices: device and second, sorted."""
    rows = connection.execute(sa.select(position.c.device_id, position.c.fix_at))
    return sorted((str(row.device_id), int((row.fix_at - NOW).total_seconds())) for row in rows)


def expected(said: list[Unit]) -> list[tuple[str, int]]:
    return sorted((str(one.device_id), int((one.received_at - NOW).total_seconds())) for one in said)


def count(connection: Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def letters(connection: Connection) -> list[str]:
    return sorted(connection.execute(sa.select(dead_letter.c.error)).scalars())
