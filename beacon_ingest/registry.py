"""Who may speak and which tags exist: snapshots of the enrolled devices and detectors with their keys, and of the
registered tags, each replaced whole when something changes.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

from msgspec import Struct, UnsetType

from beacon_ingest.messages import TagName

SECRET_BYTES_MAX: Final = 200
"""Longer than any key that we hand out; what is longer is no key and is not worth hashing."""


class Entry(Struct, frozen=True, kw_only=True):
    """One enrolled device or detector (`detector`), or a server that speaks for such (`forwarder`).

    `external_id` is what the device calls itself in its `format`. `key_hash` is the SHA-256 of its key. Without
    `key_required` its id alone is enough where the format knows no better (an IMEI is no secret, DESIGN promise 1).
    `secret` is the key itself, where bodies may be signed with it. `interval_s` is how often a detector should speak,
    `skew_s` how far its clock was from ours when the snapshot was made.
    """

    device_id: UUID
    city: int
    format: str
    external_id: str
    key_hash: bytes | None = None
    key_required: bool = True
    forwarder: bool = False
    detector: bool = False
    secret: bytes | None = None
    interval_s: int | None = None
    skew_s: float | None = None


class TagEntry(Struct, frozen=True, kw_only=True):
    """One registered tag. `bound`: its identity is a factory default that strangers share, so that it counts only
    together with its address.
    """

    tag_id: UUID
    city: int
    name: TagName
    mac: str | None = None
    bound: bool = False


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
            if entry.detector:  # Its own key is a name that is always free, and printed where it is registered.
                by_id.setdefault((entry.format, str(entry.device_id)), entry)
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


class Tags:
    """The snapshot of registered tags in force.

    Until the first `replace` it is not `ready`, and the edge must answer 503 rather than take anybody for a stranger.
    """

    def __init__(self) -> None:
        self.ready = False
        self.version = 0
        self._by_name: dict[TagName, TagEntry] = {}
        self._by_name_and_mac: dict[tuple[TagName, str], TagEntry] = {}
        self._by_mac: dict[str, TagEntry] = {}
        self.named: Callable[[TagName], TagEntry | None] = self._by_name.get
        """Whose name this is, where only one has it: what `find` looks at first, without a call of our own."""

    def replace(self, entries: Iterable[TagEntry], version: int) -> bool:
        """Whether the snapshot was taken, as `Registry.replace`."""
        if version < self.version:
            return False
        by_name: dict[TagName, TagEntry] = {}
        by_name_and_mac: dict[tuple[TagName, str], TagEntry] = {}
        by_mac: dict[str, TagEntry] = {}
        shared: set[TagName] = set()
        for entry in entries:
            if entry.name.scheme == "mac":
                by_mac[entry.name.id] = entry
                continue
            if entry.mac is not None:
                by_name_and_mac[entry.name, entry.mac] = entry
                by_mac.setdefault(entry.mac, entry)
            if entry.bound or entry.name in by_name:
                shared.add(entry.name)
            by_name[entry.name] = entry
        for name in shared:
            del by_name[name]
        self._by_name, self._by_name_and_mac, self._by_mac = by_name, by_name_and_mac, by_mac
        self.named = by_name.get
        self.version = version
        self.ready = True
        return True

    def find(self, name: TagName, mac: str | UnsetType) -> TagEntry | None:
        """Whose advertisement this is; None for a stranger's.

        A name that several share counts only together with the address that was registered with it.
        """
        found = self._by_name.get(name)
        if found is not None:
            return found
        if isinstance(mac, UnsetType):
            if name.scheme != "mac":
                return None
            mac = name.id
        return self._by_name_and_mac.get((name, mac)) or self._by_mac.get(mac)

    def __len__(self) -> int:
        return len(self._by_mac) + len(self._by_name)
