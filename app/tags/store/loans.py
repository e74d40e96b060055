"""Which contact carries which tag of their own."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection, Row

from app.households.tables import contact, protection
from app.kit.ids import AccountId, ContactId, TagId, WearerId
from app.tags.model import TagLoan
from app.tags.tables import tag, tag_loan


class Borrower(Struct, frozen=True, kw_only=True):
    """Who carries a tag now, whose contact that is, and the account, as long as they are on the list."""

    loan: TagLoan
    about: WearerId
    account_id: AccountId | None


def of(connection: Connection, tag_ids: Collection[UUID]) -> dict[UUID, list[TagLoan]]:
    """The loans of these tags, oldest first; those that were never lent are left out."""
    if not tag_ids:
        return {}
    query = sa.select(tag_loan).where(tag_loan.c.tag_id.in_(tag_ids)).order_by(tag_loan.c.from_at)
    found: dict[UUID, list[TagLoan]] = {}
    for row in connection.execute(query):
        found.setdefault(row.tag_id, []).append(_loan(row))
    return found


def save(connection: Connection, tag_id: TagId, before: Sequence[TagLoan], after: Sequence[TagLoan]) -> None:
    """Makes the stored loans `after`, given that they are `before`."""
    gone = [one.from_at for one in before if one not in after]
    new = [{name: getattr(one, name) for name in one.__struct_fields__} for one in after if one not in before]
    if gone:
        connection.execute(sa.delete(tag_loan).where(tag_loan.c.tag_id == tag_id, tag_loan.c.from_at.in_(gone)))
    if new:
        connection.execute(sa.insert(tag_loan), new)


def borrowers(connection: Connection, tag_ids: Collection[UUID]) -> dict[UUID, Borrower]:
    """Whoever carries each of these tags as a contact now."""
    query = (
        sa.select(tag_loan, contact.c.wearer_id, contact.c.account_id, contact.c.ended_at)
        .join(contact, contact.c.id == tag_loan.c.contact_id)
        .where(tag_loan.c.tag_id.in_(tag_ids), tag_loan.c.until_at.is_(None))
    )
    return {
        row.tag_id: Borrower(
            loan=_loan(row), about=row.wearer_id, account_id=row.account_id if row.ended_at is None else None
        )
        for row in connection.execute(query)
    }


def tag_ids_of_contact(connection: Connection, contact_id: ContactId) -> list[TagId]:
    """The tags that a contact carries now."""
    query = sa.select(tag_loan.c.tag_id).where(tag_loan.c.contact_id == contact_id, tag_loan.c.until_at.is_(None))
    return list(connection.execute(query.order_by(tag_loan.c.tag_id)).scalars())


def tag_ids_about(connection: Connection, wearer_id: WearerId) -> list[TagId]:
    """The tags that contacts of a wearer carry now."""
    query = sa.select(tag_loan.c.tag_id).join(contact, contact.c.id == tag_loan.c.contact_id)
    query = query.where(contact.c.wearer_id == wearer_id, tag_loan.c.until_at.is_(None))
    return list(connection.execute(query.order_by(tag_loan.c.tag_id)).scalars())


def to_account(account_id: AccountId) -> sa.Select[Any]:
    """Within a query of tags: that somebody carries it as the contact who this account is."""
    mine = sa.and_(contact.c.account_id == account_id, contact.c.ended_at.is_(None))
    return _lent().join(contact, contact.c.id == tag_loan.c.contact_id).where(mine).correlate(tag)


def hidden_from(account_id: AccountId) -> sa.Select[Any]:
    """Within a query of tags: that it is carried by a contact of somebody who is hidden from this account."""
    hiding = sa.and_(protection.c.account_id == account_id, protection.c.ended_at.is_(None))
    query = _lent().join(contact, contact.c.id == tag_loan.c.contact_id)
    return query.join(protection, protection.c.wearer_id == contact.c.wearer_id).where(hiding).correlate(tag)


def _lent() -> sa.Select[Any]:
    return sa.select(tag_loan.c.tag_id).where(tag_loan.c.tag_id == tag.c.id, tag_loan.c.until_at.is_(None))


def _loan(row: Row[Any]) -> TagLoan:
    return TagLoan(**{name: getattr(row, name) for name in TagLoan.__struct_fields__})
