"""What became of a message, in the few words that its receiver and its sender need. Pure."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from app.kit.ids import AddressId, MessageId
from app.push.model import Channel, Level, MessageState
from app.push.render import Words, words
from app.push.retry import Outcome


class Fate(StrEnum):
    """How far a message came. `sent` is what its service says, `shown` and `opened` what the phone says;
    another message tells what is `bundled`.
    """

    WAITING = "waiting"
    SENT = "sent"
    SHOWN = "shown"
    OPENED = "opened"
    FAILED = "failed"
    CANCELLED = "cancelled"
    BUNDLED = "bundled"


class Why(StrEnum):
    """Why a message did not arrive, or not yet: a key of the catalogues, `undelivered.…`."""

    ADDRESS_DEAD = "address_dead"
    REFUSED = "refused"
    TOO_LATE = "too_late"
    OVERTAKEN = "overtaken"
    CANCELLED = "cancelled"
    TRYING = "trying"


class Sent(Struct, frozen=True, kw_only=True):
    """A message and what became of it. `sent_at` is when its service took it."""

    id: MessageId
    address_id: AddressId
    channel: Channel
    kind: str
    level: Level
    about: str
    fate: Fate
    created_at: datetime
    sent_at: datetime | None
    shown_at: datetime | None
    opened_at: datetime | None
    why: Why | None


def why_not(sent: Sent) -> Words | None:
    """Why a message did not arrive, or not yet, in words."""
    return None if sent.why is None else words(sent.why.value, f"undelivered.{sent.why.value}")


_BY_STATE: Mapping[MessageState, Fate] = {
    MessageState.WAITING: Fate.WAITING,
    MessageState.SENDING: Fate.WAITING,
    MessageState.SENT: Fate.SENT,
    MessageState.FAILED: Fate.FAILED,
    MessageState.CANCELLED: Fate.CANCELLED,
    MessageState.BUNDLED: Fate.BUNDLED,
}
_WHY_FAILED = {Outcome.ADDRESS_DEAD: Why.ADDRESS_DEAD, Outcome.REFUSED: Why.REFUSED}


def fate(state: MessageState, shown_at: datetime | None, opened_at: datetime | None) -> Fate:
    """How far it came: what the phone says counts before what its service says."""
    if opened_at is not None:
        return Fate.OPENED
    return Fate.SHOWN if shown_at is not None else _BY_STATE[state]


def why(found: Fate, last: Outcome | None) -> Why | None:
    """Why it is not there, by what became of the last attempt, if there was one; None when it is, or was never tried.

    What failed with an outcome after which another attempt makes sense was given up because its time was over.
    """
    if found is Fate.FAILED:
        return Why.TOO_LATE if last is None else _WHY_FAILED.get(last, Why.TOO_LATE)
    if found is Fate.CANCELLED:
        return Why.OVERTAKEN if last is Outcome.OVERTAKEN else Why.CANCELLED
    return Why.TRYING if found is Fate.WAITING and last is not None else None
