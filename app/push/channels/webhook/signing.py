"""The secrets with which hooks are signed: derived from the installation's, stored nowhere (as the keys of detectors
are, decision 0007). Pure.
"""

import base64
import hashlib
import hmac
from typing import Final
from uuid import UUID

_GATEWAY: Final = b"mimamori gateway\0"
_HOOK: Final = b"mimamori hook\0"
PREFIX: Final = "whsec_"


def gateway_secret(secret: bytes, name: str) -> str:
    """The secret of the gateway of this name, as Standard Webhooks writes it. `secret` is the installation's
    (`config.detector_secret`).
    """
    return _written(hmac.new(secret, _GATEWAY + name.encode(), hashlib.sha256).digest())


def hook_secret(secret: bytes, hook_id: UUID) -> str:
    """The secret of a vendor's hook: each time that it is set up it has another id, and so another secret."""
    return _written(hmac.new(secret, _HOOK + hook_id.bytes, hashlib.sha256).digest())


def _written(key: bytes) -> str:
    return PREFIX + base64.b64encode(key).decode()
