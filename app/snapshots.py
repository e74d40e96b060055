"""What the edge keeps in memory of who may speak and which tags exist, read from the tables: whole for an edge that has
the database, in shards for those that have not.
"""

from collections.abc import Callable, Collection
from uuid import UUID

from sqlalchemy.engine import Connection

from app.db import shards
from app.db.engine import Database
from app.devices import service as devices
from app.tags import service as tags
from app.tags.keys import detector_key
from app.tags.model import DetectorKind
from app.tags.snapshot import DetectorEntry
from beacon_ingest.messages import TagName
from beacon_ingest.registry import Entry, Registry, TagEntry, Tags
from beacon_ingest.shards import Detector, Device, Shard, Tag, shard_of, speaker_of


class Snapshots:
    """What the edge knows, read from the tables: who may speak, and which tags exist."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self.registry, self.tags = Registry(), Tags()
        self._database = database
        self._secret = secret

    async def load(self) -> None:
        """Brings both up to date."""
        versions, speakers, known = await self._database.read(self._read)
        self.registry.replace(speakers, sum(versions))
        self.tags.replace(known, versions[1])

    async def check(self) -> None:
        """Brings them up to date when something changed."""
        versions = await self._database.read(_versions)
        if not self.registry.ready or sum(versions) != self.registry.version:
            await self.load()

    def _read(self, connection: Connection) -> tuple[tuple[int, int], list[Entry], list[TagEntry]]:
        key = key_of(self._secret)
        found = tags.detector_entries(connection)
        detectors = [speaker_of(_detector(one), key(one.detector_id, one.key_generation)) for one in found]
        known = [
            TagEntry(
                tag_id=one.tag_id, city=one.city, name=TagName(one.scheme, one.identity), mac=one.mac, bound=one.bound
            )
            for one in tags.tag_entries(connection)
        ]
        return _versions(connection), [*devices.registry_entries(connection), *detectors], known


def _versions(connection: Connection) -> tuple[int, int]:
    return devices.registry_version(connection), tags.registry_version(connection)


def key_of(secret: bytes) -> Callable[[UUID, int], bytes]:
    """What makes the key of a detector, of its id and the generation."""
    return lambda detector_id, generation: detector_key(secret, detector_id, generation).encode()


def read_shards(connection: Connection, numbers: Collection[int]) -> dict[int, Shard]:
    """These shards of the register as they are now, with their versions; PostgreSQL only."""
    versions = shards.versions(connection)
    devices_in: dict[int, list[Device]] = {number: [] for number in numbers}
    detectors_in: dict[int, list[Detector]] = {number: [] for number in numbers}
    tags_in: dict[int, list[Tag]] = {number: [] for number in numbers}
    carriers = devices.carriers_now(connection, numbers)
    wearers = tags.tag_wearers(connection, numbers)
    for one in devices.registry_entries(connection, numbers):
        devices_in[shard_of(one.device_id)].append(_device(one, carriers.get(one.device_id)))
    for detector in tags.detector_entries(connection, numbers):
        detectors_in[shard_of(detector.detector_id)].append(_detector(detector))
    for tag in tags.tag_entries(connection, numbers):
        bound = Tag(tag.tag_id, tag.city, tag.scheme, tag.identity, tag.mac, tag.bound, wearers.get(tag.tag_id))
        tags_in[shard_of(tag.tag_id)].append(bound)
    return {
        number: Shard(
            versions.get(number, 0), tuple(devices_in[number]), tuple(detectors_in[number]), tuple(tags_in[number])
        )
        for number in numbers
    }


def _device(one: Entry, carrier: UUID | None) -> Device:
    return Device(
        one.device_id, one.city, one.format, one.external_id, one.key_hash, one.key_required, one.forwarder, carrier
    )


def _detector(one: DetectorEntry) -> Detector:
    forwarder = one.kind is DetectorKind.BRIDGE
    return Detector(
        one.detector_id,
        one.city,
        one.format,
        one.external_id,
        one.key_generation,
        forwarder,
        one.interval_s,
        one.skew_s,
    )
