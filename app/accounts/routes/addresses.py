"""Where one is reached: one's own phones, browsers and mailboxes."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy.engine import Connection

from app.accounts import service
from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.accounts.routes.browsers import SubscriptionKeys, checked_keys
from app.accounts.routes.fields import Language, given
from app.config import Settings
from app.db.engine import Database
from app.db.page import Page
from app.kit.clock import Clock
from app.kit.errors import Conflict, InvalidInput, TooMany
from app.kit.ids import AddressId
from app.push.model import Address, AddressKind, Channel, Death
from app.push.render import Words, words


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
    shows_details: (
        Annotated[
            bool,
            Meta(
                description="names and places may be on its screen while it is locked, and in the subject of a letter; "
                "if absent it stays as it is, at first false"
            ),
        ]
        | UnsetType
    ) = UNSET


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
    shows_details: Annotated[
        bool,
        Meta(
            description="whether names and places may be on its screen while it is locked, and in the subject of a "
            "letter; SMS, calls and LINE say everything always"
        ),
    ]


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
        shows_details=one.shows_details,
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

    Without `shows_details` a locked screen, and the subject of a letter, says only that there is something and how
    urgent it is. The app then finds the words in the data of the push (`title`, `body`; a browser in `details`).
    """
    now = clock()
    kind, keys = _what(settings, data)

    def add(connection: Connection) -> AddressShown:
        account, _ = service.own_account(connection, viewer)
        language = given(data.language) or account.language
        if kind is AddressKind.MAILBOX:
            return shown_address(
                service.add_mailbox(connection, viewer, data.value, language, now, given(data.shows_details))
            )
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
                given(data.shows_details),
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


class AddressChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What to change about one of one's addresses."""

    shows_details: bool


@patch(
    "/v1/me/addresses/{address_id:uuid}",
    guards=[May(Action.SELF)],
    operation_id="change_address",
    summary="Say what a phone may show while it is locked",
    tags=["me"],
)
async def change_address(
    address_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    data: JSONBody[AddressChange],
    database: NamedDependency[Database],
) -> AddressShown:
    """Lets names and places be on the locked screen of one of one's own addresses (of a mailbox in the subject), or
    takes that back; it holds for what is sent from now on. Everybody may.
    """
    shows = data.shows_details
    return shown_address(
        await database.write(lambda c: service.change_address(c, viewer, AddressId(address_id), shows))
    )


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


ROUTES: list[HTTPRouteHandler] = [addresses, add_address, change_address, remove_address]
