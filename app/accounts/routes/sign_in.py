"""Signing in and out."""

from typing import Annotated, Any

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy.engine import Connection

from app.accounts import passwords, service
from app.accounts.auth import (
    HASHING,
    SIGN_IN_COOKIE,
    May,
    csrf_value,
    peer_of,
    refuse_other_sites,
    sign_in_cookies,
    sign_out_cookies,
)
from app.accounts.model import Account, Viewer
from app.accounts.permissions import Action
from app.accounts.routes.fields import Email, OldPassword, open_attempt
from app.config import Settings
from app.db.engine import Database
from app.kit.clock import Clock
from app.kit.errors import NotSignedIn, TooMany


class SignInBody(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Who signs in, and from what."""

    email: Email
    password: OldPassword
    label: Annotated[str, Meta(max_length=100, description="name of this phone or browser; default: what it says")] = ""
    browser: Annotated[bool, Meta(description="true: the token is set as a cookie and not shown")] = False


class SignedIn(Struct, kw_only=True, frozen=True):
    """A new sign-in. `token` for apps (send it as bearer), `csrf` for browsers (send it in `X-CSRF-Token`)."""

    account: Account
    token: str | UnsetType = UNSET
    csrf: str | UnsetType = UNSET


@post(
    "/v1/sign-in",
    status_code=200,
    operation_id="sign_in",
    summary="Sign in",
    tags=["sign-in"],
    raises_problems=[NotSignedIn, TooMany],
)
async def sign_in(
    request: Request[Any, Any, Any],
    data: JSONBody[SignInBody],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
) -> Response[SignedIn]:
    """Signs in by e-mail address and password. Anybody may try.

    An unknown address, a wrong password and a disabled account answer alike (401). Too many failures of one address or
    from one network answer 429 with `Retry-After`. With `browser` the token comes as a cookie that no script can read,
    and `csrf` must be sent in the header `X-CSRF-Token` with every request that changes something.
    """
    if data.browser:
        refuse_other_sites(request)
    attempt = await open_attempt(database, data.email, peer_of(request), clock())
    right, new_hash = await HASHING.run(passwords.compare, attempt.password_hash, data.password)
    if not right:
        raise NotSignedIn(service.WRONG)
    now = clock()
    label = _printable(data.label).strip() or _printable(request.headers.get("user-agent", ""))
    old_token = request.cookies.get(SIGN_IN_COOKIE) if data.browser else None

    def admit(connection: Connection) -> tuple[str, Account]:
        if old_token:
            service.sign_out_token(connection, old_token, now)
        token, viewer = service.admit(connection, attempt, new_hash, label, now, settings.sign_in_days)
        return token, service.own_account(connection, viewer)[0]

    token, account = await database.write(admit)
    if data.browser:
        return Response(SignedIn(account=account, csrf=csrf_value(token)), cookies=sign_in_cookies(settings, token))
    return Response(SignedIn(account=account, token=token))


def _printable(text: str) -> str:
    return "".join(mark for mark in text if mark.isprintable())[:100]


@post(
    "/v1/sign-out",
    status_code=204,
    guards=[May(Action.SELF)],
    operation_id="sign_out",
    summary="Sign out",
    tags=["sign-in"],
    responses={204: ResponseSpec(None, description="Signed out; a browser's cookies are ended")},
)
async def sign_out(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
) -> Response[None]:
    """Ends this sign-in at once; the phone that it was on is told nothing more. Everybody may."""
    now = clock()
    await database.write(lambda c: service.sign_out(c, viewer, now))
    return Response(None, status_code=204, cookies=sign_out_cookies(settings))


ROUTES: list[HTTPRouteHandler] = [sign_in, sign_out]
