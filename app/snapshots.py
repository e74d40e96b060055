"""What the edge keeps in memory of who may speak, which tags exist and whose they are, read from the tables."""

import hashlib
from uuid import UUID

from sqlalchemy.engine import Connection

from app.db.engine import Database
from app.db.versions import numbers
from app.devices import service as devices
from app.devices.store.devices import CARRIERS_VERSION
from app.tags import service as tags
from app.tags.keys import detector_key
from app.tags.model import DetectorKind
from app.tags.snapshot import DetectorEntry
from app.tags.store.tags import TAG_CARRIERS_VERSION
from beacon_ingest.messages import TagName
from beacon_ingest.partitions import Subjects
from beacon_ingest.registry import Entry, Registry, TagEntry, Tags

HANDS = (CARRIERS_VERSION, TAG_CARRIERS_VERSION)
"""What changes when something changes hands."""


class Snapshots:
    """What the edge knows, read from the tables: who may speak, which tags exist, and to whom what they say belongs."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self.registry, self.tags, self.subjects = Registry(), Tags(), Subjects()
        self._hands: frozenset[tuple[str, int]] | None = None
        self._database = database
        self._secret = secret

    async def load(self) -> None:
        """Brings both up to date."""
        versions, speakers, known = await self._database.read(self._read)
        self.registry.replace(speakers, sum(versions))
        self.tags.replace(known, versions[1])

    async def follow(self) -> None:
        """As `check`, and brings up to date to whom everything belongs: for an edge whose stream goes by that."""
        hands, subjects = await self._database.read(self._read_hands)
        if subjects is not None:
            self.subjects.replace(subjects)
            self._hands = hands
        await self.check()

    async def check(self) -> None:
        """Brings them up to date when somebody else changed something."""
        versions = await self._database.read(_versions)
        if not self.registry.ready or sum(versions) != self.registry.version:
            await self.load()

    def _read(self, connection: Connection) -> tuple[tuple[int, int], list[Entry], list[TagEntry]]:
        detectors = [_speaker(one, self._secret) for one in tags.detector_entries(connection)]
        known = [
            TagEntry(
                tag_id=one.tag_id, city=one.city, name=TagName(one.scheme, one.identity), mac=one.mac, bound=one.bound
            )
            for one in tags.tag_entries(connection)
        ]
        return _versions(connection), [*devices.registry_entries(connection), *detectors], known

    def _read_hands(self, connection: Connection) -> tuple[frozenset[tuple[str, int]], dict[UUID, UUID] | None]:
        hands = numbers(connection, HANDS)
        if hands == self._hands:
            return hands, None
        return hands, {**devices.carriers_now(connection), **tags.tag_wearers(connection)}


def _versions(connection: Connection) -> tuple[int, int]:
    return devices.registry_version(connection), tags.registry_version(connection)


def _speaker(one: DetectorEntry, secret: bytes) -> Entry:
    key = detector_key(secret, one.detector_id, one.key_generation).encode()
    return Entry(
        device_id=one.detector_id,
        city=one.city,
        format=one.format,
        external_id=one.external_id,
        key_hash=hashlib.sha256(key).digest(),
        forwarder=one.kind is DetectorKind.BRIDGE,
        detector=True,
        secret=key,
        interval_s=one.interval_s,
        skew_s=one.skew_s,
    )
