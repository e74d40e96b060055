"""Cities and accounts, for staff."""

from typing import Annotated
from uuid import UUID

from litestar import get, patch, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from app.accounts import passwords, service
from app.accounts.auth import HASHING, May
from app.accounts.model import Account, City, Role, Viewer
from app.accounts.names import is_city_code
from app.accounts.permissions import Action
from app.accounts.routes.fields import CityCode, CityPhone, Email, Language, Name, NewPassword, Zone, given
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor
from app.kit.clock import Clock
from app.kit.errors import InvalidInput, NotFound
from app.kit.ids import AccountId, CityId

Vendor = Annotated[
    str, Meta(min_length=1, max_length=100, description="for the role vendor, and only for it: whose tags it follows")
]


class CityBody(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A new city."""

    id: CityCode
    name: Name
    zone: Zone = "Asia/Tokyo"
    phone: CityPhone | None = None


class CityChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What to change about a city; what is absent stays, null takes the telephone away."""

    name: Name | UnsetType = UNSET
    zone: Zone | UnsetType = UNSET
    phone: CityPhone | UnsetType | None = UNSET


class AccountBody(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A new account."""

    email: Email
    name: Name
    role: Role
    password: NewPassword
    language: Language = "ja"
    city_id: CityCode | UnsetType = UNSET
    vendor: Vendor | UnsetType = UNSET


class AccountChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What to change about an account; what is absent stays."""

    name: Name | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    vendor: Vendor | UnsetType = UNSET
    disabled: Annotated[bool, Meta(description="true ends all its sign-ins")] | UnsetType = UNSET


@get("/v1/cities", guards=[May(Action.CITY_READ)], operation_id="cities", summary="Cities", tags=["cities"])
async def cities(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[City]:
    """One's own city; for an administrator all, in order of their codes. Everybody may."""
    after = decode_cursor(cursor, int)
    return await database.read(lambda c: service.cities(c, viewer, after, limit))


@post("/v1/cities", guards=[May(Action.CITY_WRITE)], operation_id="create_city", summary="Add a city", tags=["cities"])
async def create_city(
    data: JSONBody[CityBody], database: NamedDependency[Database], clock: NamedDependency[Clock]
) -> City:
    """Adds a city. Administrators may. A code that is already here answers 409."""
    if not is_city_code(data.id):
        raise InvalidInput("The check digit of this municipality code is wrong.", "id")
    now = clock()
    return await database.write(
        lambda c: service.create_city(
            c, city_id=CityId(data.id), name=data.name, zone=data.zone, phone=data.phone, now=now
        )
    )


@patch(
    "/v1/cities/{city_id:int}",
    guards=[May(Action.CITY_WRITE)],
    operation_id="change_city",
    summary="Change a city",
    tags=["cities"],
)
async def change_city(
    city_id: FromPath[CityCode], data: JSONBody[CityChange], database: NamedDependency[Database]
) -> City:
    """Changes the name, the time zone or the telephone of a city; an absent field stays. Administrators may."""
    name, zone = given(data.name), given(data.zone)
    return await database.write(lambda c: service.change_city(c, CityId(city_id), name, zone, data.phone))


@get("/v1/accounts", guards=[May(Action.ACCOUNT_READ)], operation_id="accounts", summary="Accounts", tags=["accounts"])
async def accounts(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    city_id: FromQuery[CityCode | None] = None,
    role: FromQuery[Role | None] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[Account]:
    """The accounts of one's own city, newest first; for an administrator of `city_id`, or of all. Clerks, operators and
    administrators may; administrators are shown only to administrators. Another city answers 404.
    """
    before = decode_cursor(cursor, UUID)
    only = None if city_id is None else CityId(city_id)
    return await database.read(
        lambda c: service.accounts(
            c, viewer, city_id=only, role=role, before=AccountId(before) if before else None, limit=limit
        )
    )


@post(
    "/v1/accounts",
    guards=[May(Action.ACCOUNT_WRITE)],
    operation_id="create_account",
    summary="Add an account",
    tags=["accounts"],
    raises_problems=[NotFound],
)
async def create_account(
    viewer: NamedDependency[Viewer],
    data: JSONBody[AccountBody],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Account:
    """Adds an account to one's own city; an administrator may name another. Clerks and administrators may, and only
    administrators make administrators. The role vendor needs `vendor`, no other has one. Another city answers 404, an
    e-mail address that has an account 409.
    """
    city_id = viewer.city_id if isinstance(data.city_id, UnsetType) else CityId(data.city_id)
    service.may_make(viewer, city_id, data.role)
    service.check_password(data.password, data.email, data.name)
    password_hash = await HASHING.run(passwords.hash_password, data.password)
    now = clock()
    return await database.write(
        lambda c: service.add_account(
            c,
            city_id=city_id,
            email=data.email,
            name=data.name,
            role=data.role,
            password_hash=password_hash,
            language=data.language,
            vendor=given(data.vendor),
            now=now,
        )
    )


@get(
    "/v1/accounts/{account_id:uuid}",
    guards=[May(Action.ACCOUNT_READ)],
    operation_id="account",
    summary="An account",
    tags=["accounts"],
)
async def account(
    account_id: FromPath[UUID], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Account:
    """An account of one's own city; for an administrator of any. Clerks, operators and administrators may."""
    return await database.read(lambda c: service.managed_account(c, viewer, AccountId(account_id)))


@patch(
    "/v1/accounts/{account_id:uuid}",
    guards=[May(Action.ACCOUNT_WRITE)],
    operation_id="change_account",
    summary="Change an account",
    tags=["accounts"],
)
async def change_account(
    account_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    data: JSONBody[AccountChange],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Account:
    """Changes name or role, or ends or revives an account; an absent field stays. Ending signs it out everywhere.

    Clerks and administrators may, and only administrators make administrators. Who becomes a vendor needs `vendor`; who
    is none any more loses it. One's own role and end answer 409.
    """
    name, role, vendor, disabled = given(data.name), given(data.role), given(data.vendor), given(data.disabled)
    now = clock()
    return await database.write(
        lambda c: service.change_account(
            c, viewer, AccountId(account_id), name=name, role=role, vendor=vendor, disabled=disabled, now=now
        )
    )


ROUTES: list[HTTPRouteHandler] = [
    cities,
    create_city,
    change_city,
    accounts,
    create_account,
    account,
    change_account,
]
