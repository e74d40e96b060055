"""What is told: messages, addresses and what became of them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from app.kit.ids import AddressId, CityId, MessageId


class Channel(StrEnum):
    """A way to reach somebody outside the app; `CHANNELS` has those that this version can send over."""

    FCM = "fcm"
    WEBPUSH = "webpush"
    EMAIL = "email"
    WEBHOOK = "webhook"


TYPED = frozenset({Channel.EMAIL, Channel.WEBHOOK})
"""Channels whose addresses anybody can type: nobody is told anything there before it is confirmed that they are theirs.
"""


class AddressKind(StrEnum):
    """What an address is. Of FCM a registration token or a Firebase installation id (both are supported side by side),
    of Web Push the subscription of a browser, of e-mail a mailbox, of webhooks somebody else's gateway.
    """

    TOKEN = "token"  # noqa: S105
    FID = "fid"
    SUBSCRIPTION = "subscription"
    MAILBOX = "mailbox"
    GATEWAY = "gateway"


class Level(StrEnum):
    """How much it matters. Urgent goes first and wakes people; a notice may be looked at; news can wait."""

    URGENT = "urgent"
    NOTICE = "notice"
    NEWS = "news"


class MessageState(StrEnum):
    """Where a message is. `sending` has a deadline: a process that died while sending lets go of it. Another message
    tells what is `bundled`.
    """

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    BUNDLED = "bundled"


class Death(StrEnum):
    """Why an address is dead where it was not the service that said so; the words of the row."""

    REMOVED = "removed by its owner"
    SIGNED_OUT = "signed out"
    TOO_MANY = "too many addresses"
    MOVED = "registered by another account"


class Address(Struct, frozen=True, kw_only=True):
    """Where somebody can be reached. `language` is `ja`, `easy` (easy Japanese) or `en`; `keys` is what the service
    wants besides the value to reach it. A mailbox is in `keys` too, and `value` has the account before it: two people
    may share one. Anybody can type it, so that nothing is told to it before `confirmed_at`. `last_receipt_at` is when a
    phone last said that it showed something, `unanswered_since` when the first one was sent of which it did not.
    `shows_details`: its owner wants names and places on a screen that everybody sees.
    """

    id: AddressId
    channel: Channel
    kind: AddressKind
    value: str
    language: str
    last_seen_at: datetime
    keys: Mapping[str, str] = {}
    confirmed_at: datetime | None = None
    dead_since: datetime | None = None
    dead_reason: str | None = None
    last_receipt_at: datetime | None = None
    unanswered_since: datetime | None = None

    @property
    def is_usable(self) -> bool:
        """Whether its owner may be told things there."""
        return self.confirmed_at is not None or self.channel not in TYPED

    shows_details: bool = False


class Part(Struct, frozen=True, kw_only=True):
    """Some addresses of a channel: those whose value begins with `prefix`, and with none of `others`."""

    prefix: str = ""
    others: tuple[str, ...] = ()


ALL = Part()

TOLD_TIMES = "told_times"
"""The param that says how often an alert had been told when a message of it was put."""


class Message(Struct, frozen=True, kw_only=True):
    """One thing to tell to one address, claimed for sending. `about` names what it is about (`alert:<id>`) and
    collapses duplicates on the phone.
    """

    id: MessageId
    city_id: CityId
    address: Address
    kind: str
    level: Level
    about: str
    params: Mapping[str, str]
    created_at: datetime
    due_at: datetime
    expires_at: datetime
    attempts: int
