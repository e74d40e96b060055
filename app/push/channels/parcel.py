"""What a channel is given, and what it must be able to do."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from app.push.model import Level, Message
from app.push.render import DRILL, Text, discreet
from app.push.retry import Delivery
from app.push.tokens import Purpose, Tokens

ASKS_NOTHING = frozenset(
    {"alert.acknowledged", "alert.on_the_way", "alert.on_the_way_at", "alert.resolved", "alert.returned",
     "alert.arrived_late", "alert.was_there", "alert.tag_heard_again", "alert.known_again", "alert.fine_today",
     "alert.fine_here", "alert.fine_always"}
)  # fmt: skip
"""Kinds about an alert that nobody has to answer: somebody sees to it, or it is over."""

CONFIRM_MAILBOX = "me.confirm_mailbox"
"""The kind that asks whoever reads a mailbox whether it is theirs: all that is sent there before."""


MAIL_TEST = "sticker.mail_test"
"""The kind that asks a family, before it is given stickers, whether it is reached; in letters by a button."""

ABOUT_WEARERS = ("alert.", "board.", "dispatch.", "news.")
"""How kinds begin whose words say who is where, or what happened to whom."""


class Parcel(Struct, frozen=True, kw_only=True):
    """A claimed message with its words, ready to be sent.

    `receipt` is the token by which whoever shows it says so, `answer` the one by which its alert is answered, `confirm`
    the one by which a mailbox is, `came` the one by which whoever reads a letter says that it arrived; None when the
    message asks nothing of the kind. Whoever sees a token can use it: a channel gives `answer`, `confirm` and `came`
    only to the one it is sent to, and to the service that hands it on.
    """

    message: Message
    text: Text
    receipt: str | None = None
    answer: str | None = None
    confirm: str | None = None
    came: str | None = None

    @property
    def shown(self) -> Text:
        """What may be on a screen that everybody sees: of wearers nothing, unless the owner of the address wants it."""
        message = self.message
        if message.address.shows_details or not message.kind.startswith(ABOUT_WEARERS):
            return self.text
        return discreet(
            message.address.language, urgent=message.level is Level.URGENT, drill=bool(message.params.get(DRILL))
        )


def asks(kind: str) -> bool:
    """Whether a message of this kind asks somebody to see to an alert."""
    return kind.startswith("alert.") and kind not in ASKS_NOTHING


def parcel(message: Message, text: Text, tokens: Tokens | None) -> Parcel:
    """The parcel of a message, with the tokens that it carries; none where nobody makes them."""
    if tokens is None:
        return Parcel(message=message, text=text)
    answer = tokens.of(message.id, Purpose.ANSWER) if asks(message.kind) else None
    confirm = tokens.of(message.id, Purpose.CONFIRM) if message.kind == CONFIRM_MAILBOX else None
    came = tokens.of(message.id, Purpose.CAME) if message.kind == MAIL_TEST else None
    receipt = tokens.of(message.id, Purpose.RECEIPT)
    return Parcel(message=message, text=text, receipt=receipt, answer=answer, confirm=confirm, came=came)


class Sender(Protocol):
    """A channel that is set up. It belongs to the event loop that first sends with it."""

    async def send(self, parcels: Sequence[Parcel]) -> Sequence[Delivery]:
        """What became of each parcel, in order.

        What the service answers, or fails to answer, is a value and never an exception.
        """
        ...

    async def close(self) -> None:
        """Lets go of its connections."""
        ...


@runtime_checkable
class Parted(Sender, Protocol):
    """A channel of several services that fail apart from each other: each has a queue, a task and rests of its own."""

    @property
    def prefixes(self) -> Sequence[str]:
        """With what the values of the addresses behind each of them begin."""
        ...
