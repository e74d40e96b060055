"""What detectors say of themselves is kept, and a trouble is over as soon as a word of theirs says so."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.kit.ids import DetectorId
from app.tags import words
from app.tags.model import DetectorHealth
from app.tags.states import over_at
from app.tags.store import hearing, spells
from app.tags.words import Heard
from beacon_ingest.messages import DetectorUnit


def save(connection: Connection, units: Sequence[DetectorUnit], now: datetime) -> None:
    """Keeps what a group of units says of their detectors, whatever order it comes in; spells that it ends are closed.

    Two statements for a group at most, and one look for spells that are open.
    """
    found = words.by_detector(units, now)
    if not found:
        return
    hearing.save(connection, found)
    _close(connection, found)


def detector_health(connection: Connection, detector_ids: Collection[UUID]) -> dict[UUID, DetectorHealth]:
    """How each of these detectors is, of those that were ever heard."""
    return hearing.of(connection, detector_ids)


def visible_health(connection: Connection, viewer: Viewer, detector_id: DetectorId) -> DetectorHealth | None:
    """What is known of a detector that the viewer may see; None before it is first heard. Raises `NotFound`."""
    return hearing.of(connection, [spells.visible(connection, viewer, detector_id)]).get(detector_id)


def visible_hours(
    connection: Connection, viewer: Viewer, detector_id: DetectorId, from_at: datetime, until_at: datetime
) -> list[tuple[int, int, int]]:
    """(hour since 1970, sightings, strangers) of a detector that the viewer may see, for the hours in which it heard
    anybody. Raises `NotFound`.
    """
    return hearing.hours(connection, spells.visible(connection, viewer, detector_id), from_at, until_at)


def _close(connection: Connection, found: Mapping[UUID, Heard]) -> None:
    ended = []
    for spell in spells.open_of(connection, found.keys()):
        at = over_at(spell, found[spell.detector_id].words)
        if at is not None:
            ended.append(replace(spell, until_at=at))
    spells.write(connection, ended)
