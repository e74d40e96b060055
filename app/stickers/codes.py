"""The code of a sticker: 65 random bits in Crockford's base 32 and a check symbol, and the URL that its QR holds. Pure.

The check is the number modulo 37: 37 is prime and larger than 32, so that one wrong character, or two neighbours
that changed places, never make another good code. Numbers whose check would be one of `*~$=U` are not used: all
characters then are of the alphanumeric mode of QR, and none is outside Crockford's 32.
"""

import re
from typing import Final

from app.kit.ids import secret_hash

BITS: Final = 65
LENGTH: Final = 14
"""Characters of a code with its check symbol."""
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_BASE: Final = 37
URL_MAX: Final = 50
"""Characters of the alphanumeric mode that a QR of version 4, level H, holds (ISO/IEC 18004, table 7)."""

_FORGIVEN: Final = str.maketrans("OIL", "011")
_VALUES: Final = {character: value for value, character in enumerate(ALPHABET)}
_ALPHANUMERIC: Final = re.compile(r"[0-9A-Z $%*+./:-]+")


def new_code(bits: int) -> str | None:
    """The code of a number of 65 random bits; None for the one in seven that is not used.

    >>> new_code(1), new_code(36)
    ('00000000000011', None)
    """
    check = bits % CHECK_BASE
    if check >= len(ALPHABET):
        return None
    digits = [ALPHABET[bits >> 5 * place & 31] for place in reversed(range(LENGTH - 1))]
    return "".join(digits) + ALPHABET[check]


def read(text: str) -> str | None:
    """The code as it is hashed, from how a camera or a person says it; None for what is no code. Lower case is read,
    and O, I and L for the digits that they look like.

    >>> read("ooooooooooooil"), read("00000000000012")
    ('00000000000011', None)
    """
    if len(text) != LENGTH or not text.isascii():
        return None
    code = text.upper().translate(_FORGIVEN)
    number = 0
    for character in code[:-1]:
        value = _VALUES.get(character)
        if value is None:
            return None
        number = number << 5 | value
    return code if _VALUES.get(code[-1]) == number % CHECK_BASE else None


def hash_of(code: str) -> bytes:
    """What is kept of a code."""
    return secret_hash(code)


def url_of(public_url: str, code: str) -> str:
    """What the QR of a sticker holds. Upper case, which QR packs more densely; hosts and our path mean the same in it.

    >>> url_of("https://mimamori.example.jp/", "00000000000011")
    'HTTPS://MIMAMORI.EXAMPLE.JP/S/00000000000011'
    """
    return f"{public_url.rstrip('/')}/s/{code}".upper()


def unfit(public_url: str | None) -> str | None:
    """Why no stickers can be printed for this address of the service; None when they can.

    >>> unfit("https://mimamori.example.jp"), unfit("https://a_b.example.jp")
    (None, 'a QR can hold only letters, digits and -./: of it')
    """
    if not public_url:
        return "it is not set"
    if not public_url.lower().startswith(("http://", "https://")):
        return "it does not begin with https://"
    url = url_of(public_url, "0" * LENGTH)
    if _ALPHANUMERIC.fullmatch(url) is None:
        return "a QR can hold only letters, digits and -./: of it"
    if len(url) > URL_MAX:
        return f"it is {len(url) - URL_MAX} characters longer than a QR of version 4 holds"
    return None
