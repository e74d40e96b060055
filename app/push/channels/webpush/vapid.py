"""Who sends: a key pair of the installation, and the signed note that each message carries (VAPID, RFC 8292). Pure.

The key is derived from the installation's secret, as those of detectors are (decision 0007), so that there is no file
to keep: browsers subscribe to one key, and with another one all of them would have to subscribe anew.
"""

import base64
import hashlib
import hmac
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

_Vapid: Any = Vapid02  # It has no types.
_PURPOSE: Final = b"mimamori webpush"
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""How many points P-256 has (FIPS 186-5)."""
HOUR_S: Final = 3600
VALID_HOURS: Final = 12
"""Services refuse a note that is good for more than a day."""


def signing_key(secret: bytes) -> EllipticCurvePrivateKey:
    """The private key. `secret` is the installation's (`config.detector_secret`).

    Of 512 bits so that no key is noticeably likelier than another (FIPS 186-5, A.2.1).
    """
    number = int.from_bytes(hmac.new(secret, _PURPOSE, hashlib.sha512).digest(), "big")
    return derive_private_key(1 + number % (_ORDER - 1), SECP256R1())


def public_key_of(secret: bytes) -> str:
    """The public key as a browser wants it (`applicationServerKey`): base64url of the uncompressed point."""
    point = signing_key(secret).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


class Signer:
    """Signs for one installation. `contact` is where a service can reach who runs it: `mailto:` or `https:`."""

    def __init__(self, secret: bytes, contact: str) -> None:
        # It would refuse contacts that RFC 8292 lets be, such as https with a path; the setting has its own pattern.
        self._vapid = _Vapid(signing_key(secret), conf={"no-strict": True})
        self._contact = contact
        self._signed = lru_cache(64)(self._sign)

    def authorization(self, origin: str, now: datetime) -> str:
        """The header for messages to this origin; the same one for an hour."""
        return self._signed(origin, int(now.timestamp()) // HOUR_S)

    def _sign(self, origin: str, hour: int) -> str:
        claims = {"aud": origin, "exp": (hour + VALID_HOURS) * HOUR_S, "sub": self._contact}
        header: str = self._vapid.sign(claims)["Authorization"]
        return header
