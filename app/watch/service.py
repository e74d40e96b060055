"""Looking: loads what the rules need, folds the observations over them, keeps the states, and gives back what
happened.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.db.versions import Kept
from app.geo import service as geo
from app.households import service as households
from app.kit.ids import CityId, DeviceId, WearerId
from app.watch import catalogue, silence, store
from app.watch.model import Observation, Subject, WatchEvent, WatchSettings
from app.watch.silence import Uptime
from app.watch.store import Kept as KeptState

DUE_AT_ONCE = 500


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
    subjects = _subjects(connection, observations)
    events: list[WatchEvent] = []
    for wearer_id, seen in observations.items():
        one = kept[wearer_id]
        happened, failures = catalogue.fold(one.state, seen, subjects[wearer_id], now)
        events += happened
        if failures:
            store.save_failures(connection, wearer_id, one.city_id, failures, now)
    _save(connection, list(kept.values()), subjects)
    return events


def tick(connection: Connection, now: datetime) -> list[WatchEvent]:
    """What happened by time alone: devices whose silence has lasted too long."""
    due = store.due_subjects(connection, now, DUE_AT_ONCE)
    if not due:
        return []
    kept = store.load(connection, due)
    subjects = _subjects(connection, due)
    uptime = store.uptime(connection)
    events = [
        event
        for subject_id, one in kept.items()
        for event in silence.tick(one.state, subjects[subject_id], uptime, now)
    ]
    _save(connection, list(kept.values()), subjects, uptime)
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


_WATCHED: Kept[Subject] = Kept(geo.VERSION, store.SETTINGS_VERSION)


def _subjects(connection: Connection, wearer_ids: Collection[UUID]) -> dict[UUID, Subject]:
    """Whom the rules look at. Fences and settings hardly ever change, so they are kept while their versions stand."""
    return _WATCHED.of(connection, wearer_ids, _load_subjects) if wearer_ids else {}


def _load_subjects(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Subject]:
    fences = geo.fences_of(connection, [WearerId(one) for one in ids])
    settings = store.settings_of(connection, ids)
    return {
        one: Subject(
            wearer_id=WearerId(one),
            fences=tuple(fences.get(WearerId(one), ())),
            settings=settings.get(one, WatchSettings()),
        )
        for one in ids
    }


def _save(
    connection: Connection, kept: list[KeptState], subjects: Mapping[UUID, Subject], uptime: Uptime | None = None
) -> None:
    """Keeps the states. Without `uptime` a time for silence may be too early after an outage; `tick` puts it right."""
    due_at = {
        one.subject_id: silence.due_at(one.state, subjects[one.subject_id].settings, uptime)
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
