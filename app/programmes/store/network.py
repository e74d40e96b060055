"""Entries in the registers of SOS networks, and who changed what in them."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.kit.ids import CityId, NetworkEntryId, WearerId
from app.programmes.register import KEPT, Applicant, Consenter, Entry, EntryChange
from app.programmes.tables import network_change, network_entry

_meant = network_entry.c.withdrawn_at.is_(None)


def add(connection: Connection, one: Entry) -> None:
    """Keeps a new entry."""
    fixed = ("id", "city_id", "wearer_id", "network", "created_by", "created_at")
    values = {name: getattr(one, name) for name in fixed} | _values(one)
    connection.execute(sa.insert(network_entry).values(**values))


def change(connection: Connection, one: Entry) -> None:
    """Stores an entry that is there already as it is now."""
    connection.execute(sa.update(network_entry).where(network_entry.c.id == one.id).values(**_values(one)))


def one(connection: Connection, entry_id: NetworkEntryId) -> Entry | None:
    """The entry of that id, but not a withdrawn one."""
    row = connection.execute(sa.select(network_entry).where(network_entry.c.id == entry_id, _meant)).one_or_none()
    return None if row is None else _entry(row)


def of_wearer(connection: Connection, wearer_id: WearerId) -> list[Entry]:
    """All entries of a wearer, newest first, those that she has left too."""
    query = sa.select(network_entry).where(network_entry.c.wearer_id == wearer_id, _meant)
    newest = query.order_by(network_entry.c.entered_on.desc(), network_entry.c.id.desc())
    return [_entry(row) for row in connection.execute(newest)]


def running(connection: Connection, wearer_ids: Collection[WearerId], day: date) -> list[Entry]:
    """Entries of these wearers on that day."""
    holds = sa.or_(network_entry.c.left_on.is_(None), network_entry.c.left_on > day)
    mine = network_entry.c.wearer_id.in_(list(wearer_ids))
    query = sa.select(network_entry).where(mine, _meant, holds, network_entry.c.entered_on <= day)
    return [_entry(row) for row in connection.execute(query.order_by(network_entry.c.id))]


def page(
    connection: Connection, city_id: CityId, network: str | None, running: bool | None, after: UUID | None, count: int
) -> list[Entry]:
    """Up to `count` entries of a city, oldest first, after one."""
    query = sa.select(network_entry).where(network_entry.c.city_id == city_id, _meant)
    if network is not None:
        query = query.where(network_entry.c.network == network)
    if running is not None:
        left = network_entry.c.left_on
        query = query.where(left.is_(None) if running else left.is_not(None))
    if after is not None:
        query = query.where(network_entry.c.id > after)
    return [_entry(row) for row in connection.execute(query.order_by(network_entry.c.id).limit(count))]


def numbered(connection: Connection, city_id: CityId, network: str, number: str) -> NetworkEntryId | None:
    """The entry that has this number, if one has."""
    query = sa.select(network_entry.c.id).where(*_register(city_id, network), network_entry.c.number == number)
    return connection.execute(query).scalar_one_or_none()


def count(connection: Connection, city_id: CityId, network: str) -> int:
    """How many entries a register has, those that were left too."""
    query = sa.select(sa.func.count()).select_from(network_entry).where(*_register(city_id, network))
    return int(connection.execute(query).scalar_one())


def add_change(connection: Connection, one: EntryChange) -> None:
    """Keeps who changed what."""
    connection.execute(sa.insert(network_change).values(**{name: getattr(one, name) for name in one.__struct_fields__}))


def changes(connection: Connection, entry_id: NetworkEntryId, before: UUID | None, count: int) -> list[EntryChange]:
    """Up to `count` changes of an entry, newest first, older than `before`."""
    query = sa.select(network_change).where(network_change.c.entry_id == entry_id)
    if before is not None:
        query = query.where(network_change.c.id < before)
    return [
        EntryChange(
            id=row.id, entry_id=row.entry_id, before=row.before, after=row.after, reason=row.reason, by=row.by,
            at=row.at,
        )
        for row in connection.execute(query.order_by(network_change.c.id.desc()).limit(count))
    ]  # fmt: skip


def _register(city_id: CityId, network: str) -> tuple[sa.ColumnElement[bool], ...]:
    return network_entry.c.city_id == city_id, network_entry.c.network == network, _meant


def _values(one: Entry) -> dict[str, Any]:
    return {name: getattr(one, name) for name in (*KEPT, "withdrawn_at")}


def _entry(row: sa.Row[Any]) -> Entry:
    values = dict(row._mapping)
    values["applied_by"] = Applicant(row.applied_by)
    values["consent_by"] = None if row.consent_by is None else Consenter(row.consent_by)
    return Entry(**values)
