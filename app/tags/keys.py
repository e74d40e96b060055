"""A detector's key: derived from one secret of the installation, stored nowhere (decision 0007). Pure."""

import base64
import hashlib
import hmac
from uuid import UUID

_PURPOSE = b"mimamori detector"


def detector_key(secret: bytes, detector_id: UUID, generation: int) -> str:
    """The key of a detector: base64url (RFC 4648, no padding) of HMAC-SHA-256 (RFC 2104), 43 characters.

    `secret` is the installation's (`config.detector_secret`); what is hashed is the purpose, the 16 bytes of the id and
    the `generation` as 4 bytes, highest first, all of fixed length, so that no two detectors share a text.
    """
    message = _PURPOSE + detector_id.bytes + generation.to_bytes(4, "big")
    digest = hmac.new(secret, message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
