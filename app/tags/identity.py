"""What a tag calls itself, in one spelling, and which of these names are nobody's own. Pure.

Makers deliver tags with one identity for all. Sources of the table: Apple's sample AirLocate (E2C56DB5, 5A4BCFCE,
74278BDA, the last also what HM-10 modules say until they are told otherwise: `AT+IBE0?`), the page of WeChat's "shake
nearby" whose UUID many Chinese makers took over (FDA50693), the registration guide of Blue Charm ("BlueCharmBeacons" in
ASCII), the SDKs of Estimote (B9407F30), Radius Networks (2F234454) and Kontakt.io (F7826DA6). An AltBeacon begins with
the same 16 bytes. That they meet in practice: two tags of one published capture are both E2C56DB5/0/0, and one of a
Minew gateway says the Eddystone-UID below (`tests/frames`).
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from app.kit.errors import InvalidInput
from beacon_ingest.messages import TagScheme

FACTORY_UUIDS: Final = frozenset(
    {
        "e2c56db5-dffb-48d2-b060-d0f5a71096e0",
        "5a4bcfce-174e-4bac-a814-092e77f6b7e5",
        "74278bda-b644-4520-8f0c-720eaf059935",
        "fda50693-a4e2-4fb1-afcf-c6eb07647825",
        "426c7565-4368-6172-6d42-6561636f6e73",
        "b9407f30-f5f8-466e-aff9-25556b57fe6d",
        "2f234454-cf6d-4a0f-adf2-f4911ba9ffa6",
        "f7826da6-4fa2-4e98-8024-bc5b71e0893e",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    }
)

FACTORY_UIDS: Final = frozenset({"00112233445566778899" + "000000000000"})
"""Eddystone-UID: namespace and instance."""

_FACTORY_DIGITS: Final = frozenset(uuid.replace("-", "") for uuid in FACTORY_UUIDS)
_UUID_DIGITS: Final = 32

_IBEACON = re.compile(
    r"\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?/([0-9]+)/([0-9]+)"
)
_SEPARATORS = re.compile(r"[:\-\s.]")
_HEX_DIGITS: Final[Mapping[TagScheme, int]] = {"altbeacon": 40, "eddystone-uid": 32, "mac": 12}
_MAJOR_MAX = 65_535
_NAME_CHARACTERS_MAX: Final = 100
_TURNS: Final = "Tags that change their name while they go around cannot be registered yet."


class Identity(Struct, frozen=True, kw_only=True):
    """The one spelling of what a tag is heard as. `mac` is None unless it is needed or was told."""

    scheme: TagScheme
    identity: str
    mac: str | None


def checked(scheme: TagScheme, identity: str, mac: str | None) -> Identity:
    """The identity in its one spelling. Raises `InvalidInput` for what no tag, or more than one, calls itself.

    A factory default is taken only with the address of the one tag that is meant. A tag that is known by its address
    has it in both places.
    """
    name = normalised(scheme, identity)
    address = None if mac is None else normalised_mac(mac, "mac")
    if scheme == "mac":
        if address not in (None, name):
            raise InvalidInput("This tag is known by its address; another one cannot be given.", "mac")
        return Identity(scheme=scheme, identity=name, mac=name)
    if address is None and is_factory_default(scheme, name):
        raise InvalidInput(
            "Makers deliver many tags with this identity. Give the tag another one, or state its MAC address.",
            "identity",
        )
    return Identity(scheme=scheme, identity=name, mac=address)


def normalised(scheme: TagScheme, identity: str) -> str:
    """The one spelling of an identity (`beacon_ingest.messages.TagName`). Raises `InvalidInput`.

    >>> normalised("ibeacon", "ACFD065EC3C011E39BBE1A514932AC01/１/002")
    'acfd065e-c3c0-11e3-9bbe-1a514932ac01/1/2'
    >>> normalised("mac", "AC:23:3F:A0:00:1B")
    'ac233fa0001b'
    """
    if scheme in ("eddystone-eid", "rpa"):
        raise InvalidInput(_TURNS, "scheme")
    text = _plain(identity)
    if scheme == "ibeacon":
        return _ibeacon(text)
    if scheme == "mac":
        return normalised_mac(text, "identity")
    digits, wanted = _SEPARATORS.sub("", text), _HEX_DIGITS[scheme]
    if not re.fullmatch(rf"[0-9a-f]{{{wanted}}}", digits):
        raise InvalidInput(f"This must be {wanted} hexadecimal digits.", "identity")
    return digits


def normalised_mac(mac: str, where: str) -> str:
    """An address as 12 lower-case hex digits. Raises `InvalidInput` for `where`; no tag has only zeros or only ones.

    >>> normalised_mac("ac-23-3f-a0-00-1b", "mac")
    'ac233fa0001b'
    """
    digits = _SEPARATORS.sub("", _plain(mac))
    if not re.fullmatch(r"[0-9a-f]{12}", digits) or digits in ("0" * 12, "f" * 12):
        raise InvalidInput("This must be a MAC address, 12 hexadecimal digits.", where)
    return digits


def is_factory_default(scheme: TagScheme, identity: str) -> bool:
    """Whether many tags are sold that call themselves so. The identity is in its one spelling.

    >>> is_factory_default("ibeacon", "e2c56db5-dffb-48d2-b060-d0f5a71096e0/7/9")
    True
    """
    if scheme == "ibeacon":
        return identity.partition("/")[0] in FACTORY_UUIDS
    if scheme == "altbeacon":
        return identity[:_UUID_DIGITS] in _FACTORY_DIGITS or len(set(identity)) == 1
    return scheme == "eddystone-uid" and (identity in FACTORY_UIDS or len(set(identity)) == 1)


def default_name(vendor: str, known_as: Identity) -> str:
    """What a tag is called until somebody gives it a name: its vendor and what tells it from others of that vendor.

    >>> default_name("Aruku", Identity(scheme="mac", identity="ac233fa0001b", mac="ac233fa0001b"))
    'Aruku a0:00:1b'
    """
    name = known_as.identity
    match known_as.scheme:
        case "ibeacon":
            end = name.partition("/")[2]
        case "mac":
            end = ":".join((name[-6:-4], name[-4:-2], name[-2:]))
        case _:
            end = name[-8:]
    return f"{vendor[: _NAME_CHARACTERS_MAX - len(end) - 1]} {end}"


def _ibeacon(text: str) -> str:
    found = _IBEACON.fullmatch(text.replace(" ", ""))
    if found is None:
        raise InvalidInput("This must be uuid/major/minor, for example acfd065e-…-1a514932ac01/1/2.", "identity")
    *parts, major, minor = found.groups()
    # Digits beyond any number of 16 bits are not converted: Python refuses thousands of them.
    if any(len(number) > 9 or int(number) > _MAJOR_MAX for number in (major, minor)):
        raise InvalidInput("Major and minor are numbers from 0 to 65535.", "identity")
    return f"{'-'.join(parts)}/{int(major)}/{int(minor)}"


def _plain(text: str) -> str:
    """Full-width letters and digits of a Japanese keyboard become plain ones."""
    return unicodedata.normalize("NFKC", text).strip().lower()
