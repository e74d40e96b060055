"""Devices are handed over and taken back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from app.db import intents
from app.db.session import hint
from app.devices import carriers
from app.devices.model import Carried, Carrier, Device
from app.devices.store import devices, holders
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import CityId, ContactId, DeviceId, WearerId

DEVICE_RELEASED = "device_released"
"""Intent: what is said of this device for this wearer (silent, low battery) is over."""

DEVICE_HANDED_ON = "device_handed_on"
"""Intent: what this device measured since a moment in the past is of whoever is now said to have carried it then."""


def assign(
    connection: Connection,
    device_id: DeviceId,
    wearer_id: WearerId | None = None,
    contact_id: ContactId | None = None,
    *,
    now: datetime,
    from_at: datetime | None = None,
) -> Carrier:
    """Who carries the device from `from_at` on, by default from now: a wearer, or a contact who agreed.

    Raises `NotFound` for who is not of the device's city, `InvalidInput` for a moment to come, `Conflict` for a
    forwarder, a contact who did not agree, or when somebody else carried it after `from_at`.
    """
    assert (wearer_id is None) != (contact_id is None), "a device is carried by one"
    device = devices.locked(connection, device_id)
    start = from_at or now
    if start > now:
        raise InvalidInput("A device is handed over now or was before.", "from_at")
    if device.forwarder:
        raise Conflict("This is a server that speaks for other devices; nobody carries it.")
    if wearer_id is not None and holders.city_of_wearer(connection, wearer_id) != device.city_id:
        raise NotFound
    if contact_id is not None:
        _must_have_agreed(connection, contact_id, device.city_id, start)
    before = holders.history(connection, device_id)
    new = Carrier(device_id=device_id, wearer_id=wearer_id, contact_id=contact_id, from_at=start, until_at=None)
    after = carriers.handed_to(before, new)
    _save(connection, device_id, before, after, now)
    if before and start < now and after != before:
        payload = {
            "device_id": str(device_id), "city_id": device.city_id, "from_at": start.isoformat(),
            "wearer_id": None if wearer_id is None else str(wearer_id),
            "contact_id": None if contact_id is None else str(contact_id),
        }  # fmt: skip
        intents.intend(connection, DEVICE_HANDED_ON, f"{device_id}:{now.isoformat()}", payload, now)
    return after[-1]


def release(connection: Connection, device_id: DeviceId, now: datetime) -> None:
    """Nobody carries the device from now on; once is enough. Raises `NotFound`."""
    devices.locked(connection, device_id)
    before = holders.history(connection, device_id)
    _save(connection, device_id, before, carriers.released(before, now), now)


def release_all(connection: Connection, wearer_id: WearerId, now: datetime) -> int:
    """How many devices were taken back from a wearer who ended and from their contacts; none the second time."""
    device_ids = holders.device_ids_about(connection, wearer_id)
    for device_id in device_ids:
        release(connection, device_id, now)
    return len(device_ids)


def release_contact(connection: Connection, contact_id: ContactId, now: datetime) -> int:
    """How many devices were taken back from a contact who agrees no more or is on no list any more."""
    device_ids = holders.device_ids_of_contact(connection, contact_id)
    for device_id in device_ids:
        release(connection, device_id, now)
    return len(device_ids)


def intervals_of(connection: Connection, device_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How often each of these devices should be heard, seconds."""
    return devices.intervals_of(connection, list(device_ids))


def carried(connection: Connection, device_ids: Collection[UUID]) -> Mapping[UUID, Carried]:
    """Who carried each of these devices and when, and how often each should be heard; ask `carriers.carrier_at`."""
    return holders.carried(connection, device_ids)


def carriers_now(connection: Connection, in_shards: Collection[int]) -> dict[UUID, UUID]:
    """The wearer or contact who has each device of some shards that somebody has."""
    return holders.carriers_now(connection, in_shards)


def devices_of_wearer(connection: Connection, wearer_id: WearerId) -> list[Device]:
    """The devices that a wearer carries now."""
    return holders.devices_of_wearer(connection, wearer_id)


def _save(
    connection: Connection, device_id: DeviceId, before: Sequence[Carrier], after: Sequence[Carrier], now: datetime
) -> None:
    """Stores the history; what is watched for whoever gave the device back must learn of it."""
    holders.save_history(connection, device_id, before, after)
    hint(connection, "registry")
    gave_back = carriers.carrier_now(before)
    if gave_back is not None and gave_back.wearer_id is not None and gave_back not in after:
        payload = {"wearer_id": str(gave_back.wearer_id), "device_id": str(device_id)}
        intents.intend(connection, DEVICE_RELEASED, f"{device_id}:{gave_back.from_at.isoformat()}", payload, now)


def _must_have_agreed(connection: Connection, contact_id: ContactId, city_id: CityId, start: datetime) -> None:
    agreed = holders.agreement(connection, contact_id)
    if agreed is None or agreed.city_id != city_id:
        raise NotFound
    if agreed.since is None or start < agreed.since:
        raise Conflict("This contact has not agreed that their place is taken.")
