"""How families are addressed, and who is hidden from whom."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.households.tables import household, protection, wearer
from app.kit.ids import AccountId


def household_names(connection: Connection, wearer_ids: Collection[UUID]) -> dict[str, str]:
    """The names of the households of these wearers, by the wearer's id in hexadecimal digits."""
    query = sa.select(wearer.c.id, household.c.name).join(household, household.c.id == wearer.c.household_id)
    return {row.id.hex: row.name for row in connection.execute(query.where(wearer.c.id.in_(list(set(wearer_ids)))))}


def hidden_from(connection: Connection, account_id: AccountId) -> set[UUID]:
    """The wearers whom protections hide from an account."""
    query = sa.select(protection.c.wearer_id).where(
        protection.c.account_id == account_id, protection.c.ended_at.is_(None)
    )
    return set(connection.execute(query).scalars())
