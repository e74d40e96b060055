"""The seconds in which a tag was heard, as a set that can be joined in any order.

A passage must come out the same whichever way its sightings arrive and however often each is repeated, so it keeps the
set of them and not a count. The set is a row of bits: one for each second, or for each 2, 4, 8 … seconds once it spans
more than `BITS_MAX` of them, which is when single seconds no longer matter. How coarse it is follows from its first and
last second alone, so it does not depend on the order either.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

BITS_MAX: Final = 1024
"""128 bytes at most: 17 minutes by the second, a night by the half minute."""


class Heard(Struct, frozen=True):
    """Bit `n` of `bits` is the bucket `first + n`; a bucket is 2 ** `level` seconds, counted since 1970 (UTC)."""

    level: int
    first: int
    bits: int

    @property
    def count(self) -> int:
        """In how many buckets it was heard: seconds, while `level` is 0."""
        return self.bits.bit_count()


def heard_at(seconds: Iterable[int]) -> Heard:
    """The set of these seconds, of which there is one at least.

    >>> heard_at([100, 103, 100]).count
    2
    """
    first = min(seconds)
    bits = 0
    for second in seconds:
        bits |= 1 << (second - first)
    return _fitting(0, first, bits)


def joined(one: Heard, other: Heard) -> Heard:
    """Both sets as one.

    >>> joined(heard_at([100]), heard_at([90, 100])) == heard_at([90, 100])
    True
    """
    while one.level < other.level:
        one = _coarser(one)
    while other.level < one.level:
        other = _coarser(other)
    first = min(one.first, other.first)
    bits = one.bits << (one.first - first) | other.bits << (other.first - first)
    return _fitting(one.level, first, bits)


def _fitting(level: int, first: int, bits: int) -> Heard:
    heard = Heard(level, first, bits)
    while heard.bits.bit_length() > BITS_MAX:
        heard = _coarser(heard)
    return heard


def _coarser(heard: Heard) -> Heard:
    """The same in buckets of twice the length. They begin at multiples of it, so that any two sets fit together."""
    odd = heard.first & 1
    pairs = heard.bits << odd
    pairs |= pairs >> 1
    every_other = format(pairs, "b")[::-1][::2][::-1]
    return Heard(heard.level + 1, (heard.first - odd) >> 1, int(every_other, 2))


def seconds_of(heard: Heard) -> list[int]:
    """The first second of each bucket in which it was heard, in order.

    >>> seconds_of(heard_at([100, 103]))
    [100, 103]
    """
    found = []
    bits = heard.bits
    while bits:
        lowest = bits & -bits
        found.append((heard.first + lowest.bit_length() - 1) << heard.level)
        bits ^= lowest
    return found


def to_bytes(heard: Heard) -> bytes:
    """As it is stored: the level, then the bits, lowest first. Where it begins is stored beside it."""
    return bytes((heard.level,)) + heard.bits.to_bytes((heard.bits.bit_length() + 7) // 8, "little")


def from_bytes(stored: bytes, first_s: int) -> Heard:
    """What was stored of a passage that began at `first_s`."""
    level = stored[0]
    return Heard(level, first_s >> level, int.from_bytes(stored[1:], "little"))


def with_seconds(stored: bytes, first_s: int, seconds: Sequence[int]) -> bytes:
    """What was stored of a passage that began at `first_s`, with these seconds too, none of which is before that.

    >>> with_seconds(to_bytes(heard_at([100, 103])), 100, [101, 103]) == to_bytes(heard_at([100, 101, 103]))
    True
    """
    if stored[0] == 0:
        bits = int.from_bytes(stored[1:], "little")
        for second in seconds:
            bits |= 1 << (second - first_s)
        length = bits.bit_length()
        if length <= BITS_MAX:
            return b"\0" + bits.to_bytes((length + 7) // 8, "little")
    return to_bytes(joined(from_bytes(stored, first_s), heard_at(seconds)))
