"""Households and who belongs to them."""

from collections.abc import Collection
from datetime import datetime

from msgspec import UNSET, UnsetType
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.accounts.names import one_line
from app.households.model import MEMBERS_MAX, Household, KnownHousehold
from app.households.service.sight import lose_sight
from app.households.store import consents, people, sight
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import AccountId, CityId, HouseholdId, new_id

_MANAGING = frozenset({Role.FAMILY, Role.CLERK, Role.ADMINISTRATOR})


def create_household(
    connection: Connection, city_id: CityId, name: str, members: Collection[AccountId], now: datetime
) -> Household:
    """A new household with these members.

    Raises `NotFound` for an unknown city or account of it, `InvalidInput` for an account that is not a family's.
    """
    if not people.has_city(connection, city_id):
        raise NotFound
    household = Household(id=HouseholdId(new_id()), city_id=city_id, name=one_line(name, "name"), created_at=now)
    _must_be_families(connection, members, city_id)
    people.add_household(connection, household)
    for account_id in members:
        people.add_member(connection, household.id, account_id)
    return household


def new_household(
    connection: Connection,
    viewer: Viewer,
    name: str,
    members: Collection[AccountId],
    city_id: CityId | None,
    now: datetime,
) -> KnownHousehold:
    """A new household, entered by the office; in the viewer's own city unless an administrator says another."""
    if city_id not in (None, viewer.city_id) and viewer.role is not Role.ADMINISTRATOR:
        raise NotFound
    return _known(connection, create_household(connection, city_id or viewer.city_id, name, members, now))


def household(connection: Connection, viewer: Viewer, household_id: HouseholdId, now: datetime) -> KnownHousehold:
    """A household that the viewer may know of. Raises `NotFound`."""
    return _known(connection, _visible(connection, viewer, household_id, now))


def households(
    connection: Connection, viewer: Viewer, after: HouseholdId | None, count: int, now: datetime
) -> list[KnownHousehold]:
    """Up to `count` of the households that the viewer may know of, by id."""
    found = sight.households(connection, viewer, after, count, now)
    members = people.members(connection, [one.id for one in found])
    return [KnownHousehold(household=one, members=members[one.id]) for one in found]


def managed_household(connection: Connection, viewer: Viewer, household_id: HouseholdId, now: datetime) -> Household:
    """The household, if it is the viewer's own or the office's to manage. Raises `NotFound`."""
    if viewer.role not in _MANAGING:
        raise NotFound
    return _visible(connection, viewer, household_id, now)


def change_household(
    connection: Connection,
    viewer: Viewer,
    household_id: HouseholdId,
    *,
    name: str | UnsetType = UNSET,
    now: datetime,
) -> KnownHousehold:
    """The household after the change; what is not given stays. Raises `NotFound`."""
    managed_household(connection, viewer, household_id, now)
    if name is not UNSET:
        people.rename_household(connection, household_id, one_line(name, "name"))
    return household(connection, viewer, household_id, now)


def add_member(
    connection: Connection, viewer: Viewer, household_id: HouseholdId, account_id: AccountId, now: datetime
) -> KnownHousehold:
    """The household with this member, who manages its wearers from now on; being it already changes nothing.

    A member who comes later sees no place by that: one call gives them consent, and it says so in the list of consents.
    """
    one = managed_household(connection, viewer, household_id, now)
    people.locked_household(connection, household_id)
    _must_be_families(connection, [account_id], one.city_id)
    members = people.members(connection, [household_id])[household_id]
    if len(members) >= MEMBERS_MAX and all(member.account_id != account_id for member in members):
        raise Conflict(f"A household has at most {MEMBERS_MAX} members.")
    people.add_member(connection, household_id, account_id)
    return _known(connection, one)


def remove_member(
    connection: Connection, viewer: Viewer, household_id: HouseholdId, account_id: AccountId, now: datetime
) -> None:
    """Takes an account out of the household. Raises `NotFound` if it is not in it.

    Who leaves manages nothing of it any more, and loses what came with being a member: the consent that everybody got
    when a wearer was entered, and whatever they gave to themselves. That is what a family expects of "no longer one of
    us". Two things stay, because somebody decided them apart from it and sees them listed: a consent that another
    person gave to them by name, and their place among the contacts with the consent that came with it. Were a contact
    to fall silent by this, nobody might be told.
    """
    managed_household(connection, viewer, household_id, now)
    people.locked_household(connection, household_id)
    if not people.remove_member(connection, household_id, account_id):
        raise NotFound
    consents.revoke_member(connection, household_id, account_id, viewer.account_id, now)
    lose_sight(connection, household_id, now)


def _visible(connection: Connection, viewer: Viewer, household_id: HouseholdId, now: datetime) -> Household:
    found = sight.visible_household(connection, viewer, household_id, now)
    if found is None:
        raise NotFound
    return found


def _known(connection: Connection, one: Household) -> KnownHousehold:
    return KnownHousehold(household=one, members=people.members(connection, [one.id])[one.id])


def _must_be_families(connection: Connection, account_ids: Collection[AccountId], city_id: CityId) -> None:
    roles = people.account_roles(connection, account_ids, city_id)
    if len(roles) != len(set(account_ids)):
        raise NotFound
    if any(role is not Role.FAMILY for role in roles.values()):
        raise InvalidInput("Only accounts of families belong to a household.", "account_id")
