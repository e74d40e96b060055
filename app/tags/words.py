"""What a group of units says of the detectors that sent them, joined to one row each, whatever order they come in."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET, Struct, field

from app.geo.cells import hour_of
from app.tags.states import Word
from beacon_ingest.messages import DetectorUnit

VALUES: Final = ("skew_s", "uptime_s", "battery_pct", "signal_pct", "firmware", "free_pct", "load")
"""What a detector says of itself, and the skew that is seen of its clock; of each the newest that was said is kept."""

FIRMWARE_CHARACTERS_MAX: Final = 100
_OF_HEALTH: Final = VALUES[1:]


class Heard(Struct, kw_only=True):
    """What was heard of one detector. `values` are those of `VALUES` that it told, by name."""

    heard_at: datetime
    hearing_at: datetime | None = None
    values: dict[str, Any] = field(default_factory=dict)
    sightings: int = 0
    strangers: int = 0
    hours: dict[int, tuple[int, int]] = field(default_factory=dict)
    """(sightings, strangers) by whole hours since 1970 in which it heard any."""
    words: list[Word] = field(default_factory=list)
    """Each time that it was heard, in order of time."""


def by_detector(units: Iterable[DetectorUnit], now: datetime) -> dict[UUID, Heard]:
    """What was heard of each detector, by the time of our own clock. One that is ahead of `now` counts as now: nothing
    could come after it.
    """
    found: dict[UUID, Heard] = {}
    for unit in sorted(units, key=lambda one: one.received_at):
        at = min(unit.received_at, now)
        heard = found.get(unit.device_id)
        if heard is None:
            heard = found[unit.device_id] = Heard(heard_at=at)
        _add(heard, unit, at)
    return found


def _add(heard: Heard, unit: DetectorUnit, at: datetime) -> None:
    """Adds a unit that is not older than those before it."""
    report = unit.report
    hears = report.sightings + report.strangers > 0
    heard.heard_at = at
    if hears:
        heard.hearing_at = at
        heard.sightings += report.sightings
        heard.strangers += report.strangers
        hour = hour_of(at)
        sightings, strangers = heard.hours.get(hour, (0, 0))
        heard.hours[hour] = (sightings + report.sightings, strangers + report.strangers)
    heard.values.update(_told(unit))
    heard.words.append(Word(at, hears, None if report.skew_s is UNSET else report.skew_s))


def _told(unit: DetectorUnit) -> Iterator[tuple[str, Any]]:
    if unit.report.skew_s is not UNSET:
        yield "skew_s", unit.report.skew_s
    if unit.health is UNSET:
        return
    for name in _OF_HEALTH:
        value = getattr(unit.health, name)
        if value is not UNSET:
            yield name, value[:FIRMWARE_CHARACTERS_MAX] if name == "firmware" else value
