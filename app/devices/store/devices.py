"""Enrolled devices, and the edge's registry that is made of them."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from app.accounts.model import Role, Viewer
from app.accounts.tables import city
from app.db import dialect, shards, versions
from app.devices.model import Device
from app.devices.tables import device, device_carrier, registry
from app.households.tables import contact, protection
from app.kit.errors import NotFound
from app.kit.ids import CityId, DeviceId, WearerId
from beacon_ingest.registry import Entry

REGISTRY = "devices"

CARRIERS_VERSION = "carriers"
"""Changes whenever somebody else carries a device, or a device is to be heard at another interval."""

# Made once, because it runs for every batch from the edge.
_INTERVALS = sa.select(device.c.id, device.c.interval_s).where(
    device.c.id.in_(sa.bindparam("device_ids", expanding=True))
)


def has_city(connection: Connection, city_id: CityId) -> bool:
    """Whether this city uses the service."""
    return connection.execute(sa.select(city.c.id).where(city.c.id == city_id)).one_or_none() is not None


def add(connection: Connection, one: Device, key_hash: bytes) -> bool:
    """Whether the device was stored; not when one that calls itself so in this format is enrolled already."""
    row = {name: getattr(one, name) for name in one.__struct_fields__}
    insert = dialect.insert(connection, device).values(**row, key_hash=key_hash).on_conflict_do_nothing()
    return bool(connection.execute(insert).rowcount == 1)


def by_id(connection: Connection, device_id: DeviceId) -> Device:
    """A device that has not ended. Raises `NotFound`."""
    return _one(connection, sa.select(device).where(device.c.id == device_id))


def locked(connection: Connection, device_id: DeviceId) -> Device:
    """A device that has not ended. On PostgreSQL its row stays locked, so that changes to one device queue up.

    Raises `NotFound`.
    """
    return _one(connection, sa.select(device).where(device.c.id == device_id).with_for_update(key_share=True))


def change(connection: Connection, device_id: DeviceId, values: Mapping[str, object]) -> None:
    """Overwrites some columns."""
    connection.execute(sa.update(device).where(device.c.id == device_id).values(dict(values)))
    versions.bump(connection, CARRIERS_VERSION, [device_id])


def page_of_city(connection: Connection, viewer: Viewer, after: UUID | None, count: int) -> list[Device]:
    """Up to `count` devices of the viewer's city (of every city for an administrator), in the order of their ids."""
    query = _page(viewer, after, count)
    if viewer.role is not Role.ADMINISTRATOR:
        query = query.where(device.c.city_id == viewer.city_id)
    return [device_of(row) for row in connection.execute(query)]


def page_of_people(
    connection: Connection, viewer: Viewer, wearer_ids: Collection[WearerId], after: UUID | None, count: int
) -> list[Device]:
    """Up to `count` devices that one of these wearers carries, or the viewer as a contact, in the order of ids."""
    own = sa.and_(contact.c.account_id == viewer.account_id, contact.c.ended_at.is_(None))
    held = _carried().where(sa.or_(device_carrier.c.wearer_id.in_(wearer_ids), own)).correlate(device)
    query = _page(viewer, after, count).where(held.exists(), device.c.city_id == viewer.city_id)
    return [device_of(row) for row in connection.execute(query)]


def _page(viewer: Viewer, after: UUID | None, count: int) -> sa.Select[Any]:
    """Devices that have not ended, without those that would lead to somebody who is hidden from the viewer."""
    about = sa.func.coalesce(device_carrier.c.wearer_id, contact.c.wearer_id)
    mine = sa.and_(protection.c.account_id == viewer.account_id, protection.c.ended_at.is_(None))
    hiding = _carried().join(protection, protection.c.wearer_id == about).where(mine).correlate(device)
    query = sa.select(device).where(device.c.ended_at.is_(None), sa.not_(hiding.exists()))
    query = query.order_by(device.c.id).limit(count)
    return query if after is None else query.where(device.c.id > after)


def _carried() -> sa.Select[Any]:
    """Whoever carries the device of the query around it."""
    table = device_carrier
    carried = sa.select(table.c.device_id).outerjoin(contact, contact.c.id == table.c.contact_id)
    return carried.where(table.c.device_id == device.c.id, table.c.until_at.is_(None))


def intervals_of(connection: Connection, device_ids: Collection[UUID]) -> dict[UUID, int]:
    """The own interval of each of these devices, seconds."""
    return {row.id: row.interval_s for row in connection.execute(_INTERVALS, {"device_ids": device_ids})}


def _one(connection: Connection, query: sa.Select[Any]) -> Device:
    row = connection.execute(query.where(device.c.ended_at.is_(None))).one_or_none()
    if row is None:
        raise NotFound
    return device_of(row)


def registry_entries(connection: Connection, in_shards: Collection[int] | None = None) -> list[Entry]:
    """Every enrolled device as the edge needs to know it; only those in some shards, where they are named."""
    query = sa.select(device).where(device.c.ended_at.is_(None)).order_by(device.c.id)
    query = shards.only(query, device.c.id, in_shards)
    return [
        Entry(
            device_id=row.id,
            city=row.city_id,
            format=row.format,
            external_id=row.external_id,
            key_hash=row.key_hash,
            key_required=row.key_required,
            forwarder=row.forwarder,
        )
        for row in connection.execute(query)
    ]


def registry_version(connection: Connection, name: str = REGISTRY) -> int:
    """The number of changes that the registry, or the part `name` of it, has seen."""
    query = sa.select(registry.c.version).where(registry.c.name == name)
    return connection.execute(query).scalar_one_or_none() or 0


def bump_registry(connection: Connection, name: str = REGISTRY) -> None:
    """Counts one more change of the registry, or of the part `name` of it."""
    insert = dialect.insert(connection, registry).values(name=name, version=1)
    more = {"version": registry.c.version + 1}
    connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=more))


def device_of(row: Row[Any]) -> Device:
    """A row of `device`."""
    return Device(**{name: getattr(row, name) for name in Device.__struct_fields__})
