"""What a browser gives of itself to be reached (W3C Push API): an address at its maker's service, and two keys. Pure.

The address comes from whoever is signed in, and we send to it: only listed services are asked (`webpush_hosts`), so
that nobody can make us ask something of our own network.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from msgspec import Struct

from app.kit.errors import InvalidInput

ENDPOINT_LENGTH_MAX: Final = 2000
POINT_BYTES: Final = 65
AUTH_BYTES: Final = 16
# No name, no password, no fragment and nothing that two libraries could read in two ways.
_ENDPOINT: Final = re.compile(
    r"(https?://)([a-z0-9][a-z0-9.-]*|\[::1\])(:[0-9]{1,5})?(/[!-\"$-\[\]-~]*)", re.IGNORECASE
)


class Subscription(Struct, frozen=True, kw_only=True):
    """Where a browser is reached, and with what a message for it is sealed."""

    endpoint: str
    origin: str
    public_key: bytes
    auth: bytes


def read_subscription(endpoint: str, keys: Mapping[str, str], hosts: str) -> Subscription:
    """The subscription, if it is one that may be sent to. `hosts` is the setting. Raises `InvalidInput`."""
    return Subscription(
        endpoint=endpoint,
        origin=_origin(endpoint, hosts),
        public_key=_point(keys.get("p256dh", "")),
        auth=_bytes(keys.get("auth", ""), AUTH_BYTES, "keys.auth"),
    )


def _origin(endpoint: str, hosts: str) -> str:
    found = _ENDPOINT.fullmatch(endpoint)
    if found is None or len(endpoint) > ENDPOINT_LENGTH_MAX:
        raise InvalidInput("This is not the https address of a push service.", "value")
    scheme, host, port = found[1].lower(), found[2].lower(), found[3] or ""
    if scheme == "https://" and port == ":443":
        port = ""
    if not any(_fits(scheme, host + port, entry.strip().lower()) for entry in hosts.split(",")):
        raise InvalidInput("Nothing is sent to this push service (setting webpush_hosts).", "value")
    return scheme + host + port


def _fits(scheme: str, host: str, entry: str) -> bool:
    """Whether an entry of the list names this host: `host`, `*.domain`, or a whole `http://…` of loopback."""
    if scheme == "http://":
        return entry == scheme + host
    return host.endswith(entry[1:]) if entry.startswith("*.") else host == entry


def _point(text: str) -> bytes:
    point = _bytes(text, POINT_BYTES, "keys.p256dh")
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:
        raise InvalidInput("This is not a point on the curve P-256, uncompressed.", "keys.p256dh") from None
    return point


def _bytes(text: str, length: int, where: str) -> bytes:
    """So many bytes in base64url (RFC 4648), padded or not."""
    bare = text.rstrip("=")
    try:
        found = base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != length:
        raise InvalidInput(f"This is not {length} bytes in base64url.", where)
    return found
