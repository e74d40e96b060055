"""What every decoder returns, what HTTP decoders are given, and how the parts of one unit are put together."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from beacon_ingest.messages import Message, Sighting


class HttpRequest(Struct, frozen=True, kw_only=True):
    """The parts of an HTTP request that a format may use. Header names are lower case; `uri` is path and query."""

    method: str = "POST"
    uri: str = "/"
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Refusal(Struct, frozen=True, kw_only=True):
    """One part of the input that could not be read.

    `row` counts from 0 within the unit, `why` is a sentence for people.
    """

    row: int
    why: str


class Decoded(Struct, frozen=True, kw_only=True):
    """What one unit of a format says.

    `device` is the identity that the unit itself states; None when it states none, or several: then each message has
    its own. `stamped` is True when the device's own time or sequence number makes the bytes of this unit unique, so
    that equal bytes are a repeat for ever; otherwise the format's `repeat_window_s` applies. `answer` is what the
    protocol wants sent back (TCP); `durable` says that the answer must wait until the messages are committed. `sent_at`
    is the sender's clock when it sent the unit, as it stated it, however wrong.
    """

    device: str | None = None
    messages: tuple[Message, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    stamped: bool = False
    sent_at: datetime | UnsetType = UNSET
    answer: bytes | None = None
    durable: bool = True


class Part(Struct, frozen=True, kw_only=True):
    """What one element of a unit says: `troubles` are the reasons why something in it could not be read."""

    device: str | None = None
    messages: tuple[Message, ...] = ()
    troubles: tuple[str, ...] = ()
    stamped: bool = False


def joined(parts: Iterable[Part]) -> Decoded:
    """The parts of a body as one unit, in order; a part that could not be read costs only itself."""
    parts = tuple(parts)
    devices = {part.device for part in parts if part.device is not None}
    return Decoded(
        device=devices.pop() if len(devices) == 1 else None,
        messages=tuple(message for part in parts for message in part.messages),
        refusals=tuple(Refusal(row=row, why=why) for row, part in enumerate(parts) for why in part.troubles),
        stamped=bool(parts) and all(part.stamped for part in parts),
    )
