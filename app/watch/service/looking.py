"""Looking: loads what the rules need, folds the observations over them, keeps the states, and gives back what
happened.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.engine import Connection

from app.accounts.store.people import CITY_VERSION
from app.db.versions import Kept
from app.devices import service as devices
from app.geo import service as geo
from app.history import service as history
from app.kit.calendar import JST
from app.kit.ids import CityId, DetectorId, WearerId
from app.tags import service as tags
from app.tags.model import DetectorTrouble, Spell
from app.tags.store.detectors import DETECTOR_PLACES_VERSION
from app.watch import arrival, catalogue, home, store
from app.watch.around import Around, Question, asked_together
from app.watch.model import Observation, Passed, Place, Subject, WatchEvent, WatchSettings, WatchState
from app.watch.movement import closer, word
from app.watch.service import muting, outages, remembering
from app.watch.service.remembering import with_habits
from app.watch.silence import Uptime
from app.watch.store import Kept as KeptState
from app.watch.store import allowances
from app.watch.store.habits import forget_map

DUE_AT_ONCE = 500

MOVEMENT_ENDED = "movement_ended"
"""Intent: somebody ended an alert about a wearer's movement."""

WHY = "out"
"""What a tracker is asked for by these rules."""


def load(connection: Connection, subjects: Mapping[UUID, CityId]) -> dict[UUID, KeptState]:
    """The state of each subject, locked in order where the database locks rows."""
    return store.load(connection, subjects)


def look(
    connection: Connection,
    kept: Mapping[UUID, KeptState],
    observations: Mapping[WearerId, Sequence[Observation]],
    now: datetime,
) -> list[WatchEvent]:
    """What happened to each wearer by her observations, which are in order; every state in `kept` is saved.

    A state that belongs to a contact's phone has no observations: nobody is watched by carrying one.
    """
    subjects = with_habits(connection, kept, subjects_of(connection, kept))
    events: list[WatchEvent] = []
    for wearer_id, seen in observations.items():
        one = kept[wearer_id]
        happened, failures = catalogue.fold(one.state, seen, subjects[wearer_id], now)
        if happened:
            happened = _verified(connection, one.state, subjects[wearer_id], happened, now)
            happened = muting.unmuted(connection, one.state, subjects[wearer_id], happened)
        events += happened
        _ask_for_more(connection, one.state, subjects[wearer_id], now)
        if failures:
            store.save_failures(connection, wearer_id, one.city_id, failures, now)
    save(connection, list(kept.values()), subjects, now=now)
    return events


def _ask_for_more(connection: Connection, state: WatchState, subject: Subject, now: datetime) -> None:
    """Wants her tracker to speak more often while she is out, and no more when she is home."""
    if state.movement is None or not subject.settings.movement:
        return
    asked = closer.wanted(state.movement, subject.habits, now)
    if asked is None:
        return
    if asked.until is None:
        devices.want_no_live(connection, subject.wearer_id, why=WHY, interval_s=closer.INTERVAL_S, now=now)
    else:
        devices.want_live(
            connection,
            subject.wearer_id,
            why=WHY,
            until=asked.until,
            interval_s=closer.INTERVAL_S,
            battery_pct_min=asked.battery_pct_min,
            now=now,
        )


def _verified(
    connection: Connection, state: WatchState, subject: Subject, events: list[WatchEvent], now: datetime
) -> list[WatchEvent]:
    """The events without those that a tag heard at home refutes. A tag that lies there makes no new passage, so the
    store is asked.
    """
    asked = home.asked(state, events)
    if asked is None:
        return events
    at_home = store.home_detectors(connection, asked.detector_ids)
    if not at_home:
        return events
    passages = history.passages_at(connection, [subject.wearer_id], at_home, asked.from_at, now)
    heard = [
        Place(lat_deg=one.lat_deg, lon_deg=one.lon_deg, accuracy_m=one.accuracy_m or 0.0, at=one.last_at)
        for one in passages.get(subject.wearer_id, ())
        if one.lat_deg is not None and one.lon_deg is not None
    ]
    return home.verified(state, subject, events, heard)


def tick(connection: Connection, now: datetime) -> list[WatchEvent]:
    """What happened by time alone: devices and tags whose silence has lasted too long, arrivals that did not come."""
    due = store.due_subjects(connection, now, DUE_AT_ONCE)
    if not due:
        return []
    kept = store.load(connection, due)
    subjects = with_habits(connection, kept, subjects_of(connection, due))
    uptime = store.uptime(connection)
    towns = outages.of_towns(connection, due, now)
    around = _around(connection, kept, subjects, uptime, now)
    around_in = {city_id: msgspec.structs.replace(around, town=towns.get(city_id)) for city_id in set(due.values())}
    events: list[WatchEvent] = []
    for subject_id, one in kept.items():
        happened, failures = catalogue.tick(one.state, subjects[subject_id], around_in[due[subject_id]], now)
        if happened:
            happened = muting.unmuted(connection, one.state, subjects[subject_id], happened)
        events += happened
        if failures:
            store.save_failures(connection, subject_id, one.city_id, failures, now)
    due_at = [catalogue.due_at(one.state, subjects[key], uptime, towns.get(due[key]), now) for key, one in kept.items()]
    store.save(connection, list(kept.values()), due_at)
    return events


def _around(
    connection: Connection,
    kept: Mapping[UUID, KeptState],
    subjects: Mapping[UUID, Subject],
    uptime: Uptime | None,
    now: datetime,
) -> Around:
    """What the rules must know of detectors and tags. Mostly a tracker is due, and nothing is asked."""
    asked = asked_together(catalogue.question(one.state, subjects[key], uptime, now) for key, one in kept.items())
    spells: dict[UUID, list[Spell]] = {}
    names: dict[UUID, str] = {}
    if asked.detector_ids and asked.since is not None:
        spells = tags.spells_between(connection, asked.detector_ids, asked.since, now)
        for detector_id, (name, ended_at) in store.detector_names(connection, asked.detector_ids).items():
            names[detector_id] = name
            if ended_at is not None:  # One that was taken down says nothing any more.
                gone = Spell(
                    detector_id=DetectorId(detector_id), trouble=DetectorTrouble.SILENT, from_at=ended_at, until_at=None
                )
                spells.setdefault(detector_id, []).append(gone)
    heard_at = history.last_heard(connection, asked.tag_ids) if asked.tag_ids else {}
    passages = _passages(connection, asked, names)
    return Around(uptime=uptime, spells=spells, names=names, heard_at=heard_at, passages=passages)


def _passages(connection: Connection, asked: Question, names: Mapping[UUID, str]) -> dict[UUID, list[Passed]]:
    """Who was where she is expected, by wearer. `names` are those of the detectors."""
    if not asked.wearer_ids or asked.span is None:
        return {}
    found = history.passages_at(connection, asked.wearer_ids, asked.detector_ids, *asked.span)
    return {
        wearer_id: [
            Passed(
                tag_id=one.tag_id,
                detector_id=one.detector_id,
                detector_name=names.get(one.detector_id, ""),
                at=one.opened_at,
                last_at=one.last_at,
                received_at=one.received_at,
                lat_deg=one.lat_deg,
                lon_deg=one.lon_deg,
                accuracy_m=one.accuracy_m,
            )
            for one in passages
        ]
        for wearer_id, passages in found.items()
    }


def _expected_at(one: Subject) -> list[UUID]:
    return [detector_id for expectation in one.expectations for detector_id in expectation.detector_ids]


_WATCHED: Kept[UUID, Subject] = Kept(
    geo.VERSION,
    store.SETTINGS_VERSION,
    store.EXPECTATION_VERSION,
    allowances.ALLOWANCE_VERSION,
    CITY_VERSION,
    others={DETECTOR_PLACES_VERSION: _expected_at},
)


def subjects_of(connection: Connection, wearer_ids: Collection[UUID]) -> Mapping[UUID, Subject]:
    """Whom the rules look at. Fences, settings, expectations, what is fine and the intervals of detectors hardly ever
    change, so they are kept while their versions stand.
    """
    return _WATCHED.of(connection, wearer_ids, _load_subjects)


def _load_subjects(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Subject]:
    fences = geo.fences_of(connection, [WearerId(one) for one in ids])
    settings = store.settings_of(connection, ids)
    expectations = store.expectations_of(connection, ids)
    zones = store.zones_of(connection, ids)
    fine = allowances.allowances_of(connection, ids)
    return {
        one: Subject(
            wearer_id=WearerId(one),
            fences=tuple(fences.get(WearerId(one), ())),
            settings=settings.get(one, WatchSettings()),
            expectations=tuple(expectations.get(one, ())),
            zone=zones.get(one, JST),
            allowances=tuple(fine.get(one, ())),
        )
        for one in ids
    }


def save(
    connection: Connection,
    kept: list[KeptState],
    subjects: Mapping[UUID, Subject],
    now: datetime | None = None,
) -> None:
    """Keeps the states. A time for silence may be too early after an outage, and with `now` it may be as early as it
    was; `tick` puts it right.
    """
    due_at = [catalogue.due_at(one.state, subjects[one.subject_id], None) for one in kept]
    store.save(connection, kept, due_at, now)


def forget_device(connection: Connection, wearer_id: WearerId, device_id: UUID) -> None:
    """Drops what rules remember of a device or a tag that the wearer no longer carries, so that its silence is not
    told.
    """
    kept = store.load(connection, {wearer_id: CityId(0)})
    one = kept[wearer_id]
    device, tag = one.state.devices.pop(device_id.hex, None), one.state.tags.pop(device_id.hex, None)
    if one.version and (device is not None or tag is not None):
        save(connection, [one], subjects_of(connection, [wearer_id]))


def note_ended(connection: Connection, wearer_id: WearerId, at: datetime) -> None:
    """Takes in that somebody ended an alert about her movement: if she goes on it is something new, after a while."""
    one = store.load(connection, {wearer_id: CityId(0)})[wearer_id]
    if one.version and one.state.movement is not None:
        word.ended(one.state.movement, at)
        save(connection, [one], subjects_of(connection, [wearer_id]))


def set_timers(connection: Connection, wearer_id: WearerId, city_id: CityId, now: datetime) -> None:
    """Brings the state in step with what is expected of the wearer from now on. One who was never heard gets a state
    here: that she does not come must be told of her as well.
    """
    kept = store.load(connection, {wearer_id: city_id})
    subjects = subjects_of(connection, [wearer_id])
    arrival.keep_in_step(kept[wearer_id].state, subjects[wearer_id], now)
    save(connection, list(kept.values()), subjects)


def forget_all(connection: Connection, wearer_id: WearerId, now: datetime) -> None:
    """Ends what is expected of a wearer who is no longer watched, and what rules remember of her devices and tags, of
    where she goes, and of what is fine.
    """
    store.end_expectations(connection, wearer_id, now)
    allowances.forget(connection, wearer_id)
    one = store.load(connection, {wearer_id: CityId(0)})[wearer_id]
    forget_map(connection, wearer_id)
    remembering.forget(connection, wearer_id)
    if one.version:
        one.state = WatchState()
        save(connection, [one], subjects_of(connection, [wearer_id]))
