"""One's own account, sign-ins and push addresses."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy.engine import Connection

from app.accounts import passwords, service
from app.accounts.auth import HASHING, May, peer_of
from app.accounts.model import Account, City, Role, Viewer
from app.accounts.permissions import Action
from app.accounts.routes.browsers import SubscriptionKeys, checked_keys
from app.accounts.routes.fields import Language, Name, NewPassword, OldPassword, given, open_attempt
from app.config import Settings
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor
from app.kit.clock import Clock
from app.kit.errors import Conflict, InvalidInput, TooMany
from app.kit.ids import AccountId, AddressId, SignInId
from app.push.model import Address, AddressKind, Channel, Death
from app.push.render import Words, words


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


class AddressBody(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Where this phone can be reached."""

    channel: Literal["fcm", "webpush", "email"] = "fcm"
    kind: (
        Annotated[
            Literal["token", "fid", "subscription", "mailbox"],
            Meta(
                description="registration token, or Firebase installation id; of Web Push a browser's subscription; "
                "need not be said of e-mail"
            ),
        ]
        | UnsetType
    ) = UNSET
    value: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=4096,
            pattern=r"^[!-~]+(?!\n)$",
            description="the token or id; of Web Push the endpoint, of e-mail the mailbox",
        ),
    ]
    keys: SubscriptionKeys | UnsetType = UNSET
    language: Language | UnsetType = UNSET


class AddressShown(Struct, kw_only=True, frozen=True):
    """A phone, browser, mailbox or number. Neither the value nor the keys of the first two are shown again."""

    id: AddressId
    channel: Channel
    kind: AddressKind
    language: str
    last_seen_at: datetime
    last_receipt_at: Annotated[datetime | None, Meta(description="when the phone last said that it showed something")]
    unanswered_since: Annotated[
        datetime | None, Meta(description="when the first message was sent that it has not shown, if it should have")
    ]
    dead_since: Annotated[datetime | None, Meta(description="since when nothing is sent there any more")]
    dead_because: Words | None
    value: Annotated[str | None, Meta(description="the mailbox or number; null for phones and browsers")]
    confirmed_at: Annotated[
        datetime | None,
        Meta(description="when somebody showed that a mailbox or number is theirs; before, nothing is told there"),
    ]


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


@get(
    "/v1/me/addresses",
    guards=[May(Action.SELF)],
    operation_id="addresses",
    summary="Where one is reached",
    tags=["me"],
)
async def addresses(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database], clock: NamedDependency[Clock]
) -> Page[AddressShown]:
    """One's own addresses that are alive, at most 20 phones and browsers, 5 mailboxes and 5 numbers, the one seen last
    first; then those that died within 30 days and not by somebody's wish. Everybody may.
    """
    now = clock()
    found = await database.read(lambda c: service.registered(c, viewer, now))
    return Page(items=[shown_address(one) for one in found])


DEAD = {Death.TOO_MANY: "too_many", Death.MOVED: "moved"}
"""What the catalogues call a death; whatever else is written there is what a service said, and means `gone`."""


SHOWN_KEYS = {Channel.EMAIL: "mailbox", Channel.WEBHOOK: "to"}
"""Under which of the keys of an address stands what its owner typed."""


def shown_address(one: Address) -> AddressShown:
    """An address as its owner sees it."""
    code = next((code for death, code in DEAD.items() if one.dead_reason == death), "gone")
    return AddressShown(
        id=one.id,
        channel=one.channel,
        kind=one.kind,
        language=one.language,
        last_seen_at=one.last_seen_at,
        last_receipt_at=one.last_receipt_at,
        unanswered_since=one.unanswered_since,
        dead_since=one.dead_since,
        dead_because=None if one.dead_since is None else words(code, f"dead.{code}"),
        value=one.keys.get(SHOWN_KEYS[one.channel]) if one.channel in SHOWN_KEYS else None,
        confirmed_at=one.confirmed_at,
    )


@post(
    "/v1/me/addresses",
    guards=[May(Action.SELF)],
    operation_id="add_address",
    summary="Register this phone, or a mailbox",
    tags=["me"],
    raises_problems=[Conflict, TooMany],
)
async def add_address(
    viewer: NamedDependency[Viewer],
    data: JSONBody[AddressBody],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
) -> AddressShown:
    """Registers where this phone is reached; an app does it at every start, which keeps the address alive. Everybody
    may.

    A browser subscribes with the key of `GET /v1/push/key`, and gives its endpoint as `value` with its `keys`. A value
    that another account had registered moves here, and what waited for the other one is dropped. The address ends with
    this sign-in.

    A mailbox (`channel` `email`) is the account's, not the sign-in's, and two accounts may have the same. A letter is
    sent there with a link that is good for 24 hours; nothing else is before somebody pressed the button behind it. It
    is sent again no sooner than ten minutes later.
    """
    now = clock()
    kind, keys = _what(settings, data)

    def add(connection: Connection) -> AddressShown:
        account, _ = service.own_account(connection, viewer)
        language = given(data.language) or account.language
        if kind is AddressKind.MAILBOX:
            return shown_address(service.add_mailbox(connection, viewer, data.value, language, now))
        return shown_address(
            service.add_address(
                connection,
                viewer.account_id,
                Channel(data.channel),
                kind,
                data.value,
                language,
                now,
                viewer.sign_in_id,
                keys,
            )
        )

    return await database.write(add)


def _what(settings: Settings, data: AddressBody) -> tuple[AddressKind, dict[str, str] | None]:
    """What is registered, and what belongs to it besides its value. Raises `InvalidInput` for what its channel cannot
    reach.
    """
    kind = given(data.kind)
    if data.channel == "webpush":
        return AddressKind.SUBSCRIPTION, checked_keys(settings, kind or "", data.value, given(data.keys))
    if data.channel == "email":
        if not settings.smtp_host:
            raise InvalidInput("E-mail is not set up here (setting smtp_host).", "channel")
        if kind not in (None, "mailbox"):
            raise InvalidInput("What e-mail reaches is a mailbox.", "kind")
        found = AddressKind.MAILBOX
    elif kind in ("token", "fid"):
        found = AddressKind(kind)
    else:
        raise InvalidInput("What FCM reaches is a token or an installation id.", "kind")
    if data.keys is not UNSET:
        raise InvalidInput("Only a subscription has keys.", "keys")
    return found, None


@delete(
    "/v1/me/addresses/{address_id:uuid}",
    guards=[May(Action.SELF)],
    operation_id="remove_address",
    summary="Let a phone be",
    tags=["me"],
)
async def remove_address(
    address_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Ends one of one's own push addresses. Everybody may."""
    now = clock()
    await database.write(lambda c: service.remove_address(c, viewer, AddressId(address_id), now))


ROUTES: list[HTTPRouteHandler] = [
    me,
    change_me,
    change_password,
    sign_ins,
    end_sign_in,
    addresses,
    add_address,
    remove_address,
]
