"""Passages that go on: the usual case of what a detector says, on a short way with few steps. Pure.

What comes out is what joining gives (`app.tags.passages`). Times are whole seconds since 1970, UTC.
"""

from collections.abc import Sequence

from msgspec import Struct

from app.tags.heard import with_seconds


class Going(Struct, frozen=True):
    """As much of an open passage as is needed to make it longer."""

    first_s: int
    last_s: int
    heard: bytes
    rssi_dbm_max: float | None


OpenKey = tuple[int, bytes, bytes]
"""City, and the 16 bytes of the ids of a tag and of a detector: what is compared a hundred times a body."""


def lengthened(
    one: Going, seconds: Sequence[int], rssi_dbm_max: float | None, gap: float, open_from_s: float
) -> Going | None:
    """The passage with these seconds, which are in order; None where it takes more than to lengthen it.

    That is where they are before its beginning or after its end, in more than one piece, or so long ago that it is no
    open one any more, which is when it is over before `open_from_s`.
    """
    first_s, last_s = seconds[0], seconds[-1]
    if first_s < one.first_s or last_s - first_s > gap or first_s - one.last_s > gap:
        return None
    last_s = max(last_s, one.last_s)
    if last_s + gap <= open_from_s:
        return None
    powers = one.rssi_dbm_max, rssi_dbm_max
    if powers[0] is None or (powers[1] is not None and powers[1] > powers[0]):
        powers = powers[1], powers[0]
    return Going(one.first_s, last_s, with_seconds(one.heard, one.first_s, seconds), powers[0])
