"""A message sealed so that only one browser can open it (RFC 8291), as one record of aes128gcm (RFC 8188). Pure but for
chance.
"""

import secrets
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

BODY_BYTES_MAX: Final = 4096
"""What every service must take (RFC 8030 section 7.2)."""
PLAIN_BYTES_MAX: Final = 3993
"""What fits into it: the rest is salt, size of a record, our public key (86 bytes), a delimiter and the AEAD's tag."""
SALT_BYTES: Final = 16
_LAST_RECORD: Final = b"\x02"


def encrypt(plain: bytes, *, public_key: bytes, auth: bytes) -> bytes:
    """The body for the browser with this public key and secret; of no two calls the same."""
    return sealed(plain, public_key, auth, generate_private_key(SECP256R1()), secrets.token_bytes(SALT_BYTES))


def sealed(plain: bytes, public_key: bytes, auth: bytes, private: EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """The body made with a key and a salt that are never used again.

    What is longer than `PLAIN_BYTES_MAX` is a mistake of the caller.
    """
    assert len(plain) <= PLAIN_BYTES_MAX, "cut it before"
    ours = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = private.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public_key))
    keyed = _derived(shared, auth, b"WebPush: info\0" + public_key + ours, 32)
    content_key = _derived(keyed, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(keyed, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + BODY_BYTES_MAX.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return head + AESGCM(content_key).encrypt(nonce, plain + _LAST_RECORD, None)


def _derived(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF with SHA-256 (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(material)
