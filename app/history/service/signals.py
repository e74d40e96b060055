"""What tags say besides being near: a pressed button, and how full the battery is."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import UnsetType
from sqlalchemy.engine import Connection

from app.devices.carriers import carrier_at, carrier_now
from app.history.model import Signal
from app.history.service.standing import spot_of
from app.history.store import passages as store
from app.kit.ids import TagId
from app.tags import service as tags
from app.tags.snapshot import Placed, Worn
from beacon_ingest.clocks import SKEW_S_MAX
from beacon_ingest.messages import DetectorUnit, TagHeard

SAME_PRESS = timedelta(seconds=60 + 2 * SKEW_S_MAX)
"""A tag repeats a press for a while, and several detectors tell it: the same count within a minute is the same press
(BLE notes, section 1), by clocks that may each be two minutes off. A counter that was reset by a new battery must not
swallow an SOS, so it is not longer."""


def signals(connection: Connection, units: Iterable[DetectorUnit]) -> list[Signal]:
    """What is news among what tags said; each press once, whoever told it and how often."""
    said = [
        (unit, tag) for unit in units for tag in unit.tags if tag.buttons or not isinstance(tag.battery_pct, UnsetType)
    ]
    if not said:
        return []
    worn = tags.worn(connection, {tag.tag for _, tag in said})
    placed = tags.placed(connection, {unit.device_id for unit, _ in said})
    found: list[Signal] = []
    for unit, tag in said:
        if tag.tag in worn:
            found += _presses(connection, unit, tag, worn[tag.tag], placed)
            found += _battery(connection, unit, tag, worn[tag.tag])
    return found


def _presses(
    connection: Connection, unit: DetectorUnit, tag: TagHeard, worn: Worn, placed: Mapping[UUID, Placed]
) -> Iterable[Signal]:
    for count, first_s, last_s in sorted(tag.buttons, key=lambda one: one[1]):
        at = datetime.fromtimestamp(first_s, UTC)
        if not store.press(connection, tag.tag, count, (at, datetime.fromtimestamp(last_s, UTC)), SAME_PRESS):
            continue
        # Pressed while nobody wore it (handed over a minute later): better heard by the wrong family than by nobody.
        carrier = carrier_at(worn.carriers, at) or carrier_now(worn.carriers)
        if carrier is None:
            continue
        detector = placed.get(unit.device_id)
        yield Signal(
            wearer_id=carrier.wearer_id,
            city_id=worn.city_id,
            tag_id=TagId(tag.tag),
            at=at,
            received_at=unit.received_at,
            pressed=True,
            spot=None if detector is None else spot_of(connection, unit.device_id, detector, at),
        )


def _battery(connection: Connection, unit: DetectorUnit, tag: TagHeard, worn: Worn) -> Iterable[Signal]:
    if isinstance(tag.battery_pct, UnsetType):
        return
    at = datetime.fromtimestamp(tag.heard_s[-1], UTC)
    carrier = carrier_at(worn.carriers, at)
    if tags.save_battery(connection, tag.tag, tag.battery_pct, at) and carrier is not None:
        yield Signal(
            wearer_id=carrier.wearer_id,
            city_id=worn.city_id,
            tag_id=TagId(tag.tag),
            at=at,
            received_at=unit.received_at,
            battery_pct=tag.battery_pct,
        )
