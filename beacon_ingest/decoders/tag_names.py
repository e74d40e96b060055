"""How tags are called, in one spelling each (`messages.TagName`), however a detector, a register or a person wrote it.

Nothing here raises; what is no name of its scheme comes back as None.
"""

import re
from typing import Final

from beacon_ingest.decoders import reading
from beacon_ingest.messages import TagName, TagScheme

_SEPARATORS: Final = str.maketrans("", "", ":-./_ ")
_HEX_DIGITS: Final[dict[TagScheme, int]] = {
    "altbeacon": 40,
    "eddystone-uid": 32,
    "eddystone-eid": 16,
    "mac": 12,
    "rpa": 12,
}
_SPELT: Final = {scheme: re.compile(rf"[0-9a-f]{{{digits}}}").fullmatch for scheme, digits in _HEX_DIGITS.items()}
_MAC: Final = _SPELT["mac"]
_NO_MAC: Final = ("0" * 12, "f" * 12)
_UUID: Final = re.compile(r"\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?")
_BETWEEN: Final = " ?[/:_,;-] ?| "
_IBEACON: Final = re.compile(rf"({_UUID.pattern})(?:{_BETWEEN})([0-9]{{1,5}})(?:{_BETWEEN})([0-9]{{1,5}})")
_CHARACTERS_MAX: Final = 100


def mac(value: object) -> str | None:
    """An address as 12 lower-case hex digits, or None. All zeros and all ones are nobody's."""
    if not isinstance(value, str):
        return None
    if _MAC(value):  # As our own detectors write it, for each sighting of a town.
        return None if value in _NO_MAC else value
    digits = value[:_CHARACTERS_MAX].translate(_SEPARATORS).lower()
    return digits if _MAC(digits) and digits not in _NO_MAC else None


def ibeacon(uuid: object, major: object, minor: object) -> TagName | None:
    """The name of an iBeacon from its parts: a UUID with or without dashes, two numbers of 16 bits."""
    if not isinstance(uuid, str) or len(uuid) > _CHARACTERS_MAX:
        return None
    parts = _UUID.fullmatch(uuid.strip().lower())
    first, second = reading.whole(major, 0, 0xFFFF), reading.whole(minor, 0, 0xFFFF)
    if parts is None or not isinstance(first, int) or not isinstance(second, int):
        return None
    return TagName("ibeacon", f"{'-'.join(parts.groups())}/{first}/{second}")


def tag_name(scheme: object, identity: object) -> TagName | None:
    """A tag's name from its scheme and its id, in any case and with or without separators.

    >>> tag_name("mac", "AC:23:3F:A0:32:08")
    TagName(scheme='mac', id='ac233fa03208')
    >>> tag_name("ibeacon", "FDA50693A4E24FB1AFCFC6EB07647825:1:0002").id
    'fda50693-a4e2-4fb1-afcf-c6eb07647825/1/2'
    """
    if not isinstance(scheme, str) or not isinstance(identity, str) or len(identity) > _CHARACTERS_MAX:
        return None
    scheme = scheme.strip().lower()
    if scheme == "ibeacon":
        parts = _IBEACON.fullmatch(identity.strip().lower())
        return None if parts is None else ibeacon(parts[1], parts[7], parts[8])
    for known, spelt in _SPELT.items():
        if scheme == known:
            digits = identity if spelt(identity) else identity.translate(_SEPARATORS).lower()
            nobody = known in ("mac", "rpa") and digits in _NO_MAC
            return TagName(known, digits) if spelt(digits) and not nobody else None
    return None
