"""What the edge knows of detectors and tags, and the number that changes with it."""

from uuid import UUID

from sqlalchemy.engine import Connection

from app.db.session import hint
from app.devices.store.devices import bump_registry
from app.devices.store.devices import registry_version as version_of
from app.tags.snapshot import DetectorEntry, TagEntry
from app.tags.store import detectors, tags
from app.tags.store.wearers import wearers_now

_REGISTRY = "tags"


def detector_entries(connection: Connection) -> list[DetectorEntry]:
    """Every registered detector, for the edge's snapshot."""
    return detectors.entries(connection)


def tag_entries(connection: Connection) -> list[TagEntry]:
    """Every registered tag, for the edge's snapshot."""
    return tags.entries(connection)


def tag_wearers(connection: Connection) -> dict[UUID, UUID]:
    """The wearer of each tag that is worn."""
    return wearers_now(connection)


def registry_version(connection: Connection) -> int:
    """The number of both snapshots; it grows with every change of what is in them."""
    return version_of(connection, _REGISTRY)


def registry_changed(connection: Connection) -> None:
    """Notes that the edge should look again."""
    bump_registry(connection, _REGISTRY)
    hint(connection, "registry")
