"""Who a request claims to be: the key in it, if there is one. Pure.

A key comes as `Authorization: Bearer KEY`, or as the password of Basic (the user is then the device's own name); for
formats whose clients cannot set headers, as the parameter `key`, which goes no further than here: it is taken out
before anything is decoded or named.
"""

import binascii
import hashlib
import hmac
from base64 import b64decode
from typing import Final
from urllib.parse import unquote_to_bytes

SIGNATURE: Final = b"mimamori-signature"
SIGNER: Final = b"mimamori-detector"
"""Headers of a signed body: `sha256=HEX`, the HMAC-SHA256 of the raw body with the key, and whose key it is."""

_AUTHORIZATION_BYTES_MAX: Final = 1000


def of_header(authorization: bytes) -> tuple[bytes, bytes | None] | None:
    """The key and, with Basic, the user name; None when the header is no credential that we know."""
    scheme, _, rest = authorization[:_AUTHORIZATION_BYTES_MAX].strip().partition(b" ")
    match scheme.lower():
        case b"bearer":
            return rest.strip(), None
        case b"basic":
            try:
                user, colon, password = b64decode(rest.strip(), validate=True).partition(b":")
            except (binascii.Error, ValueError):
                return None
            return (password, user) if colon else None
        case _:
            return None


def of_query(query: bytes) -> tuple[bytes | None, bytes]:
    """The first `key` of a query string, and the query without any."""
    key: bytes | None = None
    rest = []
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if name != b"key":
            rest.append(part)
        elif key is None:
            key = unquote_to_bytes(value)
    return key, b"&".join(rest)


def is_signed(signature: bytes, secret: bytes | None, body: bytes) -> bool:
    """Whether the signature is that of this body with this key. Without a key (None) it takes as long to say no."""
    expected = b"sha256=" + hmac.digest(secret or b"nobody", body, hashlib.sha256).hex().encode()
    return hmac.compare_digest(expected, signature.strip().lower()) and secret is not None
