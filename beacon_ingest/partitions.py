"""Which partition of the stream a unit goes to. Pure.

Whoever the state belongs to decides: the wearer or contact who carries a device, the wearer of a tag. So all that
concerns one of them lies in one partition and is worked on in order; what changes hands goes with the new one.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from uuid import UUID
from zlib import crc32

from msgspec import UNSET, Struct
from msgspec.structs import replace

from beacon_ingest.messages import DetectorReport, DetectorUnit, TagHeard, Unit
from beacon_ingest.units import STAMP_BYTES


class Subjects:
    """Who each device and tag belongs to; what is in nobody's hands is its own subject."""

    def __init__(self) -> None:
        self._of: dict[UUID, UUID] = {}

    def change(self, gone: Iterable[UUID], new: Mapping[UUID, UUID]) -> None:
        """Forgets in whose hands some devices and tags are, and learns in whose others are: wearers and contacts."""
        for carried in gone:
            self._of.pop(carried, None)
        self._of.update(new)

    def of(self, carried: UUID) -> UUID:
        """Whose partition says where the unit goes."""
        return self._of.get(carried, carried)


class Part(Struct, frozen=True):
    """What of one unit goes into one partition: a unit of its own."""

    partition: int
    unit: Unit | DetectorUnit


def partition_of(subject: UUID, partitions: int) -> int:
    """The partition of a wearer, contact, detector, or device without either; the same in every process and version.

    >>> partition_of(UUID(int=1), 8), partition_of(UUID(int=1), 1)
    (3, 0)
    """
    return crc32(subject.bytes) % partitions


def parts_of(unit: Unit | DetectorUnit, subjects: Subjects, partitions: int) -> Sequence[Part]:
    """The parts of a unit, each for another partition, but for what a detector says of itself, which is a part of its
    own and goes by the detector.
    """
    own = partition_of(subjects.of(unit.device_id), partitions)
    if isinstance(unit, Unit) or not unit.tags:
        return (Part(own, unit),)
    heard: dict[int, list[TagHeard]] = {}
    for tag in unit.tags:
        heard.setdefault(partition_of(subjects.of(tag.tag), partitions), []).append(tag)
    return [Part(own, replace(unit, tags=())), *(Part(to, _share(unit, tags)) for to, tags in heard.items())]


def _share(unit: DetectorUnit, tags: Sequence[TagHeard]) -> DetectorUnit:
    """What a detector heard of some tags. Where it was then goes along: one that moves says it in the same unit."""
    return replace(
        unit,
        ingest_ids=tuple(_derived(one, tags) for one in unit.ingest_ids),
        report=DetectorReport(skew_s=unit.report.skew_s),
        tags=tuple(tags),
        health=UNSET,
        share=True,
    )


def _derived(ingest_id: bytes, tags: Sequence[TagHeard]) -> bytes:
    """The name of a share, which begins with the same time.

    The tags in it are part of it: when one changes hands between a unit that was stored in part and its repeat, the
    share that it joins is not taken for the one that was stored without it.
    """
    stamp = ingest_id[:STAMP_BYTES]
    digest = blake2b(ingest_id, digest_size=len(ingest_id) - len(stamp))
    for tag in sorted(one.tag.bytes for one in tags):
        digest.update(tag)
    return stamp + digest.digest()
