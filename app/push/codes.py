"""The code by which somebody shows that a telephone is theirs: six digits that go to it and come back. Pure.

It is made anew when needed and stored nowhere, as tokens are (`tokens`): the message that carries it says only where
it belongs.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Final

from app.kit.ids import AddressId
from app.push.render import Text

_CONTEXT: Final = b"mimamori code"
KIND: Final = "address.code"
"""The kind of the messages that carry one."""
PLACE: Final = "{code}"
"""What stands in such a message until it is on its way."""
DIGITS: Final = 6
LASTS: Final = timedelta(minutes=10)
TRIES_MAX: Final = 5


class Codes:
    """Codes of one installation. `secret` is the installation's (`config.detector_secret`)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hmac.new(secret, _CONTEXT, hashlib.sha256).digest()

    def of(self, address_id: AddressId, at: datetime) -> str:
        """The code of an address that was asked for at this moment."""
        content = address_id.bytes + at.astimezone(UTC).isoformat(timespec="microseconds").encode()
        digest = hmac.new(self._secret, content, hashlib.sha256).digest()
        # Of 2^64 numbers a millionth each, to one part in 10^13.
        return f"{int.from_bytes(digest[:8], 'big') % 10**DIGITS:0{DIGITS}}"

    def is_right(self, code: str, address_id: AddressId, at: datetime) -> bool:
        """Whether it is that code."""
        return hmac.compare_digest(code.encode(), self.of(address_id, at).encode())

    def filled(self, text: Text, address_id: AddressId, at: datetime) -> Text:
        """The words with the code in its place."""
        code = self.of(address_id, at)
        return Text(text.title.replace(PLACE, code), text.body.replace(PLACE, code))
