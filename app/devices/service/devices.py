"""Devices are enrolled, changed, given new keys and ended; the edge's registry follows."""

from collections.abc import Collection
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.names import one_line
from app.db.session import hint
from app.devices import enrolment
from app.devices.model import Device
from app.devices.service.holders import release
from app.devices.store import devices, orders
from app.kit.errors import Conflict, NotFound
from app.kit.ids import CityId, DeviceId, new_id, new_secret, secret_hash
from beacon_ingest.registry import Entry


def enrol(
    connection: Connection,
    *,
    city_id: CityId,
    format: str,
    external_id: str,
    name: str,
    forwarder: bool = False,
    key_required: bool | None = None,
    interval_s: int = enrolment.INTERVAL_S,
    now: datetime,
) -> tuple[Device, str]:
    """The device that may speak from now on, and its key, which is shown this once.

    Raises `InvalidInput`, `NotFound` for a city that does not use the service, `Conflict` when it is enrolled already.
    """
    own_id, required = enrolment.checked(format, external_id, forwarder, key_required)
    if not devices.has_city(connection, city_id):
        raise NotFound
    device = Device(
        id=DeviceId(new_id()),
        city_id=city_id,
        format=format,
        external_id=own_id,
        name=one_line(name, "name"),
        forwarder=forwarder,
        key_required=required,
        interval_s=interval_s,
        created_at=now,
    )
    key = new_secret()
    if not devices.add(connection, device, secret_hash(key)):
        raise Conflict("A device that calls itself so in this format is enrolled already.")
    _registry_changed(connection)
    return device, key


def change_device(
    connection: Connection, device_id: DeviceId, *, name: str | None = None, interval_s: int | None = None
) -> Device:
    """The device with another name or interval. Live mode ends with the new one. Raises `NotFound`."""
    device = devices.locked(connection, device_id)
    changed = replace(
        device, name=device.name if name is None else one_line(name, "name"), interval_s=interval_s or device.interval_s
    )
    devices.change(connection, device_id, {"name": changed.name, "interval_s": changed.interval_s})
    if changed.interval_s != device.interval_s:
        orders.set_live_off_interval(connection, device_id, changed.interval_s)
    return changed


def rotate_key(connection: Connection, device_id: DeviceId) -> str:
    """A fresh key, shown this once; the old one is worth nothing from now on. Raises `NotFound`."""
    devices.locked(connection, device_id)
    key = new_secret()
    devices.change(connection, device_id, {"key_hash": secret_hash(key)})
    _registry_changed(connection)
    return key


def end_device(connection: Connection, device_id: DeviceId, now: datetime) -> None:
    """Nobody carries it any more, and nothing is heard of it or said to it. Raises `NotFound`."""
    release(connection, device_id, now)
    devices.change(connection, device_id, {"ended_at": now, "key_hash": None})
    _registry_changed(connection)


def registry_entries(connection: Connection, in_shards: Collection[int] | None = None) -> list[Entry]:
    """Every enrolled device, or those of some shards, for the edge's snapshot."""
    return devices.registry_entries(connection, in_shards)


def registry_version(connection: Connection) -> int:
    """The number of the snapshot; it grows with every change of what is in it."""
    return devices.registry_version(connection)


def _registry_changed(connection: Connection) -> None:
    devices.bump_registry(connection)
    hint(connection, "registry")
