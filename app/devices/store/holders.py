"""Who carries what, and whom of them a viewer may look at."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection, Row

from app.accounts.model import Viewer
from app.db import dialect, shards, versions
from app.devices.model import Carried, Carrier, Device
from app.devices.store.devices import CARRIERS_VERSION, device_of
from app.devices.tables import device, device_carrier
from app.households import access
from app.households.model import Scope
from app.households.store.contacts import SHARING_VERSION
from app.households.store.sight import facts_of
from app.households.tables import contact, wearer
from app.kit.ids import AccountId, CityId, ContactId, DeviceId, WearerId

# Made once, because it runs for every batch from the edge and takes longer to make than to run on a few devices.
_CARRIERS = (
    sa.select(
        device_carrier.c.device_id,
        device_carrier.c.from_at,
        device_carrier.c.until_at,
        device_carrier.c.wearer_id,
        device_carrier.c.contact_id,
        contact.c.shares_place_since,
        contact.c.ended_at,
        device.c.interval_s,
    )
    .join(device, device.c.id == device_carrier.c.device_id)
    .outerjoin(contact, contact.c.id == device_carrier.c.contact_id)
    .where(device_carrier.c.device_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(device_carrier.c.device_id, device_carrier.c.from_at)
)
_LOOKUP = dialect.Lookup(_CARRIERS, device_carrier.c.device_id)


class Holder(Struct, frozen=True, kw_only=True):
    """Whoever carries a device now. `about` is the wearer it leads to: who carries it, or whose contact does.

    `account_id` is the contact's own account, while she is on the list.
    """

    carrier: Carrier
    about: WearerId
    account_id: AccountId | None


class Sight(Struct, frozen=True, kw_only=True):
    """Whom of some wearers a viewer manages, of whom the viewer may see how they are, and who is hidden."""

    managed: frozenset[WearerId]
    health: frozenset[WearerId]
    hidden: frozenset[WearerId]


class Agreement(Struct, frozen=True, kw_only=True):
    """Of which wearer somebody is a contact, in which city, and since when they let their place be taken."""

    wearer_id: WearerId
    city_id: CityId
    since: datetime | None


def sight(connection: Connection, viewer: Viewer, wearer_ids: Collection[WearerId], now: datetime) -> Sight:
    """What the viewer may do about each of these wearers, by the rules of `households.access`."""
    managed: set[WearerId] = set()
    health: set[WearerId] = set()
    hidden: set[WearerId] = set()
    for wearer_id, (_, facts) in facts_of(connection, viewer, wearer_ids).items():
        managing = access.decide_managing(facts)
        if managing.granted:
            managed.add(wearer_id)
        if managing.reason is access.Reason.PROTECTED:
            hidden.add(wearer_id)
        if access.decide(facts, Scope.HEALTH, now).granted:
            health.add(wearer_id)
    return Sight(managed=frozenset(managed), health=frozenset(health), hidden=frozenset(hidden))


def history(connection: Connection, device_id: DeviceId) -> list[Carrier]:
    """Everybody who ever carried the device, oldest first."""
    table = device_carrier
    query = sa.select(table).where(table.c.device_id == device_id).order_by(table.c.from_at)
    return [_carrier(row) for row in connection.execute(query)]


def save_history(
    connection: Connection, device_id: DeviceId, before: Sequence[Carrier], after: Sequence[Carrier]
) -> None:
    """Makes the stored history `after`, given that it is `before`."""
    table = device_carrier
    gone = [one.from_at for one in before if one not in after]
    new = [{name: getattr(one, name) for name in one.__struct_fields__} for one in after if one not in before]
    if gone:
        connection.execute(sa.delete(table).where(table.c.device_id == device_id, table.c.from_at.in_(gone)))
    if new:
        connection.execute(sa.insert(table), new)
    versions.bump(connection, CARRIERS_VERSION, [device_id])


def carriers_now(connection: Connection, in_shards: Collection[int]) -> dict[UUID, UUID]:
    """The wearer or contact who has each device of some shards that somebody has."""
    table = device_carrier
    subject = sa.func.coalesce(table.c.wearer_id, table.c.contact_id)
    query = sa.select(table.c.device_id, subject).join(device, device.c.id == table.c.device_id)
    query = query.where(table.c.until_at.is_(None), device.c.ended_at.is_(None))
    return {row[0]: row[1] for row in connection.execute(shards.only(query, device.c.id, in_shards))}


def carried(connection: Connection, device_ids: Collection[UUID]) -> Mapping[UUID, Carried]:
    """Who carried each of these devices and when. For the writer's side: what did not change is not read again.

    A contact counts only while she agrees, and from when she last agreed: a withdrawal is in force at once.
    """
    return _KEPT.of(connection, device_ids, _load_carried)


_KEPT: versions.Kept[UUID, Carried] = versions.Kept(
    CARRIERS_VERSION, others={SHARING_VERSION: lambda one: one.contact_ids}
)


def _load_carried(connection: Connection, device_ids: Collection[UUID]) -> dict[UUID, Carried]:
    found = {device_id: Carried() for device_id in device_ids}
    rows = _LOOKUP.rows(connection, device_ids)
    for device_id, from_at, until_at, wearer_id, contact_id, since, ended_at, interval_s in rows:
        known = found[device_id]
        contact_ids = known.contact_ids if contact_id is None else known.contact_ids | {contact_id}
        if contact_id is not None and (since is None or ended_at is not None):
            found[device_id] = msgspec.structs.replace(known, contact_ids=contact_ids)
            continue
        start = from_at if since is None or since <= from_at else since
        before = known.carriers
        if until_at is None or start < until_at:
            one = Carrier(
                device_id=device_id, wearer_id=wearer_id, contact_id=contact_id, from_at=start, until_at=until_at
            )
            before = (*before, one)
        found[device_id] = Carried(carriers=before, interval_s=interval_s, contact_ids=contact_ids)
    return found


def holders(connection: Connection, device_ids: Collection[DeviceId]) -> dict[DeviceId, Holder]:
    """Whoever carries each of these devices now."""
    table = device_carrier
    query = (
        sa.select(table, contact.c.wearer_id.label("contact_of"), contact.c.account_id, contact.c.ended_at)
        .outerjoin(contact, contact.c.id == table.c.contact_id)
        .where(table.c.device_id.in_(device_ids), table.c.until_at.is_(None))
    )
    return {
        row.device_id: Holder(
            carrier=_carrier(row),
            about=row.wearer_id or row.contact_of,
            account_id=row.account_id if row.ended_at is None else None,
        )
        for row in connection.execute(query)
    }


def devices_of_wearer(connection: Connection, wearer_id: WearerId) -> list[Device]:
    """The devices that a wearer carries now."""
    table = device_carrier
    query = (
        sa.select(device)
        .join(table, table.c.device_id == device.c.id)
        .where(table.c.wearer_id == wearer_id, table.c.until_at.is_(None), device.c.ended_at.is_(None))
        .order_by(device.c.id)
    )
    return [device_of(row) for row in connection.execute(query)]


def device_ids_about(connection: Connection, wearer_id: WearerId) -> list[DeviceId]:
    """The devices that a wearer or one of their contacts carries now."""
    table = device_carrier
    query = (
        sa.select(table.c.device_id)
        .outerjoin(contact, contact.c.id == table.c.contact_id)
        .where(sa.or_(table.c.wearer_id == wearer_id, contact.c.wearer_id == wearer_id), table.c.until_at.is_(None))
        .order_by(table.c.device_id)
    )
    return list(connection.execute(query).scalars())


def device_ids_of_contact(connection: Connection, contact_id: ContactId) -> list[DeviceId]:
    """The devices that a contact carries now."""
    table = device_carrier
    query = sa.select(table.c.device_id).where(table.c.contact_id == contact_id, table.c.until_at.is_(None))
    return list(connection.execute(query.order_by(table.c.device_id)).scalars())


def city_of_wearer(connection: Connection, wearer_id: WearerId) -> CityId | None:
    """The city of a wearer who has not ended; where others write at the same time, she cannot end before we have."""
    query = sa.select(wearer.c.city_id).where(wearer.c.id == wearer_id, wearer.c.ended_at.is_(None))
    return connection.execute(query.with_for_update(read=True)).scalar_one_or_none()


def agreement(connection: Connection, contact_id: ContactId) -> Agreement | None:
    """What a contact who is on a list agreed to."""
    query = (
        sa.select(wearer.c.id, wearer.c.city_id, contact.c.shares_place_since)
        .join(contact, contact.c.wearer_id == wearer.c.id)
        .where(contact.c.id == contact_id, contact.c.ended_at.is_(None), wearer.c.ended_at.is_(None))
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Agreement(wearer_id=row.id, city_id=row.city_id, since=row.shares_place_since)


def _carrier(row: Row[Any]) -> Carrier:
    return Carrier(**{name: getattr(row, name) for name in Carrier.__struct_fields__})
