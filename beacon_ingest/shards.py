"""The register as it travels to edges that see no database: in shards, each replaced whole and numbered, so that a
change costs some kilobytes of many megabytes. Pure.

What a shard holds is decided by the ids of things, so that all that is known of one thing is in one shard. There is no
key in it: of a device's key the hash, of a detector's the generation, from which an edge that has the installation's
secret makes it.
"""

import hashlib
from collections.abc import Callable, Collection
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from beacon_ingest.messages import TagName, TagScheme
from beacon_ingest.partitions import Subjects
from beacon_ingest.registry import Entry, Registry, TagEntry, Tags

SHARDS: Final = 4096
"""With 10 million things a shard is 300 kB, with a million 30; another number is another bucket."""

_encode = msgspec.msgpack.Encoder(uuid_format="bytes").encode


def shard_of(thing: UUID) -> int:
    """The shard of a device, detector or tag: the last 12 bits of its id, which are random.

    >>> shard_of(UUID(int=4097))
    1
    """
    return thing.int % SHARDS


class Device(Struct, frozen=True, array_like=True):
    """An enrolled device, as `Entry`, and the wearer or contact who carries it."""

    id: UUID
    city: int
    format: str
    external_id: str
    key_hash: bytes | None
    key_required: bool
    forwarder: bool
    carrier: UUID | None


class Detector(Struct, frozen=True, array_like=True):
    """A registered detector, as `Entry`, but for its key, which follows from the generation."""

    id: UUID
    city: int
    format: str
    external_id: str
    key_generation: int
    forwarder: bool
    interval_s: int
    skew_s: float | None


class Tag(Struct, frozen=True, array_like=True):
    """A registered tag, as `TagEntry`, and who wears it."""

    id: UUID
    city: int
    scheme: TagScheme
    identity: str
    mac: str | None
    bound: bool
    wearer: UUID | None


class Shard(Struct, frozen=True, array_like=True):
    """All that is registered in one shard. Of two the one with the greater version is the newer."""

    version: int
    devices: tuple[Device, ...] = ()
    detectors: tuple[Detector, ...] = ()
    tags: tuple[Tag, ...] = ()


class Head(Struct, frozen=True, array_like=True):
    """Which shards there are: who does not have all of them does not know the register."""

    shards: tuple[int, ...]


open_shard = msgspec.msgpack.Decoder(Shard).decode
open_head = msgspec.msgpack.Decoder(Head).decode


def packed(one: Shard | Head) -> bytes:
    """One as it travels; `open_shard` and `open_head` read it again."""
    return _encode(one)


class _Held(Struct, frozen=True):
    version: int
    speakers: list[Entry]
    tags: list[TagEntry]
    carried: Collection[UUID]


_NOTHING: Final = _Held(-1, [], [], ())

KeyOf = Callable[[UUID, int], bytes]
"""The key of a detector, by its id and the generation."""


class Register:
    """What an edge knows, put together from shards that come in any order and more than once. It is ready when it has
    had every shard of the head, and stays so: what is lost where the shards are kept is not lost here.
    """

    def __init__(self, key_of: KeyOf) -> None:
        self.registry, self.tags, self.subjects = Registry(), Tags(), Subjects()
        self._key_of = key_of
        self._held: dict[int, _Held] = {}
        self._missing: set[int] | None = None

    @property
    def speakers_known(self) -> int:
        """How many devices and detectors are known."""
        return sum(len(one.speakers) for one in self._held.values())

    @property
    def tags_known(self) -> int:
        """How many tags are known."""
        return sum(len(one.tags) for one in self._held.values())

    def take_head(self, head: Head) -> None:
        """Learns which shards there are."""
        self._missing = set(head.shards) - self._held.keys()
        self._see()

    def take(self, number: int, shard: Shard) -> bool:
        """Whether the shard was news: an older one than is known loses, whenever it arrives."""
        before = self._held.get(number, _NOTHING)
        if shard.version <= before.version:
            return False
        speakers = [_device(one) for one in shard.devices]
        speakers += [speaker_of(one, self._key_of(one.id, one.key_generation)) for one in shard.detectors]
        tags = [
            TagEntry(tag_id=one.id, city=one.city, name=TagName(one.scheme, one.identity), mac=one.mac, bound=one.bound)
            for one in shard.tags
        ]
        carried = {one.id: one.carrier for one in shard.devices if one.carrier is not None}
        carried |= {one.id: one.wearer for one in shard.tags if one.wearer is not None}
        self.registry.change(before.speakers, speakers)
        self.tags.change(before.tags, tags)
        self.subjects.change(before.carried, carried)
        self._held[number] = _Held(shard.version, speakers, tags, tuple(carried))
        if self._missing is not None:
            self._missing.discard(number)
            self._see()
        return True

    def _see(self) -> None:
        if not self._missing:
            self.registry.ready = self.tags.ready = True


def _device(one: Device) -> Entry:
    return Entry(
        device_id=one.id,
        city=one.city,
        format=one.format,
        external_id=one.external_id,
        key_hash=one.key_hash,
        key_required=one.key_required,
        forwarder=one.forwarder,
    )


def speaker_of(one: Detector, key: bytes) -> Entry:
    """A detector as it speaks, with its key."""
    return Entry(
        device_id=one.id,
        city=one.city,
        format=one.format,
        external_id=one.external_id,
        key_hash=hashlib.sha256(key).digest(),
        forwarder=one.forwarder,
        detector=True,
        secret=key,
        interval_s=one.interval_s,
        skew_s=one.skew_s,
    )
