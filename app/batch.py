"""Whose each message is, and what follows from it before any rule looks. Pure: units, carriers and states in, one
`Batch` out.

A fix is judged for its quality here and becomes a position or a refusal; alarms, health and answers pass whatever
becomes of a fix in the same frame. Everything is attributed to whoever carried the device at the time of the message,
not at the time it arrived.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct

from app.devices.carriers import carrier_at
from app.devices.health import HealthRow, heard, row_of
from app.devices.model import Carried, Carrier
from app.geo import quality
from app.geo.cells import cell_of, hour_of
from app.history.model import Began, KeptSurvey, KnownBy, Position, RefusedFix, Signal
from app.kit.ids import CityId, DeviceId, WearerId
from app.watch.impossible import note_refused
from app.watch.model import (
    JUDGED_AGE_MAX,
    AlarmHeard,
    HealthHeard,
    Heard,
    Observation,
    Passed,
    Place,
    Seen,
    Surveyed,
    WatchState,
)
from beacon_ingest.messages import Alarm, Answer, Fix, Health, Survey, Unit

INTERVAL_S = 300
"""How often a device is expected when nothing else is known."""


class AnswerHeard(Struct, frozen=True, kw_only=True):
    """A device's reply to a command, in the word its protocol uses."""

    device_id: DeviceId
    word: str
    result: str | None
    at: datetime


class Batch(Struct, kw_only=True):
    """What many units say, sorted by what happens to it next. `observations` are in order of time for each wearer."""

    positions: list[Position] = msgspec.field(default_factory=list)
    refused: list[RefusedFix] = msgspec.field(default_factory=list)
    surveys: list[KeptSurvey] = msgspec.field(default_factory=list)
    health: list[HealthRow] = msgspec.field(default_factory=list)
    answers: list[AnswerHeard] = msgspec.field(default_factory=list)
    observations: dict[WearerId, list[Observation]] = msgspec.field(default_factory=dict)
    moved: set[WearerId] = msgspec.field(default_factory=set)
    orphans: list[Unit] = msgspec.field(default_factory=list)


Carriers = Mapping[UUID, Carried]

_NOBODY = Carried()


def subjects(units: Iterable[Unit], carriers: Carriers) -> dict[UUID, CityId]:
    """Everybody to whom a message of `units` belongs: wearers, and contacts who carry a phone of their own."""
    found: dict[UUID, CityId] = {}
    for unit in units:
        own = carriers.get(unit.device_id, _NOBODY).carriers
        if len(own) == 1 and own[0].until_at is None:  # The usual case.
            found[_subject(own[0])] = CityId(unit.city)
            continue
        for moment in {unit.received_at, *(_at(message, unit) for message in unit.messages)}:
            carrier = carrier_at(own, moment)
            if carrier is not None:
                found[_subject(carrier)] = CityId(unit.city)
    return found


def sort_out(units: Iterable[Unit], carriers: Carriers, states: Mapping[UUID, WatchState]) -> Batch:
    """The batch of `units`. What each device's last good fix was is read from and kept in `states`."""
    batch = Batch()
    for unit in units:
        _take(batch, unit, carriers.get(unit.device_id, _NOBODY), states)
    for seen in batch.observations.values():
        seen.sort(key=_order)
    return batch


def _take(batch: Batch, unit: Unit, carried: Carried, states: Mapping[UUID, WatchState]) -> None:
    """Takes in one unit: fixes first, so that an alarm of the same frame knows its place."""
    carriers = carried.carriers
    device_id = DeviceId(unit.device_id)
    health = [row_of(device_id, unit.received_at, message) for message in unit.messages if type(message) is Health]
    batch.health += health or [heard(device_id, unit.received_at)]
    places: dict[datetime, Place] = {}
    for ordinal, fix in _numbered(unit):
        carrier = carrier_at(carriers, _at(fix, unit))
        if carrier is not None:
            seen = _take_fix(batch, unit, fix, ordinal, carrier, states[_subject(carrier)])
            if seen is not None and len(unit.messages) > 1:
                places[seen.at] = Place(
                    lat_deg=seen.lat_deg, lon_deg=seen.lon_deg, accuracy_m=seen.accuracy_m, at=seen.at
                )
    for message in unit.messages:
        at = _at(message, unit)
        if isinstance(message, Answer):
            result = None if message.result is UNSET else message.result
            batch.answers.append(AnswerHeard(device_id=device_id, word=message.command, result=result, at=at))
        elif isinstance(message, Survey):
            _note_survey(batch, unit, message, carrier_at(carriers, at), at)
            batch.surveys.append(
                KeptSurvey(
                    city_id=CityId(unit.city),
                    device_id=device_id,
                    at=at,
                    received_at=unit.received_at,
                    cells=message.cells,
                    access_points=message.access_points,
                )
            )
        elif not isinstance(message, Fix):
            _observe(batch, unit, message, _concerned(carriers, message, at, unit), at, places)
    carrier_now = carrier_at(carriers, unit.received_at)
    if carrier_now is not None and carrier_now.wearer_id is not None:
        interval_s = INTERVAL_S if carried.interval_s is None else carried.interval_s
        word = Heard(device_id=device_id, received_at=unit.received_at, interval_s=interval_s)
        batch.observations.setdefault(carrier_now.wearer_id, []).append(word)


def _note_survey(batch: Batch, unit: Unit, survey: Survey, carrier: Carrier | None, at: datetime) -> None:
    """Puts access points before the rules of the wearer: some may be known to be of her home."""
    if carrier is None or carrier.wearer_id is None or not survey.access_points:
        return
    heard = tuple(one.mac for one in survey.access_points)
    word = Surveyed(device_id=unit.device_id, at=at, received_at=unit.received_at, access_points=heard)
    batch.observations.setdefault(carrier.wearer_id, []).append(word)


def _concerned(carriers: Sequence[Carrier], message: Alarm | Health, at: datetime, unit: Unit) -> Carrier | None:
    """Whoever carried the device then.

    An alarm of a time in which nobody did (a new watch whose clock is slow) is taken for its present carrier's: better
    heard by the wrong family than by nobody.
    """
    carrier = carrier_at(carriers, at)
    if carrier is None and isinstance(message, Alarm):
        return carrier_at(carriers, unit.received_at)
    return carrier


def _observe(
    batch: Batch,
    unit: Unit,
    message: Alarm | Health,
    carrier: Carrier | None,
    at: datetime,
    places: Mapping[datetime, Place],
) -> None:
    """Puts an alarm or a health report before the rules of the wearer. An alarm that belongs to nobody must be seen by
    an operator.
    """
    if carrier is None:
        if isinstance(message, Alarm):
            batch.orphans.append(unit)
        return
    if carrier.wearer_id is None:
        return
    seen = batch.observations.setdefault(carrier.wearer_id, [])
    if isinstance(message, Alarm):
        seen.append(
            AlarmHeard(
                device_id=unit.device_id,
                at=at,
                received_at=unit.received_at,
                kinds=message.kinds,
                place=places.get(at),
            )
        )
    elif message.battery_pct is not UNSET or message.charging is not UNSET:
        seen.append(
            HealthHeard(
                device_id=unit.device_id,
                at=at,
                received_at=unit.received_at,
                battery_pct=None if message.battery_pct is UNSET else message.battery_pct,
                charging=None if message.charging is UNSET else message.charging,
            )
        )


def _take_fix(batch: Batch, unit: Unit, fix: Fix, ordinal: int, carrier: Carrier, state: WatchState) -> Seen | None:
    """Judges one fix: a position and an observation of it, or a refusal with its reason."""
    at = _at(fix, unit)
    known_by = KnownBy.GNSS if fix.source is UNSET else KnownBy(fix.source)
    stated_m = quality.stated_accuracy_m(None if fix.accuracy_m is UNSET else fix.accuracy_m)
    device = state.device(unit.device_id)
    refused, device.known = quality.judge(
        device.known,
        lat_deg=fix.lat_deg,
        lon_deg=fix.lon_deg,
        at=at,
        accuracy_m=stated_m,
        known_by=known_by,
        received_at=unit.received_at,
    )
    if refused is not None:
        if refused is quality.Refused.IMPOSSIBLE_SPEED and unit.received_at - at <= JUDGED_AGE_MAX:
            accuracy_m = quality.assumed_accuracy_m(known_by) if stated_m is None else stated_m
            note_refused(device, quality.Place(at, fix.lat_deg, fix.lon_deg, accuracy_m))
        batch.refused.append(
            RefusedFix(
                city_id=CityId(unit.city),
                device_id=DeviceId(unit.device_id),
                fix_at=at,
                received_at=unit.received_at,
                lat_deg=fix.lat_deg,
                lon_deg=fix.lon_deg,
                accuracy_m=stated_m,
                reason=refused,
            )
        )
        return None
    batch.positions.append(
        Position(
            city_id=CityId(unit.city),
            device_id=DeviceId(unit.device_id),
            fix_at=at,
            ordinal=ordinal,
            wearer_id=carrier.wearer_id,
            contact_id=carrier.contact_id,
            received_at=unit.received_at,
            lat_deg=fix.lat_deg,
            lon_deg=fix.lon_deg,
            accuracy_m=stated_m,
            altitude_m=None if fix.altitude_m is UNSET else fix.altitude_m,
            speed_mps=None if fix.speed_mps is UNSET else fix.speed_mps,
            heading_deg=None if fix.heading_deg is UNSET else fix.heading_deg,
            known_by=known_by,
            cell=cell_of(fix.lat_deg, fix.lon_deg),
            hour=hour_of(at),
        )
    )
    seen = Seen(
        device_id=unit.device_id,
        at=at,
        received_at=unit.received_at,
        lat_deg=fix.lat_deg,
        lon_deg=fix.lon_deg,
        accuracy_m=quality.assumed_accuracy_m(known_by) if stated_m is None else stated_m,
        known_by=known_by,
    )
    if carrier.wearer_id is not None:
        batch.observations.setdefault(carrier.wearer_id, []).append(seen)
        batch.moved.add(carrier.wearer_id)
    return seen


def those_heard(began: Iterable[Began], signals: Iterable[Signal]) -> dict[UUID, CityId]:
    """The wearers whose tags said something that rules look at."""
    found: dict[UUID, CityId] = {}
    for one in began:
        if one.passage.wearer_id is not None:
            found[one.passage.wearer_id] = one.passage.city_id
    for signal in signals:
        found[signal.wearer_id] = signal.city_id
    return found


def take_heard(batch: Batch, began: Iterable[Began], signals: Iterable[Signal]) -> None:
    """Puts passages that began, presses and charges before the rules of the wearers."""
    touched: set[WearerId] = set()
    for one in began:
        passage = one.passage
        if passage.wearer_id is None:
            continue
        touched.add(passage.wearer_id)
        if not passage.doubtful:
            batch.moved.add(passage.wearer_id)
        batch.observations.setdefault(passage.wearer_id, []).append(
            Passed(
                tag_id=passage.tag_id,
                detector_id=passage.detector_id,
                detector_name=one.detector_name,
                at=passage.opened_at,
                last_at=passage.last_at,
                received_at=passage.received_at,
                lat_deg=passage.lat_deg,
                lon_deg=passage.lon_deg,
                accuracy_m=passage.accuracy_m,
                doubtful=passage.doubtful,
                kind=one.kind,
            )
        )
    for signal in signals:
        touched.add(signal.wearer_id)
        batch.observations.setdefault(signal.wearer_id, []).append(_signalled(signal))
    for wearer_id in touched:
        batch.observations[wearer_id].sort(key=_order)


def _signalled(signal: Signal) -> AlarmHeard | HealthHeard:
    if not signal.pressed:
        return HealthHeard(
            device_id=signal.tag_id,
            at=signal.at,
            received_at=signal.received_at,
            battery_pct=signal.battery_pct,
            of_tag=True,
        )
    spot = signal.spot
    place = None
    if spot is not None:
        place = Place(lat_deg=spot.lat_deg, lon_deg=spot.lon_deg, accuracy_m=spot.accuracy_m, at=signal.at)
    return AlarmHeard(
        device_id=signal.tag_id, at=signal.at, received_at=signal.received_at, kinds=("sos",), place=place
    )


def _numbered(unit: Unit) -> Iterable[tuple[int, Fix]]:
    """The fixes of a unit in order of time, each with its place among those of one moment."""
    count: dict[datetime, int] = {}
    fixes = [message for message in unit.messages if type(message) is Fix]
    if len(fixes) == 1:
        yield 0, fixes[0]
        return
    for fix in sorted(fixes, key=lambda fix: _at(fix, unit)):
        at = _at(fix, unit)
        count[at] = count.get(at, -1) + 1
        yield count[at], fix


def _at(message: Fix | Alarm | Health | Survey | Answer, unit: Unit) -> datetime:
    """When a message was true: its own time, or when it arrived where the device states none."""
    return unit.received_at if message.at is UNSET else message.at


def _subject(carrier: Carrier) -> UUID:
    subject = carrier.wearer_id or carrier.contact_id
    assert subject is not None, "a carrier is a wearer or a contact"
    return subject


_RANK: dict[type, int] = {Heard: 0, AlarmHeard: 1, HealthHeard: 2, Passed: 3, Surveyed: 3, Seen: 4}


def _order(observation: Observation) -> tuple[datetime, int]:
    """Order of time; of one moment, what the device says comes before where it is."""
    at = observation.received_at if isinstance(observation, Heard) else observation.at
    return at, _RANK[type(observation)]
