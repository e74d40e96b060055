"""Contacts in order."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import versions
from app.households.model import Contact
from app.households.store.rows import contact_of
from app.households.store.sight import hidden
from app.households.tables import contact, wearer
from app.kit.ids import AccountId, ContactId, WearerId

SHARING_VERSION = "contact_sharing"
"""Changes whenever a contact's place begins or ceases to be taken."""


def of_wearer(connection: Connection, wearer_id: WearerId) -> list[Contact]:
    """The contacts of a wearer in order."""
    query = sa.select(contact).where(contact.c.wearer_id == wearer_id, contact.c.ended_at.is_(None))
    return [contact_of(row) for row in connection.execute(query.order_by(contact.c.rank, contact.c.id))]


def of_wearers(connection: Connection, wearer_ids: Collection[WearerId]) -> dict[WearerId, list[Contact]]:
    """The contacts of these wearers in order; who has none is absent."""
    query = sa.select(contact).where(contact.c.wearer_id.in_(wearer_ids), contact.c.ended_at.is_(None))
    found: dict[WearerId, list[Contact]] = {}
    for row in connection.execute(query.order_by(contact.c.wearer_id, contact.c.rank, contact.c.id)):
        found.setdefault(row.wearer_id, []).append(contact_of(row))
    return found


def by_id(connection: Connection, contact_ids: Collection[ContactId]) -> dict[ContactId, Contact]:
    """Those of these contacts who are still on a list."""
    query = sa.select(contact).where(contact.c.id.in_(contact_ids), contact.c.ended_at.is_(None))
    return {row.id: contact_of(row) for row in connection.execute(query)}


def of_account(connection: Connection, account_id: AccountId, contact_id: ContactId | None = None) -> list[Contact]:
    """Where this account is a contact, save for wearers who are hidden from it or have ended; or only that entry."""
    query = (
        sa.select(contact)
        .join(wearer, wearer.c.id == contact.c.wearer_id)
        .where(contact.c.account_id == account_id, contact.c.ended_at.is_(None))
        .where(wearer.c.ended_at.is_(None), sa.not_(hidden(account_id)))
        .order_by(contact.c.id)
    )
    if contact_id is not None:
        query = query.where(contact.c.id == contact_id)
    return [contact_of(row) for row in connection.execute(query)]


def add(connection: Connection, one: Contact) -> None:
    """Stores a contact."""
    connection.execute(sa.insert(contact).values({name: getattr(one, name) for name in one.__struct_fields__}))


def change(connection: Connection, contact_id: ContactId, values: Mapping[str, object]) -> None:
    """Overwrites some columns."""
    connection.execute(sa.update(contact).where(contact.c.id == contact_id).values(dict(values)))
    if not values.keys().isdisjoint({"shares_place_since", "ended_at"}):
        versions.bump(connection, SHARING_VERSION, [contact_id])


def withdraw_place(connection: Connection, wearer_id: WearerId, account_id: AccountId) -> list[ContactId]:
    """Ends the agreement of this account that its own place is taken for this wearer; the contacts that it is."""
    mine = sa.and_(contact.c.wearer_id == wearer_id, contact.c.account_id == account_id)
    withdrawal = sa.update(contact).where(mine).values(shares_place_since=None).returning(contact.c.id)
    contact_ids = list(connection.execute(withdrawal).scalars())
    versions.bump(connection, SHARING_VERSION, contact_ids)
    return contact_ids


def set_ranks(connection: Connection, ranks: Mapping[ContactId, int]) -> None:
    """Gives these contacts these places."""
    if ranks:
        query = sa.update(contact).where(contact.c.id == sa.bindparam("key")).values(rank=sa.bindparam("place"))
        connection.execute(query, [{"key": key, "place": rank} for key, rank in ranks.items()])
