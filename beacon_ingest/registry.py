"""Who may speak: a snapshot of the enrolled devices and their keys, replaced whole when something changes."""

import hashlib
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from msgspec import Struct

SECRET_BYTES_MAX: Final = 200
"""Longer than any key that we hand out; what is longer is no key and is not worth hashing."""


class Entry(Struct, frozen=True, kw_only=True):
    """One enrolled device, or a server that speaks for devices (`forwarder`).

    `external_id` is what the device calls itself in its `format`. `key_hash` is the SHA-256 of its key. Without
    `key_required` its id alone is enough where the format knows no better (an IMEI is no secret, DESIGN promise 1).
    """

    device_id: UUID
    city: int
    format: str
    external_id: str
    key_hash: bytes | None = None
    key_required: bool = True
    forwarder: bool = False


class Registry:
    """The snapshot in force.

    Until the first `replace` it is not `ready`, and the edge must answer 503 rather than refuse anybody.
    """

    def __init__(self) -> None:
        self.ready = False
        self.version = 0
        self._by_id: dict[tuple[str, str], Entry] = {}
        self._by_key: dict[bytes, Entry] = {}

    def replace(self, entries: Iterable[Entry], version: int) -> bool:
        """Whether the snapshot was taken: one that is older than what is known loses, however late it arrives."""
        if version < self.version:
            return False
        by_id: dict[tuple[str, str], Entry] = {}
        by_key: dict[bytes, Entry] = {}
        for entry in entries:
            by_id[entry.format, entry.external_id] = entry
            if entry.key_hash is not None:
                by_key[entry.key_hash] = entry
        self._by_id, self._by_key = by_id, by_key
        self.version = version
        self.ready = True
        return True

    def by_id(self, format: str, external_id: str) -> Entry | None:
        """The device of that format that calls itself so."""
        return self._by_id.get((format, external_id))

    def by_key(self, secret: bytes) -> Entry | None:
        """Whose key this is.

        The look-up is by the hash of a random secret of 256 bits, so its timing tells nobody anything about a key.
        """
        if len(secret) > SECRET_BYTES_MAX:
            return None
        return self._by_key.get(hashlib.sha256(secret).digest())

    def __len__(self) -> int:
        return len(self._by_id)
