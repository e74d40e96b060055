"""What a message carries so that whoever holds it can answer without signing in: a name that nobody can guess. Pure.

A token says which message it is and what it may be used for; it is made anew when needed and stored nowhere.
"""

import base64
import binascii
import hashlib
import hmac
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.kit.ids import MessageId

_CONTEXT: Final = b"mimamori message"
_ID_BYTES: Final = 16
_MAC_BYTES: Final = 16
TOKEN_LENGTH: Final = 43


class Purpose(StrEnum):
    """What a token lets its holder do."""

    RECEIPT = "receipt"
    """Say that the message was shown or opened."""
    ANSWER = "answer"
    """Answer the alert that the message tells of, as the one it was sent to."""
    CAME = "came"
    """Say that the letter arrived."""
    CONFIRM = "confirm"
    """Say that the mailbox to which the message was sent is one's own."""


class Tokens:
    """Tokens of one installation. `secret` is the installation's (`config.detector_secret`)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hmac.new(secret, _CONTEXT, hashlib.sha256).digest()

    def of(self, message_id: MessageId, purpose: Purpose) -> str:
        """43 characters of base64url (RFC 4648, no padding): the id, and half an HMAC-SHA-256 over purpose and id."""
        return base64.urlsafe_b64encode(message_id.bytes + self._mac(message_id.bytes, purpose)).rstrip(b"=").decode()

    def read(self, token: str, purpose: Purpose) -> MessageId | None:
        """Whose token it is; None for one that we did not make, or not for this."""
        if len(token) != TOKEN_LENGTH:
            return None
        try:
            content = base64.b64decode(token + "=", altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        message_id, mac = content[:_ID_BYTES], content[_ID_BYTES:]
        if not hmac.compare_digest(mac, self._mac(message_id, purpose)):
            return None
        return MessageId(UUID(bytes=message_id))

    def _mac(self, message_id: bytes, purpose: Purpose) -> bytes:
        return hmac.new(self._secret, purpose.value.encode() + b"\0" + message_id, hashlib.sha256).digest()[:_MAC_BYTES]
