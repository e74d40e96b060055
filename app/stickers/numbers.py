"""Printed numbers, AA0000 to ZZ9999: two letters without I and O, which look like digits, and four digits. Pure.

They are given out in their order, which is also how text sorts them, so that the stickers of a sheet are a span that
a clerk can say in one breath.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from app.kit.errors import Conflict, InvalidInput

LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
IN_ALL: Final = len(LETTERS) ** 2 * 10_000
SPAN_MAX: Final = 1_000

_NUMBER: Final = re.compile(rf"([{LETTERS}])([{LETTERS}])([0-9]{{4}})")
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−~〜ー", "-"))


def number_of(place: int) -> str:
    """The number at a place, from 0.

    >>> number_of(0), number_of(9_999), number_of(10_000), number_of(IN_ALL - 1)
    ('AA0000', 'AA9999', 'AB0000', 'ZZ9999')
    """
    letters, digits = divmod(place, 10_000)
    return f"{LETTERS[letters // len(LETTERS)]}{LETTERS[letters % len(LETTERS)]}{digits:04}"


def place_of(number: str) -> int:
    """The place of a number that `read` gave."""
    first, second, digits = LETTERS.index(number[0]), LETTERS.index(number[1]), int(number[2:])
    return (first * len(LETTERS) + second) * 10_000 + digits


def read(text: str) -> str | None:
    """The number that somebody says or types, in its one spelling; None for what is none. Blanks, small and
    full-width letters are forgiven.

    >>> read(" ab 0012 "), read("ＡＢ００１２"), read("IO0012")
    ('AB0012', 'AB0012', None)
    """
    plain = _plain(text)
    return plain if _NUMBER.fullmatch(plain) else None


def following(last: str | None, count: int) -> list[str]:
    """The next `count` numbers of a city whose last one is this. Raises `Conflict` when there are not so many left."""
    start = 0 if last is None else place_of(last) + 1
    if start + count > IN_ALL:
        raise Conflict("There are not so many printed numbers left.")
    return [number_of(place) for place in range(start, start + count)]


def spelt(text: str, where: str) -> Iterator[str]:
    """The numbers that one entry names: a number, or a span with both its ends. Raises `InvalidInput`.

    >>> list(spelt("AA0098-AA0101", "numbers"))
    ['AA0098', 'AA0099', 'AA0100', 'AA0101']
    """
    ends = [read(part) for part in _plain(text).split("-")]
    if len(ends) > 2 or None in ends:
        raise InvalidInput("A number is like AA0000, a span like AA0000-AA0019.", where)
    first, last = (place_of(end) for end in (ends[0], ends[-1]) if end is not None)
    if not first <= last < first + SPAN_MAX:
        raise InvalidInput(f"A span begins with its smaller number and has {SPAN_MAX} at most.", where)
    yield from (number_of(place) for place in range(first, last + 1))


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).translate(_DASHES).upper().split())
