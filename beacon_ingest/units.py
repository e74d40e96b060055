"""Units and their names: what makes the second arrival of the same bytes a repeat (DESIGN section 5)."""

from datetime import datetime
from hashlib import blake2b
from typing import Final
from uuid import UUID

from msgspec import UnsetType

from beacon_ingest.messages import Message, Unit
from beacon_ingest.registry import Entry

ID_BYTES: Final = 16

STAMP_BYTES: Final = 4
"""A name begins with the time that it speaks of, in seconds."""
_GPS_ROLLOVER_S: Final = 1024 * 7 * 86_400
"""A week count of GPS that ran over is put right by the time of receipt: both readings of a stamp give one name."""


def ingest_ids(
    device_id: UUID,
    format: str,
    content: bytes,
    *,
    stamped: bool,
    repeat_window_s: int,
    received_at: datetime,
    said_at: datetime | None = None,
) -> tuple[bytes, ...]:
    """The names under which a unit is known; the first is its own, the others are what a repeat of it would find.

    What carries a stamp of the device's own (`stamped`) has one name for ever. What does not is told from a repeat by
    time: equal bytes within `repeat_window_s` are a repeat (up to twice the window they may be). The window is a bucket
    of time, and the name of the bucket before is looked for too, so that a repeat across the border is found. A window
    of 0 says that equal bytes are always news.

    A name begins with a time, `said_at` (what the content says of itself, where it does) or that of the bucket, so that
    what is said together is stored together: names all over the index cost a page of the disk each.
    """
    said = device_id.bytes + format.encode() + b"\0" + content
    if stamped:
        return (_name(said, None if said_at is None else int(said_at.timestamp()) % _GPS_ROLLOVER_S),)
    moment_s = received_at.timestamp()
    if repeat_window_s == 0:
        return (_name(said, int(moment_s), int(moment_s * 1_000_000)),)
    bucket = int(moment_s // repeat_window_s)
    return (
        _name(said, bucket * repeat_window_s, bucket),
        _name(said, (bucket - 1) * repeat_window_s, bucket - 1),
    )


def _name(said: bytes, stamp_s: int | None, salt: int = 0) -> bytes:
    stamp = b"" if stamp_s is None else (stamp_s % 2**32).to_bytes(STAMP_BYTES, "big")
    salted = salt.to_bytes(16, "big", signed=True)
    return stamp + blake2b(said, digest_size=ID_BYTES - len(stamp), salt=salted).digest()


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
            said_at=_first_stamp(messages),
        ),
        city=entry.city,
        device_id=entry.device_id,
        format=entry.format,
        received_at=received_at,
        messages=messages,
    )


def _first_stamp(messages: tuple[Message, ...]) -> datetime | None:
    for message in messages:
        if not isinstance(message.at, UnsetType):
            return message.at
    return None
