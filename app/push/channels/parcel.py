"""What a channel is given, and what it must be able to do."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from app.push.model import Message
from app.push.render import Text
from app.push.retry import Delivery


class Parcel(Struct, frozen=True, kw_only=True):
    """A claimed message with its words, ready to be sent."""

    message: Message
    text: Text


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
