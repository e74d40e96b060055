"""Who may speak and which tags exist: snapshots of the enrolled devices and detectors with their keys, and of the
registered tags. Either is replaced whole, or changed where something changed.
"""

import hashlib
from collections.abc import Callable, Hashable, Iterable
from typing import Final, Generic, TypeVar
from uuid import UUID

from msgspec import Struct, UnsetType

from beacon_ingest.messages import TagName

SECRET_BYTES_MAX: Final = 200
"""Longer than any key that we hand out; what is longer is no key and is not worth hashing."""

Name = TypeVar("Name", bound=Hashable)
Owner = TypeVar("Owner")


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


class Claims(Generic[Name, Owner]):
    """Who goes by each name: one, or for a moment several, while something changes hands in pieces that arrive in any
    order. Then it is the last who came, and whoever remains after.
    """

    def __init__(self) -> None:
        self.now: dict[Name, Owner] = {}
        self._several: dict[Name, list[Owner]] = {}

    def add(self, name: Name, owner: Owner) -> None:
        """Somebody more goes by this name."""
        before = self.now.get(name)
        if before is not None:
            self._several.setdefault(name, [before]).append(owner)
        self.now[name] = owner

    def remove(self, name: Name, owner: Owner) -> None:
        """Somebody who was added goes by it no more."""
        several = self._several.get(name)
        if several is None:
            del self.now[name]
            return
        several.remove(owner)
        self.now[name] = several[-1]
        if len(several) == 1:
            del self._several[name]


class Registry:
    """The snapshot in force.

    Until it is whole it is not `ready`, and the edge must answer 503 rather than refuse anybody.
    """

    def __init__(self) -> None:
        self.ready = False
        self.version = 0
        self._empty()

    def _empty(self) -> None:
        self._by_id: Claims[tuple[str, str], Entry] = Claims()
        self._by_own_id: Claims[tuple[str, str], Entry] = Claims()
        self._by_key: Claims[bytes, Entry] = Claims()

    def replace(self, entries: Iterable[Entry], version: int) -> bool:
        """Whether the snapshot was taken: one that is older than what is known loses, however late it arrives."""
        if version < self.version:
            return False
        self._empty()
        self.change((), entries)
        self.version = version
        self.ready = True
        return True

    def change(self, gone: Iterable[Entry], new: Iterable[Entry]) -> None:
        """Forgets entries that were taken before, and takes others."""
        for entry in gone:
            self._by_id.remove((entry.format, entry.external_id), entry)
            if entry.detector:
                self._by_own_id.remove((entry.format, str(entry.device_id)), entry)
            if entry.key_hash is not None:
                self._by_key.remove(entry.key_hash, entry)
        for entry in new:
            self._by_id.add((entry.format, entry.external_id), entry)
            if entry.detector:  # Its own key is a name that is always free, and printed where it is registered.
                self._by_own_id.add((entry.format, str(entry.device_id)), entry)
            if entry.key_hash is not None:
                self._by_key.add(entry.key_hash, entry)

    def by_id(self, format: str, external_id: str) -> Entry | None:
        """The device of that format that calls itself so."""
        name = format, external_id
        return self._by_id.now.get(name) or self._by_own_id.now.get(name)

    def by_key(self, secret: bytes) -> Entry | None:
        """Whose key this is.

        The look-up is by the hash of a random secret of 256 bits, so its timing tells nobody anything about a key.
        """
        if len(secret) > SECRET_BYTES_MAX:
            return None
        return self._by_key.now.get(hashlib.sha256(secret).digest())

    def __len__(self) -> int:
        return len(self._by_id.now)


class Tags:
    """The snapshot of registered tags in force.

    Until it is whole it is not `ready`, and the edge must answer 503 rather than take anybody for a stranger.
    """

    def __init__(self) -> None:
        self.ready = False
        self.version = 0
        self._empty()

    def _empty(self) -> None:
        self._by_name: dict[TagName, TagEntry] = {}
        self._shared: dict[TagName, list[TagEntry]] = {}
        self._by_name_and_mac: Claims[tuple[TagName, str], TagEntry] = Claims()
        self._by_mac: Claims[str, TagEntry] = Claims()
        self.named: Callable[[TagName], TagEntry | None] = self._by_name.get
        """Whose name this is, where only one has it: what `find` looks at first, without a call of our own."""

    def replace(self, entries: Iterable[TagEntry], version: int) -> bool:
        """Whether the snapshot was taken, as `Registry.replace`."""
        if version < self.version:
            return False
        self._empty()
        self.change((), entries)
        self.version = version
        self.ready = True
        return True

    def change(self, gone: Iterable[TagEntry], new: Iterable[TagEntry]) -> None:
        """Forgets tags that were taken before, and takes others."""
        for entry in gone:
            if entry.name.scheme == "mac":
                self._by_mac.remove(entry.name.id, entry)
                continue
            if entry.mac is not None:
                self._by_name_and_mac.remove((entry.name, entry.mac), entry)
                self._by_mac.remove(entry.mac, entry)
            self._unname(entry)
        for entry in new:
            if entry.name.scheme == "mac":
                self._by_mac.add(entry.name.id, entry)
                continue
            if entry.mac is not None:
                self._by_name_and_mac.add((entry.name, entry.mac), entry)
                self._by_mac.add(entry.mac, entry)
            self._name(entry)

    def _name(self, entry: TagEntry) -> None:
        """What several are called, or strangers as well, says nothing alone."""
        shared = self._shared.get(entry.name)
        if shared is not None:
            shared.append(entry)
        elif entry.bound or entry.name in self._by_name:
            before = self._by_name.pop(entry.name, None)
            self._shared[entry.name] = [entry] if before is None else [before, entry]
        else:
            self._by_name[entry.name] = entry

    def _unname(self, entry: TagEntry) -> None:
        shared = self._shared.get(entry.name)
        if shared is None:
            del self._by_name[entry.name]
            return
        shared.remove(entry)
        if not shared:
            del self._shared[entry.name]
        elif len(shared) == 1 and not shared[0].bound:
            self._by_name[entry.name] = shared[0]
            del self._shared[entry.name]

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
        return self._by_name_and_mac.now.get((name, mac)) or self._by_mac.now.get(mac)

    def __len__(self) -> int:
        return len(self._by_mac.now) + len(self._by_name)
