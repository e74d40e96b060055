"""Who a request claims to be: the key in it, if there is one. Pure.

A key comes as `Authorization: Bearer KEY`, or as the password of Basic (the user is then the device's own name); for
formats whose clients cannot set headers, as the parameter `key`, which goes no further than here: it is taken out
before anything is decoded or named.
"""

import binascii
from base64 import b64decode
from typing import Final
from urllib.parse import unquote_to_bytes

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
