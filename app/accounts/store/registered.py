"""What accounts have registered, dead or alive."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.tables import account, account_address
from app.kit.ids import AccountId, AddressId, SignInId
from app.push.model import Address
from app.push.store import known_addresses
from app.push.tables import address


def addresses(
    connection: Connection, account_id: AccountId, dead_after: datetime
) -> list[tuple[Address, SignInId | None]]:
    """The addresses of an account that live or died after that, the one seen last first, each with the sign-in that
    registered it.
    """
    query = (
        sa.select(account_address.c.sign_in_id, address)
        .join(address, address.c.id == account_address.c.address_id)
        .where(account_address.c.account_id == account_id)
        .where(sa.or_(address.c.dead_since.is_(None), address.c.dead_since > dead_after))
        .order_by(address.c.last_seen_at.desc(), address.c.id.desc())
    )
    return [(one, row.sign_in_id) for row, one in known_addresses(connection.execute(query))]


def names(connection: Connection, address_ids: Collection[AddressId]) -> dict[AddressId, str]:
    """The names of those whose addresses these are."""
    query = (
        sa.select(account_address.c.address_id, account.c.name)
        .join(account, account.c.id == account_address.c.account_id)
        .where(account_address.c.address_id.in_(address_ids))
    )
    return {AddressId(row.address_id): row.name for row in connection.execute(query)}
