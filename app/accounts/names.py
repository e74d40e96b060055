"""By what people, mailboxes and towns are named: one spelling of each, or a refusal. Pure."""

import re
import unicodedata

from app.kit.errors import InvalidInput

EMAIL_MAX = 254
"""Octets of an address that mail servers must carry (RFC 5321 section 4.5.3.1.3, less the angle brackets)."""

# The dot-atoms of RFC 5322, but dots may stand anywhere in the local part: Japanese carriers have given out such
# addresses.
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}"
)
_TELEPHONE = re.compile(r"[-+() 0-9]{3,30}")
# Marks that turn the direction of writing: a name with one could be shown as another name (Unicode TR 36).
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def one_line(text: str, where: str) -> str:
    """`text` in Unicode form NFC without blanks around it.

    Raises `InvalidInput` for `where` when nothing is left, or when it holds line breaks, control characters or marks
    that turn the direction of writing: such a name could forge a line in a message, or be shown as another name.
    """
    line = unicodedata.normalize("NFC", text).strip()
    if not line:
        raise InvalidInput("This must not be empty.", where)
    if any(mark in _TURNING or unicodedata.category(mark) in _REFUSED_CATEGORIES for mark in line):
        raise InvalidInput("This must be one line without control characters.", where)
    return line


def mailbox(text: str) -> str | None:
    """The one spelling of an e-mail address, None for what is none.

    Full-width letters of a Japanese keyboard become plain ones (NFKC) and letters become small, so that one mailbox is
    one account, and one subject of the throttle, however it is typed.

    >>> mailbox(" Ｔａｒｏ@Example.JP ")
    'taro@example.jp'
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if len(plain) > EMAIL_MAX or _EMAIL.fullmatch(plain) is None:
        return None
    return plain.lower()


def telephone(text: str, where: str) -> str:
    """A telephone number as it is printed. Raises `InvalidInput`.

    >>> telephone(" 079-427-9174 ", "phone")
    '079-427-9174'
    """
    line = one_line(text, where)
    if _TELEPHONE.fullmatch(line) is None:
        raise InvalidInput("A telephone number is digits, blanks and -+().", where)
    return line


def is_city_code(code: int) -> bool:
    """Whether `code` is a municipality code with its right check digit (JIS X 0402; 全国地方公共団体コード).

    The digits before the check digit count 6, 5, 4, 3, 2 times; the check digit is the last digit of 11 less the sum's
    remainder by 11.

    >>> is_city_code(282103), is_city_code(11002), is_city_code(282104)
    (True, True, False)
    """
    if not 10_000 <= code <= 999_999:
        return False
    *digits, check = (int(digit) for digit in f"{code:06}")
    weighed = sum(digit * weight for digit, weight in zip(digits, (6, 5, 4, 3, 2), strict=True))
    return check == (11 - weighed % 11) % 10
