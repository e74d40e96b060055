"""What the edge knows of detectors and tags, and the number that changes with it."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.engine import Connection

from app.db.session import hint
from app.devices.store.devices import bump_registry
from app.devices.store.devices import registry_version as version_of
from app.tags.snapshot import DetectorEntry, TagEntry
from app.tags.store import detectors, tags
from app.tags.store.wearers import wearers_now

_REGISTRY = "tags"


def detector_entries(connection: Connection, in_shards: Collection[int] | None = None) -> list[DetectorEntry]:
    """Every registered detector, or those of some shards, for the edge's snapshot."""
    return detectors.entries(connection, in_shards)


def tag_entries(connection: Connection, in_shards: Collection[int] | None = None) -> list[TagEntry]:
    """Every registered tag, or those of some shards, for the edge's snapshot."""
    return tags.entries(connection, in_shards)


def tag_wearers(connection: Connection, in_shards: Collection[int]) -> dict[UUID, UUID]:
    """Whom each tag of some shards concerns: its wearer, or whose contact carries it."""
    return wearers_now(connection, in_shards)


def registry_version(connection: Connection) -> int:
    """The number of both snapshots; it grows with every change of what is in them."""
    return version_of(connection, _REGISTRY)


def registry_changed(connection: Connection) -> None:
    """Notes that the edge should look again."""
    bump_registry(connection, _REGISTRY)
    hint(connection, "registry")
