"""How a gateway calls whom it reaches: telephone numbers in one spelling, and users of LINE. Pure."""

import re
import unicodedata

from app.kit.errors import InvalidInput

HOME = "+81"
"""Numbers that begin with one 0 are Japanese."""
LINE = "line"
_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
_LINE_USER = re.compile(r"U[0-9a-f]{32}")
_BETWEEN = re.compile(r"[\s().\-‐-―−ー]+")


def recipient(gateway: str, text: str) -> str:
    """What the gateway calls them: a number as E.164 has it; of LINE the id of a user. Raises `InvalidInput`.

    >>> recipient("sms", "０９０－1234-5678"), recipient("voice", "+81 79 123 4567")
    ('+819012345678', '+81791234567')
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if gateway == LINE:
        if not _LINE_USER.fullmatch(plain):
            raise InvalidInput("A user of LINE is U and 32 hex digits.", "to")
        return plain
    number = _BETWEEN.sub("", plain)
    for prefix in (f"{HOME}0", "0"):
        if number.startswith(prefix) and not number.startswith("00"):
            number = HOME + number.removeprefix(prefix)
    if not _NUMBER.fullmatch(number):
        raise InvalidInput("A telephone number is 090-1234-5678, or begins with + and the country.", "to")
    return number
