"""Whose push address is whose."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.accounts.tables import account, account_address
from app.db import dialect
from app.kit.ids import AccountId, AddressId, CityId, SignInId
from app.push.model import TYPED, Address
from app.push.store import known_addresses
from app.push.tables import address, message

NO_SIGN_IN = SignInId(UUID(int=0))
"""Somebody who answers from a message is not signed in."""


def owner_of(connection: Connection, address_id: AddressId) -> AccountId | None:
    """Whose address it is."""
    query = sa.select(account_address.c.account_id).where(account_address.c.address_id == address_id)
    return connection.execute(query).scalar_one_or_none()


_OWNER = (
    sa.select(account.c.id, account.c.city_id, account.c.role, account.c.name, account.c.vendor)
    .join(account_address, account_address.c.account_id == account.c.id)
    .where(account.c.disabled_at.is_(None))
)


def viewer_at(connection: Connection, address_id: AddressId) -> Viewer | None:
    """Whoever is reached at an address, as the one who answers from there; None when the account is disabled."""
    row = connection.execute(_OWNER.where(account_address.c.address_id == address_id)).one_or_none()
    if row is None:
        return None
    return Viewer(
        account_id=AccountId(row.id),
        city_id=CityId(row.city_id),
        role=Role(row.role),
        name=row.name,
        sign_in_id=NO_SIGN_IN,
        vendor=row.vendor,
    )


def link_address(
    connection: Connection, account_id: AccountId, address_id: AddressId, sign_in_id: SignInId | None
) -> None:
    """Makes it the account's address, registered by this sign-in."""
    values = {"account_id": account_id, "sign_in_id": sign_in_id}
    query = dialect.insert(connection, account_address).values(address_id=address_id, **values)
    connection.execute(query.on_conflict_do_update(index_elements=["address_id"], set_=values))


def addresses(connection: Connection, account_id: AccountId) -> list[Address]:
    """The live addresses of an account, the one seen last first."""
    query = (
        sa.select(address)
        .join(account_address, account_address.c.address_id == address.c.id)
        .where(account_address.c.account_id == account_id, address.c.dead_since.is_(None))
        .order_by(address.c.last_seen_at.desc(), address.c.id.desc())
    )
    return [found for _row, found in known_addresses(connection.execute(query))]


# Made once: it is asked for each message that is told.
_ADDRESSES_OF = (
    sa.select(account_address.c.account_id, address)
    .join(address, address.c.id == account_address.c.address_id)
    .join(account, account.c.id == account_address.c.account_id)
    .where(
        account_address.c.account_id.in_(sa.bindparam("account_ids", expanding=True)),
        address.c.dead_since.is_(None),
        account.c.disabled_at.is_(None),
        # Anybody can type a mailbox or a number: whoever reads there must have said that it is theirs.
        sa.or_(address.c.confirmed_at.is_not(None), address.c.channel.not_in([channel.value for channel in TYPED])),
    )
    .order_by(address.c.last_seen_at.desc(), address.c.id.desc())
)


def addresses_of(connection: Connection, account_ids: Collection[AccountId]) -> dict[AccountId, list[Address]]:
    """The live addresses of accounts that are not disabled, which they may be told things at; accounts without one are
    absent.
    """
    found: dict[AccountId, list[Address]] = {}
    rows = connection.execute(_ADDRESSES_OF, {"account_ids": list(account_ids)})
    for row, one in known_addresses(rows):
        found.setdefault(AccountId(row.account_id), []).append(one)
    return found


def addresses_of_sign_ins(connection: Connection, sign_in_ids: Collection[SignInId]) -> list[AddressId]:
    """The addresses that these sign-ins registered last."""
    query = sa.select(account_address.c.address_id).where(account_address.c.sign_in_id.in_(list(sign_in_ids)))
    return [AddressId(key) for key in connection.execute(query).scalars()]


def codes_since(connection: Connection, account_id: AccountId, kind: str, since: datetime) -> list[datetime]:
    """When messages of this kind were put since then for addresses of the account, dead or alive; the oldest first."""
    query = (
        sa.select(message.c.created_at)
        .join(account_address, account_address.c.address_id == message.c.address_id)
        .where(account_address.c.account_id == account_id, message.c.kind == kind, message.c.created_at > since)
        .order_by(message.c.created_at)
    )
    return list(connection.execute(query).scalars())
