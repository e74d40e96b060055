"""Units and their names: what makes the second arrival of the same bytes a repeat (DESIGN section 5)."""

from datetime import datetime
from hashlib import blake2b
from typing import Final
from uuid import UUID

from beacon_ingest.messages import Message, Unit
from beacon_ingest.registry import Entry

ID_BYTES: Final = 16


def ingest_ids(
    device_id: UUID, format: str, content: bytes, *, stamped: bool, repeat_window_s: int, received_at: datetime
) -> tuple[bytes, ...]:
    """The names under which a unit is known; the first is its own, the others are what a repeat of it would find.

    What carries a stamp of the device's own (`stamped`) has one name for ever. What does not is told from a repeat by
    time: equal bytes within `repeat_window_s` are a repeat (up to twice the window they may be). The window is a bucket
    of time, and the name of the bucket before is looked for too, so that a repeat across the border is found. A window
    of 0 says that equal bytes are always news.
    """
    said = device_id.bytes + format.encode() + b"\0" + content
    if stamped:
        return (blake2b(said, digest_size=ID_BYTES).digest(),)
    moment_s = received_at.timestamp()
    if repeat_window_s == 0:
        return (_at(said, int(moment_s * 1_000_000)),)
    bucket = int(moment_s // repeat_window_s)
    return (_at(said, bucket), _at(said, bucket - 1))


def _at(said: bytes, moment: int) -> bytes:
    return blake2b(said, digest_size=ID_BYTES, salt=moment.to_bytes(16, "big", signed=True)).digest()


def unit(
    entry: Entry,
    content: bytes,
    messages: tuple[Message, ...],
    *,
    stamped: bool,
    repeat_window_s: int,
    received_at: datetime,
) -> Unit:
    """What `entry` said in one body or frame; `content` are the bytes that would come again in a repeat."""
    return Unit(
        ingest_ids=ingest_ids(
            entry.device_id,
            entry.format,
            content,
            stamped=stamped,
            repeat_window_s=repeat_window_s,
            received_at=received_at,
        ),
        city=entry.city,
        device_id=entry.device_id,
        format=entry.format,
        received_at=received_at,
        messages=messages,
    )
