"""What the rows of the room's tables mean."""

from typing import Any

from sqlalchemy.engine import Row

from app.accounts.model import Role
from app.households.model import Consent, Contact, GivenAs, Household, Protection, Scope, Wearer


def household_of(row: Row[Any]) -> Household:
    """A row of `household`."""
    return Household(id=row.id, city_id=row.city_id, name=row.name, created_at=row.created_at)


def wearer_of(row: Row[Any]) -> Wearer:
    """A row of `wearer`."""
    return Wearer(
        id=row.id,
        city_id=row.city_id,
        household_id=row.household_id,
        name=row.name,
        born_on=row.born_on,
        note=row.note,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def contact_of(row: Row[Any]) -> Contact:
    """A row of `contact`."""
    return Contact(
        id=row.id,
        wearer_id=row.wearer_id,
        rank=row.rank,
        name=row.name,
        relation=row.relation,
        phone=row.phone,
        account_id=row.account_id,
        shares_place_since=row.shares_place_since,
        created_at=row.created_at,
    )


def consent_of(row: Row[Any]) -> Consent:
    """A row of `consent`."""
    return Consent(
        id=row.id,
        wearer_id=row.wearer_id,
        account_id=row.account_id,
        role=None if row.role is None else Role(row.role),
        scopes=frozenset(map(Scope, row.scopes)),
        given_as=GivenAs(row.given_as),
        from_at=row.from_at,
        until_at=row.until_at,
        given_by=row.given_by,
        given_at=row.given_at,
        revoked_at=row.revoked_at,
    )


def protection_of(row: Row[Any]) -> Protection:
    """A row of `protection`."""
    return Protection(
        id=row.id,
        wearer_id=row.wearer_id,
        name=row.name,
        account_id=row.account_id,
        reason=row.reason,
        set_by=row.set_by,
        set_at=row.set_at,
        ended_at=row.ended_at,
    )
