"""Pages of a list: keyset cursors, so that no row is skipped or shown twice while others are added."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from app.kit.errors import InvalidInput

Item = TypeVar("Item")
LIMIT = 50
LIMIT_MAX = 200

Limit = Annotated[int, Meta(ge=1, le=LIMIT_MAX, description=f"items on one page, at most {LIMIT_MAX}")]
Cursor = Annotated[str, Meta(max_length=200, description="`next` of the page before")]


class Page(Struct, Generic[Item], frozen=True, kw_only=True):
    """Part of a list. `next` is the cursor of the following part, null at the end."""

    items: list[Item]
    next: str | None = None


def encode_cursor(key: object) -> str:
    """The sort key of the last item shown, as an opaque text."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(key)).rstrip(b"=").decode()


def decode_cursor(cursor: str | None, kind: type[Item]) -> Item | None:
    """The sort key in a cursor, None without one. Raises `InvalidInput` for a text that is no cursor of this list."""
    if cursor is None:
        return None
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        key = msgspec.msgpack.decode(base64.b64decode(padded, b"-_", validate=True), type=kind)
        _must_be_comparable(key)
    except (binascii.Error, msgspec.MsgspecError, UnicodeEncodeError, ValueError, OverflowError):
        raise InvalidInput("This is not a cursor of this list.", "cursor") from None
    return key


def _must_be_comparable(key: object) -> None:
    """Raises `ValueError` or `OverflowError` for a key that no row can be compared with.

    That is a whole number of more than 64 bits, or a moment that has no zone or is off the calendar in UTC.
    """
    if isinstance(key, Struct):
        key = msgspec.structs.astuple(key)
    if isinstance(key, tuple):
        for part in key:
            _must_be_comparable(part)
    elif isinstance(key, int):
        key.to_bytes(8, signed=True)
    elif isinstance(key, datetime):
        if key.tzinfo is None:
            raise ValueError("a moment without a zone")
        key.astimezone(UTC)


def page(rows: Sequence[Item], limit: int, key: Callable[[Item], object]) -> Page[Item]:
    """The page made of `rows`, which hold one more than `limit` if there is a following one."""
    shown = list(rows[:limit])
    more = len(rows) > limit
    return Page(items=shown, next=encode_cursor(key(shown[-1])) if more and shown else None)
