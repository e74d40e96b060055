"""Households and who belongs to them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor
from app.households import service
from app.households.model import MEMBERS_MAX, KnownHousehold
from app.households.routes.fields import Name, shown
from app.kit.clock import Clock
from app.kit.errors import NotFound
from app.kit.ids import AccountId, CityId, HouseholdId


class HouseholdBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new household."""

    name: Name
    members: Annotated[
        list[UUID], Meta(max_length=MEMBERS_MAX, description="accounts of the family, who manage its wearers")
    ] = []
    city_id: (
        Annotated[int, Meta(ge=1, le=999_999, description="only from administrators; others enter into their own city")]
        | None
    ) = None


class HouseholdChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different; absent fields stay as they are."""

    name: Name | UnsetType = UNSET


class MemberShown(Struct, frozen=True, kw_only=True):
    """An account that belongs to a household."""

    account_id: UUID
    name: str


class HouseholdShown(Struct, frozen=True, kw_only=True):
    """Who pays and asks: a family, with its members."""

    id: UUID
    city_id: int
    name: str
    members: list[MemberShown]
    created_at: datetime


@get(
    "/v1/households",
    guards=[May(Action.HOUSEHOLD_READ)],
    operation_id="list_households",
    summary="Households",
    tags=["households"],
)
async def list_households(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[HouseholdShown]:
    """One's own households; for clerks those of their city, for administrators all, oldest first.

    Operators are shown those whose wearers they may know of by a consent.
    """
    last, now = decode_cursor(cursor, UUID), clock()
    after = HouseholdId(last) if last else None
    rows = await database.read(lambda c: service.households(c, viewer, after, limit + 1, now))
    return shown(rows, limit, lambda one: one.household.id, _shown)


@post(
    "/v1/households",
    guards=[May(Action.HOUSEHOLD_WRITE)],
    operation_id="create_household",
    summary="Enter a household",
    tags=["households"],
    raises_problems=[NotFound],
)
async def create_household(
    data: JSONBody[HouseholdBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> HouseholdShown:
    """Enters a household with its members. Clerks may in their own city, administrators in any.

    A city or an account of it that is unknown is a 404; an account that is not a family's is a 400.
    """
    now = clock()
    members = [AccountId(account_id) for account_id in data.members]
    city_id = None if data.city_id is None else CityId(data.city_id)
    return _shown(await database.write(lambda c: service.new_household(c, viewer, data.name, members, city_id, now)))


@get(
    "/v1/households/{household_id:uuid}",
    guards=[May(Action.HOUSEHOLD_READ)],
    operation_id="read_household",
    summary="A household",
    tags=["households"],
)
async def read_household(
    household_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> HouseholdShown:
    """A household with its members, for the same people as in the list; for others it is a 404."""
    now = clock()
    return _shown(await database.read(lambda c: service.household(c, viewer, HouseholdId(household_id), now)))


@patch(
    "/v1/households/{household_id:uuid}",
    guards=[May(Action.HOUSEHOLD_WRITE)],
    operation_id="change_household",
    summary="Change a household",
    tags=["households"],
)
async def change_household(
    household_id: FromPath[UUID],
    data: JSONBody[HouseholdChange],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> HouseholdShown:
    """Changes what is given. Clerks may in their own city, administrators everywhere; others' households are a 404."""
    now, wanted = clock(), HouseholdId(household_id)
    return _shown(await database.write(lambda c: service.change_household(c, viewer, wanted, name=data.name, now=now)))


@put(
    "/v1/households/{household_id:uuid}/members/{account_id:uuid}",
    guards=[May(Action.HOUSEHOLD_WRITE)],
    operation_id="add_household_member",
    summary="Add a member",
    tags=["households"],
)
async def add_member(
    household_id: FromPath[UUID],
    account_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> HouseholdShown:
    """Makes a family's account a member, who manages the household's wearers from now on; once is as good as twice.

    It sees no place by that; a consent does. Clerks may in their own city, administrators everywhere. An unknown
    household or account is a 404, an account that is not a family's a 400, a full household a 409.
    """
    now, ids = clock(), (HouseholdId(household_id), AccountId(account_id))
    return _shown(await database.write(lambda c: service.add_member(c, viewer, *ids, now)))


@delete(
    "/v1/households/{household_id:uuid}/members/{account_id:uuid}",
    guards=[May(Action.HOUSEHOLD_WRITE)],
    operation_id="remove_household_member",
    summary="Remove a member",
    tags=["households"],
)
async def remove_member(
    household_id: FromPath[UUID],
    account_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Takes an account out of the household. What it saw as a member, and what it let itself see, ends with that.

    A consent that another person gave to it by name stays, and so does its place among the contacts. Clerks may in
    their own city, administrators everywhere. An unknown household, or one who is no member, is a 404.
    """
    now, ids = clock(), (HouseholdId(household_id), AccountId(account_id))
    await database.write(lambda c: service.remove_member(c, viewer, *ids, now))


def _shown(known: KnownHousehold) -> HouseholdShown:
    one = known.household
    return HouseholdShown(
        id=one.id,
        city_id=one.city_id,
        name=one.name,
        members=[MemberShown(account_id=member.account_id, name=member.name) for member in known.members],
        created_at=one.created_at,
    )


ROUTES: list[HTTPRouteHandler] = [
    list_households,
    create_household,
    read_household,
    change_household,
    add_member,
    remove_member,
]
