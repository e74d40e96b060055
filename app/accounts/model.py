"""Cities, accounts and the person behind a request."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from app.kit.ids import AccountId, CityId, SignInId


class Role(StrEnum):
    """What an account is for. Everybody but the administrator belongs to one city."""

    FAMILY = "family"
    GUARD = "guard"
    CONTROL_ROOM = "control_room"
    """Of a security company: who sends its guards."""
    CLERK = "clerk"
    OPERATOR = "operator"
    CARE_MANAGER = "care_manager"
    VENDOR = "vendor"
    POLICE = "police"
    ADMINISTRATOR = "administrator"


class City(Struct, frozen=True, kw_only=True):
    """A town that uses the service. `zone` is the zone its nights and days are judged in; `phone` is the number that is
    printed on stickers, for whoever finds somebody and cannot read the rest.
    """

    id: CityId
    name: str
    zone: str
    phone: str | None = None
    created_at: datetime


class Account(Struct, frozen=True, kw_only=True):
    """Someone who signs in. `vendor`: whose tags an account of the role `vendor` may follow, None for all others."""

    id: AccountId
    city_id: CityId
    email: str
    name: str
    role: Role
    language: str
    vendor: str | None = None
    created_at: datetime
    disabled_at: datetime | None = None


class Viewer(Struct, frozen=True, kw_only=True):
    """The person behind a request, and by what sign-in.

    `by_cookie` says that a browser sent it by itself, so CSRF must be ruled out.
    """

    account_id: AccountId
    city_id: CityId
    role: Role
    name: str
    sign_in_id: SignInId
    vendor: str | None = None
    by_cookie: bool = False


class SignIn(Struct, frozen=True, kw_only=True):
    """One signed-in phone or browser."""

    id: SignInId
    label: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
