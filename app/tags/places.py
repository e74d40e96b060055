"""Coordinates as people write them in Japan, in degrees. Pure."""

import re
import unicodedata
from typing import Final, Literal

from app.tags.reasons import Reason

Axis = Literal["lat_deg", "lon_deg"]

# Signs that Unicode's compatibility forms would take apart: the ordinal º, the half-voiced mark ゜ that Japanese
# keyboards give for a degree (also the narrow one), and the double prime, which becomes two single ones.
_SIGNS: Final = str.maketrans("º˚゜ﾟ´″‐‑–—−ー", "°°°°'\"------")
_NEGATIVE: Final = ("南緯", "西経", "S", "W")
_POSITIVE: Final = ("北緯", "東経", "N", "E")
_SEPARATOR = re.compile(r"[度°分′'’‘`秒\"”“:/\-\s]+")
# The sign before the decimals, as surveyors and old registers write: 34°45′25″2.
_SIGN_IN_SECONDS = re.compile(
    r"([0-9]{1,3})\s*[°度]\s*([0-9]{1,2})\s*[′'’‘分]\s*([0-9]{1,2})\s*(?:[\"”“秒]|''|’’|′′)\s*([0-9]{1,15})"
)
_DECIMAL = re.compile(r"[0-9]{1,3}(?:\.[0-9]{0,15})?")
_RUN_TOGETHER = re.compile(r"[0-9]{5,7}(?:\.[0-9]{0,15})?")
_DOTTED = re.compile(r"([0-9]{1,3})\.([0-9]{1,2})\.([0-9]{1,2}(?:\.[0-9]{1,15})?)")
_PARTS_MAX = 3


def degrees(text: str, axis: Axis) -> float | Reason:
    """What a written coordinate is in decimal degrees, or why it is none. Whether it is on earth is asked later.

    >>> degrees("34度45分25.2秒", "lat_deg"), degrees("E134-50-27.6", "lon_deg"), degrees("３４．７５７", "lat_deg")
    (34.757, 134.841, 34.757)
    >>> degrees("344525.2", "lat_deg").value
    'which_unit'
    """
    plain = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS).strip().upper()
    sign, plain = _signed(plain, axis)
    if sign == 0 or plain.startswith(("-", "+")):
        return Reason.NOT_A_PLACE
    if _RUN_TOGETHER.fullmatch(plain):
        return Reason.WHICH_UNIT
    parts = _parts(plain)
    if not 1 <= len(parts) <= _PARTS_MAX or not all(_DECIMAL.fullmatch(part) for part in parts):
        return Reason.NOT_A_PLACE
    whole, *fractions = parts
    if fractions and any("." in part for part in parts[:-1]):
        return Reason.NOT_A_PLACE
    if any(float(part) >= 60 for part in fractions):
        return Reason.NOT_A_PLACE
    value = float(whole)
    for power, part in enumerate(fractions, start=1):
        value += float(part) / float(60**power)
    return round(sign * value, 9)


def _parts(plain: str) -> list[str]:
    """Degrees, minutes and seconds as digits, as many as are there."""
    dotted = _DOTTED.fullmatch(plain)
    if dotted:
        return list(dotted.groups())
    signed = _SIGN_IN_SECONDS.fullmatch(plain)
    if signed:
        whole, minutes, seconds, decimals = signed.groups()
        return [whole, minutes, f"{seconds}.{decimals}"]
    return [part for part in _SEPARATOR.split(plain) if part]


def is_other_way_round(lat_deg: float | None, lon_deg: float | None) -> bool:
    """Whether the two are a place in Japan if they change places.

    Japan reaches from 20.4 to 45.6 degrees north and from 122.9 to 154.0 east (Geospatial Information Authority).
    """
    if lat_deg is None or lon_deg is None:
        return False
    return 122 <= lat_deg <= 155 and 20 <= lon_deg <= 46


def _signed(plain: str, axis: Axis) -> tuple[int, str]:
    """1 or -1 and the text without its hemisphere or sign; 0 for a hemisphere of the other axis."""
    own = (0, 2) if axis == "lat_deg" else (1, 3)
    for words, sign in ((_NEGATIVE, -1), (_POSITIVE, 1)):
        for place, word in enumerate(words):
            if plain.startswith(word) or plain.endswith(word):
                return (sign if place in own else 0), plain.removeprefix(word).removesuffix(word).strip()
    if plain.startswith("-"):
        return -1, plain[1:].strip()
    return 1, plain.removeprefix("+").strip()
