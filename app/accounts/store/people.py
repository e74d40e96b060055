"""Every query of cities and accounts."""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Account, City, Role
from app.accounts.tables import account, city
from app.db import dialect, versions
from app.kit.ids import AccountId, CityId

_ACCOUNT = tuple(column for column in account.c if column.name != "password_hash")

CITY_VERSION = "city"
"""Changes whenever a city's name or zone does, for those who keep them in memory."""


class Credentials(Struct, frozen=True, kw_only=True):
    """What a password is compared with."""

    account_id: AccountId
    password_hash: str


def insert_city(connection: Connection, one: City) -> bool:
    """Adds a city; False when its code is taken."""
    row = {"id": one.id, "name": one.name, "zone": one.zone, "phone": one.phone, "created_at": one.created_at}
    query = dialect.insert(connection, city).values(row).on_conflict_do_nothing().returning(city.c.id)
    return connection.execute(query).first() is not None


def city_by_id(connection: Connection, city_id: CityId) -> City | None:
    """The city, None for an unknown one."""
    row = connection.execute(sa.select(city).where(city.c.id == city_id)).first()
    return None if row is None else _city(row)


def cities(connection: Connection, only: CityId | None, after: int | None, limit: int) -> list[City]:
    """One city or, for None, all, in order of their codes, beginning behind `after`."""
    query = sa.select(city).order_by(city.c.id).limit(limit)
    if only is not None:
        query = query.where(city.c.id == only)
    if after is not None:
        query = query.where(city.c.id > after)
    return [_city(row) for row in connection.execute(query)]


def update_city(connection: Connection, city_id: CityId, values: Mapping[str, object]) -> None:
    """Changes some columns of a city."""
    connection.execute(sa.update(city).where(city.c.id == city_id).values(values))
    versions.bump(connection, CITY_VERSION)


def _city(row: "sa.Row[Any]") -> City:
    return City(id=CityId(row.id), name=row.name, zone=row.zone, phone=row.phone, created_at=row.created_at)


def insert_account(connection: Connection, one: Account, password_hash: str) -> bool:
    """Adds an account; False when its e-mail address is taken."""
    row = {
        "id": one.id,
        "city_id": one.city_id,
        "email": one.email,
        "name": one.name,
        "role": one.role.value,
        "language": one.language,
        "password_hash": password_hash,
        "vendor": one.vendor,
        "created_at": one.created_at,
    }
    query = dialect.insert(connection, account).values(row).on_conflict_do_nothing(index_elements=["email"])
    return connection.execute(query.returning(account.c.id)).first() is not None


def account_by_id(connection: Connection, account_id: AccountId) -> Account | None:
    """The account, None for an unknown one."""
    row = connection.execute(sa.select(*_ACCOUNT).where(account.c.id == account_id)).first()
    return None if row is None else _account(row)


def accounts(
    connection: Connection,
    *,
    city_id: CityId | None,
    hidden: Collection[Role],
    role: Role | None,
    before: AccountId | None,
    limit: int,
) -> list[Account]:
    """Accounts of a city or of all, newest first, beginning behind `before`; `hidden` roles are left out."""
    query = sa.select(*_ACCOUNT).order_by(account.c.id.desc()).limit(limit)
    if city_id is not None:
        query = query.where(account.c.city_id == city_id)
    if hidden:
        query = query.where(account.c.role.not_in([one.value for one in hidden]))
    if role is not None:
        query = query.where(account.c.role == role.value)
    if before is not None:
        query = query.where(account.c.id < before)
    return [_account(row) for row in connection.execute(query)]


def staff_ids(connection: Connection, city_id: int) -> list[AccountId]:
    """The operators of a town and the administrators of the installation, but for those who are disabled."""
    here = (account.c.role == Role.OPERATOR.value) & (account.c.city_id == city_id)
    everywhere = account.c.role == Role.ADMINISTRATOR.value
    query = sa.select(account.c.id).where(here | everywhere, account.c.disabled_at.is_(None)).order_by(account.c.id)
    return [AccountId(one) for one in connection.execute(query).scalars()]


def update_account(connection: Connection, account_id: AccountId, values: Mapping[str, object]) -> None:
    """Changes some columns of an account."""
    connection.execute(sa.update(account).where(account.c.id == account_id).values(values))


def replace_password(connection: Connection, known: Credentials, password_hash: str) -> bool:
    """Sets another hash; False when the one that was compared is not the stored one any more."""
    same = (account.c.id == known.account_id, account.c.password_hash == known.password_hash)
    return connection.execute(sa.update(account).where(*same).values(password_hash=password_hash)).rowcount == 1


def credentials(connection: Connection, email: str) -> Credentials | None:
    """What to compare a password with, None for an unknown or disabled account."""
    query = sa.select(account.c.id, account.c.password_hash).where(
        account.c.email == email, account.c.disabled_at.is_(None)
    )
    row = connection.execute(query).first()
    return None if row is None else Credentials(account_id=AccountId(row.id), password_hash=row.password_hash)


def _account(row: "sa.Row[Any]") -> Account:
    return Account(
        id=AccountId(row.id),
        city_id=CityId(row.city_id),
        email=row.email,
        name=row.name,
        role=Role(row.role),
        language=row.language,
        vendor=row.vendor,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )
