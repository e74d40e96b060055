"""One's own account and sign-ins."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Struct, UnsetType

from app.accounts import passwords, service
from app.accounts.auth import HASHING, May, peer_of
from app.accounts.model import Account, City, Role, Viewer
from app.accounts.permissions import Action
from app.accounts.routes.fields import Language, Name, NewPassword, OldPassword, given, open_attempt
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor
from app.kit.clock import Clock
from app.kit.errors import InvalidInput, TooMany
from app.kit.ids import AccountId, SignInId


class Me(Struct, kw_only=True, frozen=True):
    """Who is signed in."""

    id: AccountId
    email: str
    name: str
    role: Role
    language: str
    city: City


class MeChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What to change about oneself; what is absent stays."""

    name: Name | UnsetType = UNSET
    language: Language | UnsetType = UNSET


class PasswordChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The password now, and the new one."""

    current: OldPassword
    new: NewPassword


class SignInShown(Struct, kw_only=True, frozen=True):
    """One signed-in phone or browser. `current` is the one that asks."""

    id: SignInId
    label: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


@get("/v1/me", guards=[May(Action.SELF)], operation_id="me", summary="Who is signed in", tags=["me"])
async def me(viewer: NamedDependency[Viewer], database: NamedDependency[Database]) -> Me:
    """The account that is signed in and its city. Everybody may."""
    return _me(*await database.read(lambda c: service.own_account(c, viewer)))


def _me(account: Account, city: City) -> Me:
    return Me(
        id=account.id,
        email=account.email,
        name=account.name,
        role=account.role,
        language=account.language,
        city=city,
    )


@patch("/v1/me", guards=[May(Action.SELF)], operation_id="change_me", summary="Change oneself", tags=["me"])
async def change_me(
    viewer: NamedDependency[Viewer], data: JSONBody[MeChange], database: NamedDependency[Database]
) -> Me:
    """Changes one's own name or language; an absent field stays. Everybody may."""
    name, language = given(data.name), given(data.language)
    return _me(*await database.write(lambda c: service.change_own_account(c, viewer, name, language)))


@post(
    "/v1/me/password",
    status_code=204,
    guards=[May(Action.SELF)],
    operation_id="change_password",
    summary="Change one's password",
    tags=["me"],
    raises_problems=[TooMany],
)
async def change_password(
    request: Request[Any, Any, Any],
    viewer: NamedDependency[Viewer],
    data: JSONBody[PasswordChange],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Sets a new password and ends all other sign-ins. Everybody may, who knows the current one.

    A wrong current password answers 400 and counts as a failed sign-in, so too many answer 429.
    """
    account, _ = await database.read(lambda c: service.own_account(c, viewer))
    service.check_password(data.new, account.email, account.name, where="new")
    attempt = await open_attempt(database, account.email, peer_of(request), clock())
    right, _ = await HASHING.run(passwords.compare, attempt.password_hash, data.current)
    if not right:
        raise InvalidInput("The current password is wrong.", "current")
    new_hash = await HASHING.run(passwords.hash_password, data.new)
    now = clock()
    await database.write(lambda c: service.change_password(c, viewer, attempt, new_hash, now))


@get(
    "/v1/me/sign-ins",
    guards=[May(Action.SELF)],
    operation_id="sign_ins",
    summary="One's signed-in phones and browsers",
    tags=["me"],
)
async def sign_ins(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[SignInShown]:
    """One's own sign-ins that have not ended, newest first. `last_used_at` is kept to ten minutes. Everybody may."""
    before = decode_cursor(cursor, UUID)
    now = clock()
    found = await database.read(lambda c: service.sign_ins(c, viewer, now, SignInId(before) if before else None, limit))
    shown = [
        SignInShown(
            id=one.id,
            label=one.label,
            created_at=one.created_at,
            last_used_at=one.last_used_at,
            expires_at=one.expires_at,
            current=one.id == viewer.sign_in_id,
        )
        for one in found.items
    ]
    return Page(items=shown, next=found.next)


@delete(
    "/v1/me/sign-ins/{sign_in_id:uuid}",
    guards=[May(Action.SELF)],
    operation_id="end_sign_in",
    summary="Sign another phone or browser out",
    tags=["me"],
)
async def end_sign_in(
    sign_in_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Ends one of one's own sign-ins at once; the phone that it was on is told nothing more. Everybody may."""
    now = clock()
    await database.write(lambda c: service.revoke_own(c, viewer, SignInId(sign_in_id), now))


ROUTES: list[HTTPRouteHandler] = [me, change_me, change_password, sign_ins, end_sign_in]
