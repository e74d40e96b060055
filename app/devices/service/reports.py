"""What devices say of themselves is kept and read."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from app.devices import health
from app.devices.health import HealthRow
from app.devices.model import DeviceHealth
from app.devices.store import reports
from app.kit.ids import DeviceId


def save_health(connection: Connection, rows: Sequence[HealthRow]) -> None:
    """Keeps what devices said of themselves: one upsert for a batch, whatever the order they arrive in."""
    reports.save(connection, health.merged(rows))


def heard_since(connection: Connection, city_id: int, since: datetime) -> list[datetime]:
    """When each device in service of a town was last heard, of those that were since then, in no order."""
    return reports.heard_since(connection, city_id, since)


def health_of(connection: Connection, device_ids: Iterable[UUID]) -> dict[DeviceId, DeviceHealth]:
    """How each of these devices is, of those that were ever heard."""
    return reports.of(connection, list(device_ids))
