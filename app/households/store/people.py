"""Households, their members, and wearers."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.model import Role
from app.accounts.tables import account, city
from app.db import dialect
from app.households.model import Household, Member, Wearer
from app.households.store.rows import household_of, wearer_of
from app.households.tables import household, household_member, protection, wearer
from app.kit.ids import AccountId, CityId, HouseholdId, WearerId


def has_city(connection: Connection, city_id: CityId) -> bool:
    """Whether this city uses the service."""
    return connection.execute(sa.select(city.c.id).where(city.c.id == city_id)).one_or_none() is not None


def account_names(connection: Connection, account_ids: Collection[AccountId]) -> dict[AccountId, str]:
    """The names of these accounts."""
    rows = connection.execute(sa.select(account.c.id, account.c.name).where(account.c.id.in_(account_ids)))
    return {row.id: row.name for row in rows}


def account_roles(connection: Connection, account_ids: Collection[AccountId], city_id: CityId) -> dict[AccountId, Role]:
    """The roles of those of these accounts that are of this city and not disabled."""
    query = sa.select(account.c.id, account.c.role).where(
        account.c.id.in_(account_ids), account.c.city_id == city_id, account.c.disabled_at.is_(None)
    )
    return {row.id: Role(row.role) for row in connection.execute(query)}


def can_come_near(connection: Connection, account_id: AccountId, city_id: CityId) -> bool:
    """Whether this is an account that may ever know of somebody of this city, even if it is disabled now."""
    near = sa.or_(account.c.city_id == city_id, account.c.role == Role.ADMINISTRATOR)
    query = sa.select(account.c.id).where(account.c.id == account_id, near)
    return connection.execute(query).one_or_none() is not None


def locked_household(connection: Connection, household_id: HouseholdId) -> Household | None:
    """The household, whoever asks. Where others write at the same time, its row is locked until the transaction ends:
    who belongs to it, and from whom somebody of it is hidden, stays as it is.
    """
    query = sa.select(household).where(household.c.id == household_id).with_for_update(key_share=True)
    row = connection.execute(query).one_or_none()
    return None if row is None else household_of(row)


def add_household(connection: Connection, one: Household) -> None:
    """Stores a household."""
    row = {"id": one.id, "city_id": one.city_id, "name": one.name, "created_at": one.created_at}
    connection.execute(sa.insert(household).values(row))


def rename_household(connection: Connection, household_id: HouseholdId, name: str) -> None:
    """Gives a household another name."""
    connection.execute(sa.update(household).where(household.c.id == household_id).values(name=name))


def members(connection: Connection, household_ids: Collection[HouseholdId]) -> dict[HouseholdId, list[Member]]:
    """The members of each household, by name."""
    query = (
        sa.select(household_member.c.household_id, account.c.id, account.c.name)
        .join(account, account.c.id == household_member.c.account_id)
        .where(household_member.c.household_id.in_(household_ids))
        .order_by(account.c.name, account.c.id)
    )
    found: dict[HouseholdId, list[Member]] = {household_id: [] for household_id in household_ids}
    for row in connection.execute(query):
        found[row.household_id].append(Member(account_id=row.id, name=row.name))
    return found


def add_member(connection: Connection, household_id: HouseholdId, account_id: AccountId) -> None:
    """Makes an account a member; once."""
    row = {"household_id": household_id, "account_id": account_id}
    connection.execute(dialect.insert(connection, household_member).on_conflict_do_nothing(), [row])


def remove_member(connection: Connection, household_id: HouseholdId, account_id: AccountId) -> bool:
    """Takes an account out of the household; whether it was in it."""
    table = household_member
    query = sa.delete(table).where(table.c.household_id == household_id, table.c.account_id == account_id)
    return connection.execute(query).rowcount == 1


def hidden_from(connection: Connection, household_id: HouseholdId) -> set[AccountId]:
    """Accounts from whom somebody of this household is hidden."""
    query = (
        sa.select(protection.c.account_id)
        .join(wearer, wearer.c.id == protection.c.wearer_id)
        .where(wearer.c.household_id == household_id)
        .where(protection.c.account_id.is_not(None), protection.c.ended_at.is_(None))
    )
    return set(connection.execute(query).scalars())


def locked_wearer(connection: Connection, wearer_id: WearerId) -> Wearer | None:
    """A wearer who has not ended. Where others write at the same time, her row is locked until the transaction ends."""
    query = sa.select(wearer).where(wearer.c.id == wearer_id, wearer.c.ended_at.is_(None))
    row = connection.execute(query.with_for_update(key_share=True)).one_or_none()
    return None if row is None else wearer_of(row)


def wearers_by_id(connection: Connection, wearer_ids: Collection[WearerId]) -> dict[WearerId, Wearer]:
    """These wearers, ended ones too."""
    rows = connection.execute(sa.select(wearer).where(wearer.c.id.in_(wearer_ids)))
    return {row.id: wearer_of(row) for row in rows}


def add_wearer(connection: Connection, one: Wearer) -> None:
    """Stores a wearer."""
    connection.execute(sa.insert(wearer).values({name: getattr(one, name) for name in one.__struct_fields__}))


def change_wearer(connection: Connection, wearer_id: WearerId, values: Mapping[str, object]) -> None:
    """Overwrites some columns."""
    connection.execute(sa.update(wearer).where(wearer.c.id == wearer_id).values(dict(values)))
