"""Looking: loads what the rules need, folds the observations over them, keeps the states, and gives back what
happened.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.geo import service as geo
from app.households import service as households
from app.kit.ids import CityId, DeviceId, WearerId
from app.watch import catalogue, silence, store
from app.watch.model import Observation, Subject, WatchEvent, WatchSettings
from app.watch.store import Kept

DUE_AT_ONCE = 500


def load(connection: Connection, subjects: Mapping[UUID, CityId]) -> dict[UUID, Kept]:
    """The state of each subject, locked in order where the database locks rows."""
    return store.load(connection, subjects)


def look(
    connection: Connection,
    kept: Mapping[UUID, Kept],
    observations: Mapping[WearerId, Sequence[Observation]],
    now: datetime,
) -> list[WatchEvent]:
    """What happened to each wearer by her observations, which are in order; every state in `kept` is saved.

    A state that belongs to a contact's phone has no observations: nobody is watched by carrying one.
    """
    subjects = _subjects(connection, observations)
    events: list[WatchEvent] = []
    for wearer_id, seen in observations.items():
        one = kept[wearer_id]
        happened, failures = catalogue.fold(one.state, seen, subjects[wearer_id], now)
        events += happened
        store.save_failures(connection, wearer_id, one.city_id, failures, now)
    _save(connection, list(kept.values()), subjects)
    return events


def tick(connection: Connection, now: datetime) -> list[WatchEvent]:
    """What happened by time alone: devices whose silence has lasted too long."""
    due = store.due_subjects(connection, now, DUE_AT_ONCE)
    if not due:
        return []
    kept = store.load(connection, due)
    subjects = _subjects(connection, (WearerId(subject_id) for subject_id in due))
    uptime = store.uptime(connection)
    events = [
        event
        for subject_id, one in kept.items()
        for event in silence.tick(one.state, subjects[WearerId(subject_id)], uptime, now)
    ]
    _save(connection, list(kept.values()), subjects)
    return events


def settings(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> WatchSettings:
    """The settings of a wearer for those who may know of her. Raises `NotFound`."""
    households.visible_wearer(connection, viewer, wearer_id, None, now)
    return store.settings_of(connection, [wearer_id]).get(wearer_id, WatchSettings())


def change_settings(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, changed: WatchSettings, now: datetime
) -> WatchSettings:
    """The settings as they are from now on. Raises `NotFound` for those who do not manage the wearer."""
    households.managed_wearer(connection, viewer, wearer_id, now)
    store.save_settings(connection, wearer_id, changed, viewer.account_id, now)
    return changed


def _subjects(connection: Connection, wearer_ids: Iterable[WearerId]) -> dict[WearerId, Subject]:
    ids = list(wearer_ids)
    if not ids:
        return {}
    fences = geo.fences_of(connection, ids)
    settings = store.settings_of(connection, ids)
    return {
        wearer_id: Subject(
            wearer_id=wearer_id,
            fences=tuple(fences.get(wearer_id, ())),
            settings=settings.get(wearer_id, WatchSettings()),
        )
        for wearer_id in ids
    }


def _save(connection: Connection, kept: list[Kept], subjects: Mapping[WearerId, Subject]) -> None:
    uptime = store.uptime(connection)
    due_at = {
        one.subject_id: silence.due_at(one.state, subjects[WearerId(one.subject_id)].settings, uptime)
        for one in kept
        if one.subject_id in subjects
    }
    store.save(connection, kept, due_at)


def forget_device(connection: Connection, wearer_id: WearerId, device_id: DeviceId) -> None:
    """Drops what rules remember of a device that the wearer no longer carries, so that its silence is not told."""
    kept = store.load(connection, {wearer_id: CityId(0)})
    one = kept[wearer_id]
    if one.version and one.state.devices.pop(device_id.hex, None) is not None:
        _save(connection, [one], _subjects(connection, [wearer_id]))
