"""What every decoder returns, and what HTTP decoders are given."""

from collections.abc import Mapping

from msgspec import Struct

from beacon_ingest.messages import Message


class HttpRequest(Struct, frozen=True, kw_only=True):
    """The parts of an HTTP request that a format may use. Header names are lower case; `uri` is path and query."""

    method: str = "POST"
    uri: str = "/"
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Refusal(Struct, frozen=True, kw_only=True):
    """One part of the input that could not be read: `row` counts from 0 within the unit, `why` is a sentence for people."""

    row: int
    why: str


class Decoded(Struct, frozen=True, kw_only=True):
    """What one unit of a format says.

    `device` is the identity that the frame itself states, if any. `stamp` is True when the device's own time or sequence number makes the bytes of this
    unit unique, so that equal bytes are a repeat for ever; otherwise the format's `repeat_window_s` applies.
    `answer` is what the protocol wants sent back (TCP); `durable` says that the answer must wait until the messages are committed.
    """

    device: str | None = None
    messages: tuple[Message, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    stamped: bool = False
    answer: bytes | None = None
    durable: bool = True
