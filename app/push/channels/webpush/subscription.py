"""What a browser gives of itself to be reached (W3C Push API): an address at its maker's service, and two keys. Pure.

The address comes from whoever is signed in, and we send to it: only listed services are asked (`webpush_hosts`), so
that nobody can make us ask something of our own network.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from msgspec import Struct

from app.kit.errors import InvalidInput
from app.push.channels.listed import origin_of

POINT_BYTES: Final = 65
AUTH_BYTES: Final = 16


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
    origin = origin_of(endpoint, hosts)
    if origin is None:
        raise InvalidInput("Nothing is sent there: https to a push service that is listed (webpush_hosts).", "value")
    return origin


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
