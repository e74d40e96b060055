"""Detectors are registered, changed, given new keys and ended; the edge's registry follows."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import asdict, replace
from sqlalchemy.engine import Connection

from app.devices.store.devices import has_city
from app.kit.errors import Conflict, NotFound
from app.kit.ids import CityId, DetectorId, new_id
from app.tags import registration
from app.tags.model import Detector
from app.tags.registration import DetectorDraft
from app.tags.service.registry import registry_changed
from app.tags.snapshot import Placed
from app.tags.store import detectors

_DRAFTED = DetectorDraft.__struct_fields__


def register_detector(connection: Connection, city_id: CityId, draft: DetectorDraft, now: datetime) -> Detector:
    """The detector that may speak from now on.

    Raises `InvalidInput`, `NotFound` for a city that does not use the service, `Conflict` when it is registered
    already. Where somebody says of one detector that it stands, it stands; a file is held against the town.
    """
    plain = registration.checked(draft)
    if not has_city(connection, city_id):
        raise NotFound
    detector = _made(city_id, plain, now)
    if not detectors.add(connection, detector):
        raise Conflict("A detector that calls itself so in this format is registered already.")
    registry_changed(connection)
    return detector


def register_detectors(
    connection: Connection, city_id: CityId, drafts: Sequence[DetectorDraft], now: datetime
) -> list[Detector]:
    """Many at once, from drafts that were found right and that are not registered. Raises `NotFound` for the city."""
    if not has_city(connection, city_id):
        raise NotFound
    made = [_made(city_id, draft, now) for draft in drafts]
    if made:
        detectors.add_all(connection, made)
        registry_changed(connection)
    return made


def change_detector(connection: Connection, detector_id: DetectorId, changes: Mapping[str, Any]) -> Detector:
    """The detector with other values in some fields of its draft. Raises `NotFound`, `InvalidInput`, `Conflict`."""
    before = detectors.locked(connection, detector_id)
    draft = registration.checked(replace(_draft_of(before), **changes), detector_id)
    after = replace(before, **asdict(draft) | {"external_id": registration.own_name(draft, detector_id)})
    values = {name: getattr(after, name) for name in _DRAFTED if getattr(after, name) != getattr(before, name)}
    if not values:
        return before
    renamed = (after.format, after.external_id) != (before.format, before.external_id)
    if renamed and detectors.taken(connection, after.format, [after.external_id]):
        raise Conflict("A detector that calls itself so in this format is registered already.")
    detectors.change(connection, detector_id, values)
    registry_changed(connection)
    return after


def rotate_detector_key(connection: Connection, detector_id: DetectorId) -> Detector:
    """The detector with its next key; the old one is worth nothing from now on. Raises `NotFound`."""
    before = detectors.locked(connection, detector_id)
    after = replace(before, key_generation=before.key_generation + 1)
    detectors.change(connection, detector_id, {"key_generation": after.key_generation})
    registry_changed(connection)
    return after


def end_detector(connection: Connection, detector_id: DetectorId, now: datetime) -> None:
    """Nothing is heard from it any more. What it heard stays. Raises `NotFound`."""
    detectors.locked(connection, detector_id)
    detectors.change(connection, detector_id, {"ended_at": now})
    registry_changed(connection)


def placed(connection: Connection, detector_ids: Collection[UUID]) -> dict[UUID, Placed]:
    """Where each of these detectors is; unknown ones are left out."""
    return detectors.placed(connection, detector_ids)


def placed_now(connection: Connection, detector_ids: Collection[UUID]) -> dict[UUID, Placed]:
    """As `placed`, for readers."""
    return detectors.placed_now(connection, detector_ids)


def _made(city_id: CityId, draft: DetectorDraft, now: datetime) -> Detector:
    detector_id = DetectorId(new_id())
    values = asdict(draft) | {"external_id": registration.own_name(draft, detector_id)}
    return Detector(id=detector_id, city_id=city_id, created_at=now, **values)


def _draft_of(detector: Detector) -> DetectorDraft:
    return msgspec.convert(detector, DetectorDraft, from_attributes=True)
