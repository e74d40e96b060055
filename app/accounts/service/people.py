"""Use cases of cities and accounts."""

import zoneinfo
from datetime import datetime
from functools import lru_cache

from msgspec import UNSET, UnsetType
from sqlalchemy.engine import Connection

from app.accounts import passwords
from app.accounts.model import Account, City, Role, Viewer
from app.accounts.names import mailbox, one_line, telephone
from app.accounts.service.sign_ins import revoke
from app.accounts.store import people as store
from app.db.page import Page, page
from app.kit.errors import Conflict, InvalidInput, NotAllowed, NotFound
from app.kit.ids import AccountId, CityId, new_id


@lru_cache(1)
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _zone(zone: str) -> str:
    if zone not in _zones():
        raise InvalidInput("This is no time zone of the IANA database, such as Asia/Tokyo.", "zone")
    return zone


def _phone(phone: str | None) -> str | None:
    return None if phone is None else telephone(phone, "phone")


def create_city(
    connection: Connection, *, city_id: CityId, name: str, zone: str, phone: str | None = None, now: datetime
) -> City:
    """The new city. Raises `Conflict` when the code is taken, `InvalidInput` for an unknown zone."""
    new = City(id=city_id, name=one_line(name, "name"), zone=_zone(zone), phone=_phone(phone), created_at=now)
    if not store.insert_city(connection, new):
        raise Conflict("This city is already here.")
    return new


def city(connection: Connection, city_id: CityId) -> City:
    """The city. Raises `NotFound`."""
    found = store.city_by_id(connection, city_id)
    if found is None:
        raise NotFound
    return found


def cities(connection: Connection, viewer: Viewer, after: int | None, limit: int) -> Page[City]:
    """The viewer's own city; for an administrator all."""
    only = None if viewer.role is Role.ADMINISTRATOR else viewer.city_id
    return page(store.cities(connection, only, after, limit + 1), limit, lambda one: one.id)


def change_city(
    connection: Connection,
    city_id: CityId,
    name: str | None,
    zone: str | None,
    phone: str | UnsetType | None = UNSET,
) -> City:
    """The city after the change; None leaves a field, and takes its telephone away. Raises `NotFound`."""
    city(connection, city_id)
    values: dict[str, object] = {}
    if name is not None:
        values["name"] = one_line(name, "name")
    if zone is not None:
        values["zone"] = _zone(zone)
    if phone is not UNSET:
        values["phone"] = _phone(phone)
    if values:
        store.update_city(connection, city_id, values)
    return city(connection, city_id)


def create_account(
    connection: Connection,
    *,
    city_id: CityId,
    email: str,
    name: str,
    role: Role,
    password: str,
    now: datetime,
    language: str = "ja",
    vendor: str | None = None,
) -> Account:
    """The new account.

    For commands and tests: it hashes inside the transaction; routes hash first and call `add_account`.
    """
    check_password(password, email, name)
    password_hash = passwords.hash_password(password)
    return add_account(
        connection,
        city_id=city_id,
        email=email,
        name=name,
        role=role,
        password_hash=password_hash,
        language=language,
        vendor=vendor,
        now=now,
    )


def check_password(password: str, *known: str, where: str = "password") -> None:
    """Raises `InvalidInput` for a password that is refused."""
    reason = passwords.weakness(password, *known)
    if reason is not None:
        raise InvalidInput(reason, where)


def add_account(
    connection: Connection,
    *,
    city_id: CityId,
    email: str,
    name: str,
    role: Role,
    password_hash: str,
    language: str,
    vendor: str | None = None,
    now: datetime,
) -> Account:
    """The new account.

    Raises `NotFound` for an unknown city, `InvalidInput` for an e-mail address that is none or a vendor's account that
    does not say whose, `Conflict` when the address is taken.
    """
    address = mailbox(email)
    if address is None:
        raise InvalidInput("This is not an e-mail address.", "email")
    city(connection, city_id)
    account = Account(
        id=AccountId(new_id()),
        city_id=city_id,
        email=address,
        name=one_line(name, "name"),
        role=role,
        language=language,
        vendor=vendor_of(role, vendor),
        created_at=now,
    )
    if not store.insert_account(connection, account, password_hash):
        raise Conflict("This e-mail address already has an account.")
    return account


def vendor_of(role: Role, vendor: str | None) -> str | None:
    """Whose tags an account of this role follows, in one spelling.

    Raises `InvalidInput`: a vendor's account states it, and no other has one.
    """
    if role is not Role.VENDOR:
        if vendor is not None:
            raise InvalidInput("Only an account of the role vendor belongs to a vendor.", "vendor")
        return None
    if vendor is None:
        raise InvalidInput("An account of the role vendor states whose tags it follows.", "vendor")
    return one_line(vendor, "vendor")


def may_make(viewer: Viewer, city_id: CityId, role: Role) -> None:
    """Raises unless the viewer may give this role in this city: `NotFound` for another city, `NotAllowed` for the role
    of administrator.
    """
    if viewer.role is Role.ADMINISTRATOR:
        return
    if city_id != viewer.city_id:
        raise NotFound
    if role is Role.ADMINISTRATOR:
        raise NotAllowed("Only an administrator makes administrators.")


def accounts(
    connection: Connection,
    viewer: Viewer,
    *,
    city_id: CityId | None,
    role: Role | None,
    before: AccountId | None,
    limit: int,
) -> Page[Account]:
    """The accounts that the viewer manages: of the own city without administrators; for an administrator of `city_id`,
    or all.
    """
    everywhere = viewer.role is Role.ADMINISTRATOR
    if not everywhere and city_id not in (None, viewer.city_id):
        raise NotFound
    rows = store.accounts(
        connection,
        city_id=city_id if everywhere else viewer.city_id,
        hidden=() if everywhere else (Role.ADMINISTRATOR,),
        role=role,
        before=before,
        limit=limit + 1,
    )
    return page(rows, limit, lambda account: account.id)


def account_in_city(connection: Connection, account_id: AccountId, city_id: CityId) -> Account:
    """The account if it belongs to the city. Raises `NotFound`."""
    account = store.account_by_id(connection, account_id)
    if account is None or account.city_id != city_id:
        raise NotFound
    return account


def managed_account(connection: Connection, viewer: Viewer, account_id: AccountId) -> Account:
    """An account that the viewer may look at as staff.

    Raises `NotFound` for other cities and, but to administrators, for administrators.
    """
    account = store.account_by_id(connection, account_id)
    if account is None:
        raise NotFound
    if viewer.role is not Role.ADMINISTRATOR and (
        account.city_id != viewer.city_id or account.role is Role.ADMINISTRATOR
    ):
        raise NotFound
    return account


def change_account(
    connection: Connection,
    viewer: Viewer,
    account_id: AccountId,
    *,
    name: str | None,
    role: Role | None,
    vendor: str | None = None,
    disabled: bool | None,
    now: datetime,
) -> Account:
    """The account after a change by staff; None leaves a field. Disabling ends its sign-ins; enabling brings none back.

    Raises `NotFound`, `NotAllowed` for the role of administrator by a clerk, `InvalidInput` as `vendor_of`, `Conflict`
    for one's own role and one's own end: the last administrator could not undo it.
    """
    account = managed_account(connection, viewer, account_id)
    values: dict[str, object] = {}
    if name is not None:
        values["name"] = one_line(name, "name")
    if role is not None and role is not account.role:
        may_make(viewer, account.city_id, role)
        values |= {"role": role.value, "vendor": vendor_of(role, vendor)}
    elif vendor is not None:
        values["vendor"] = vendor_of(account.role, vendor)
    if disabled is not None and disabled != (account.disabled_at is not None):
        values["disabled_at"] = now if disabled else None
    if viewer.account_id == account_id and not values.keys() <= {"name"}:
        raise Conflict("Somebody else has to change your own role or end your own account.")
    if values:
        store.update_account(connection, account_id, values)
    if disabled:
        revoke(connection, account_id, now)
    return managed_account(connection, viewer, account_id)


def own_account(connection: Connection, viewer: Viewer) -> tuple[Account, City]:
    """The viewer's own account and its city."""
    account = store.account_by_id(connection, viewer.account_id)
    assert account is not None, "a sign-in without an account"
    return account, city(connection, account.city_id)


def change_own_account(
    connection: Connection, viewer: Viewer, name: str | None, language: str | None
) -> tuple[Account, City]:
    """The viewer's account after the change; None leaves a field."""
    values: dict[str, object] = {}
    if name is not None:
        values["name"] = one_line(name, "name")
    if language is not None:
        values["language"] = language
    if values:
        store.update_account(connection, viewer.account_id, values)
    return own_account(connection, viewer)
