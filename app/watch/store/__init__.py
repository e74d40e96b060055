"""The queries of the watches: states, settings, expectations, failures, the service's own uptime."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.tables import city
from app.db import dialect, versions
from app.db.tables import heartbeat
from app.db.types import KeyBytes
from app.households.tables import wearer
from app.kit.errors import Conflict
from app.kit.ids import AccountId, CityId, ExpectationId, WearerId, new_id
from app.tags.model import DetectorKind
from app.tags.tables import detector
from app.watch.catalogue import Failure
from app.watch.fitting import decoded, encoded
from app.watch.model import Expectation, WatchSettings, WatchState
from app.watch.outage import Outage
from app.watch.silence import Uptime
from app.watch.tables import device_outage, expectation, watch_failure, watch_setting, watch_state


class Kept(Struct, kw_only=True):
    """A state as it was loaded: `version` 0 means that there was none, `due_at` is the timer as it is stored."""

    subject_id: UUID
    city_id: CityId
    state: WatchState
    version: int
    due_at: datetime | None = None


SETTINGS_VERSION = "watch_setting"
EXPECTATION_VERSION = "expectation"
_EXPECTED = expectation.c.ended_at.is_(None)


def _if_as_it_was(insert: Any, names: tuple[str, ...]) -> Any:
    """Compare-and-set: a state is written over only if its version is the one before."""
    new, kept = insert.excluded, watch_state.c
    return insert.on_conflict_do_update(
        index_elements=["subject_id"],
        set_={name: new[name] for name in names},
        where=kept.version == new.version - sa.literal_column("1"),
    )


_IN_TIME = timedelta(hours=1)
"""A timer that has so long to go is not put off with each observation, since each time costs an index two pages. Who
looks at what is due sees that it is not, and puts it off then: once a day for a tag.
"""

_STATE = ("subject_id", "city_id", "state", "version")
_SAVE = dialect.Rows(watch_state, (*_STATE, "due_at"), partial(_if_as_it_was, names=("state", "version", "due_at")))
_SAVE_BUT_TIMER = dialect.Rows(watch_state, _STATE, partial(_if_as_it_was, names=("state", "version")))
_SUBJECT = sa.type_coerce(watch_state.c.subject_id, KeyBytes()).label("subject_id")
_STATES = sa.select(_SUBJECT, watch_state.c.state, watch_state.c.version, watch_state.c.due_at).where(
    watch_state.c.subject_id.in_(sa.bindparam("ids", expanding=True))
)
_KEY: sa.Column[bytes] = sa.Column("subject_id", KeyBytes())
_LOOKUP = dialect.Lookup(_STATES, _KEY)
_LOCKED = dialect.Lookup(_STATES.order_by(watch_state.c.subject_id).with_for_update(), _KEY)
_number = attrgetter("int")
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_SETTINGS = dialect.Lookup(
    sa.select(sa.type_coerce(watch_setting.c.wearer_id, KeyBytes()).label("wearer_id"), watch_setting.c.settings).where(
        watch_setting.c.wearer_id.in_(_IDS)
    ),
    _KEY,
)
_EXPECTED_OF = dialect.Lookup(
    sa.select(sa.type_coerce(expectation.c.wearer_id, KeyBytes()).label("wearer_id")).where(
        expectation.c.wearer_id.in_(_IDS), _EXPECTED
    ),
    _KEY,
)
_ZONES = dialect.Lookup(
    sa.select(sa.type_coerce(wearer.c.id, KeyBytes()).label("id"), city.c.zone)
    .join(city, city.c.id == wearer.c.city_id)
    .where(wearer.c.id.in_(_IDS)),
    _KEY,
)
_memory: versions.Memory[bytes, Kept] = versions.Memory("watch_state")
STATES_MAX = 20_000
"""States that are kept in memory between transactions."""


def load(connection: Connection, subjects: Mapping[UUID, CityId]) -> dict[UUID, Kept]:
    """The states of subjects, in the order of their ids (so that two workers lock rows in one order); fresh ones where
    there was none.
    """
    keys = {one.bytes: one for one in sorted(subjects, key=_number)}
    # What is kept is taken out until it is saved: whoever fails in between has changed it.
    known = _memory.of(connection)
    kept = {subject_id: known.pop(key, None) for key, subject_id in keys.items()}
    lookup = _LOOKUP if connection.dialect.name == "sqlite" else _LOCKED
    rows = {row[0]: row for row in lookup.rows(connection, [key for key, one in keys.items() if kept[one] is None])}
    loaded: dict[UUID, Kept] = {}
    for key, subject_id in keys.items():
        one = kept[subject_id]
        if one is None:
            _, state, version, due_at = rows.get(key) or (None, None, 0, None)
            one = Kept(
                subject_id=subject_id,
                city_id=subjects[subject_id],
                state=WatchState() if state is None else decoded(state),
                version=version,
                due_at=due_at,
            )
        one.city_id = subjects[subject_id]
        loaded[subject_id] = one
    return loaded


def save(
    connection: Connection, kept: Sequence[Kept], due_at: Sequence[datetime | None], now: datetime | None = None
) -> None:
    """Writes states by compare-and-set, each with the time at which it is due. Raises `Conflict` when another worker
    changed one of them meanwhile. At `now`, where it is given, a timer that is early but far off stays as it is.
    """
    if not kept:
        return
    rows: list[tuple[Any, ...]] = []
    timed: list[tuple[Any, ...]] = []
    for one, due in zip(kept, due_at, strict=True):
        one.version += 1
        raw, whole = encoded(one.state)
        if not whole:  # What goes on in memory is what another process would read.
            one.state = decoded(raw)
        row = (one.subject_id, one.city_id, raw, one.version)
        before = one.due_at
        if now is None or before is None or due is None or due < before or before - now < _IN_TIME:
            timed.append((*row, due))
            one.due_at = due
        else:
            rows.append(row)
    if _SAVE.insert(connection, timed) + _SAVE_BUT_TIMER.insert(connection, rows) != len(kept):
        raise Conflict("The state of a wearer was changed by another worker.")
    known = _memory.changed(connection)
    if len(known) > STATES_MAX:
        known.clear()
    for one in kept:
        known[one.subject_id.bytes] = one


def state_of(connection: Connection, subject_id: UUID) -> WatchState:
    """The state of a subject to look at, which nobody saves; a fresh one where there is none."""
    state: bytes | None = connection.execute(
        sa.select(watch_state.c.state).where(watch_state.c.subject_id == subject_id)
    ).scalar_one_or_none()
    return WatchState() if state is None else decoded(state)


def due_subjects(connection: Connection, now: datetime, limit: int) -> dict[UUID, CityId]:
    """The subjects of whom time alone may say something by now: a silence, an arrival that did not come."""
    query = (
        sa.select(watch_state.c.subject_id, watch_state.c.city_id)
        .where(watch_state.c.due_at <= now)
        .order_by(watch_state.c.due_at)
        .limit(limit)
    )
    return {row.subject_id: CityId(row.city_id) for row in connection.execute(query)}


def settings_of(connection: Connection, wearer_ids: Iterable[UUID]) -> dict[UUID, WatchSettings]:
    """The settings of those wearers who have any."""
    asked = {one.bytes: one for one in wearer_ids}
    rows = _SETTINGS.rows(connection, asked)
    return {asked[key]: msgspec.convert(settings, WatchSettings) for key, settings in rows}


def save_settings(
    connection: Connection, wearer_id: WearerId, settings: WatchSettings, by: AccountId, now: datetime
) -> None:
    """Keeps the settings of one wearer and who changed them."""
    row = {"settings": msgspec.to_builtins(settings), "changed_at": now, "changed_by": by}
    statement = dialect.insert(connection, watch_setting).values(wearer_id=wearer_id, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["wearer_id"], set_=row))
    versions.bump(connection, SETTINGS_VERSION, [wearer_id])


def expectations_of(connection: Connection, wearer_ids: Iterable[UUID]) -> dict[UUID, list[Expectation]]:
    """What is expected of those wearers of whom anything is, oldest first."""
    asked = {one.bytes: one for one in wearer_ids}
    expected = {asked[key] for (key,) in _EXPECTED_OF.rows(connection, asked)}
    if not expected:  # The usual case.
        return {}
    query = sa.select(expectation).where(expectation.c.wearer_id.in_(expected), _EXPECTED)
    found: dict[UUID, list[Expectation]] = {}
    for one in _expectations(connection, query.order_by(expectation.c.id)):
        found.setdefault(one.wearer_id, []).append(one)
    return found


def expectations_after(
    connection: Connection, wearer_id: WearerId, last: ExpectationId | None, count: int
) -> list[Expectation]:
    """The first `count` expectations of the wearer made after `last`, oldest first: keys sort by their time."""
    query = sa.select(expectation).where(expectation.c.wearer_id == wearer_id, _EXPECTED)
    if last is not None:
        query = query.where(expectation.c.id > last)
    return _expectations(connection, query.order_by(expectation.c.id).limit(count))


def add_expectation(connection: Connection, city_id: CityId, one: Expectation) -> None:
    """Keeps a new expectation of a wearer of that city."""
    values = msgspec.structs.asdict(one) | {"detector_ids": [str(key) for key in one.detector_ids]}
    del values["interval_s"]  # It is the detectors'.
    connection.execute(sa.insert(expectation).values(city_id=city_id, **values))
    versions.bump(connection, EXPECTATION_VERSION, [one.wearer_id])


def end_expectations(
    connection: Connection, wearer_id: WearerId, now: datetime, only: ExpectationId | None = None
) -> int:
    """How many expectations of the wearer were ended: `only` that one, or all."""
    statement = sa.update(expectation).where(expectation.c.wearer_id == wearer_id, _EXPECTED)
    if only is not None:
        statement = statement.where(expectation.c.id == only)
    ended = connection.execute(statement.values(ended_at=now)).rowcount
    if ended:
        versions.bump(connection, EXPECTATION_VERSION, [wearer_id])
    return ended


def zones_of(connection: Connection, wearer_ids: Iterable[UUID]) -> dict[UUID, ZoneInfo]:
    """The zone of each wearer's city."""
    asked = {one.bytes: one for one in wearer_ids}
    return {asked[key]: ZoneInfo(zone) for key, zone in _ZONES.rows(connection, asked)}


def detectors_in_force(connection: Connection, city_id: CityId, detector_ids: Collection[UUID]) -> set[UUID]:
    """Those of these detectors that are registered in the city and have not ended."""
    query = sa.select(detector.c.id).where(
        detector.c.id.in_(list(detector_ids)), detector.c.city_id == city_id, detector.c.ended_at.is_(None)
    )
    return set(connection.execute(query).scalars())


def home_detectors(connection: Connection, detector_ids: Collection[UUID]) -> set[UUID]:
    """Those of these detectors that stand in homes."""
    query = sa.select(detector.c.id).where(
        detector.c.id.in_(list(detector_ids)), detector.c.kind == DetectorKind.HOME.value, detector.c.ended_at.is_(None)
    )
    return set(connection.execute(query).scalars())


def detector_names(connection: Connection, detector_ids: Collection[UUID]) -> dict[UUID, tuple[str, datetime | None]]:
    """What these detectors are called, and when each that has ended did."""
    query = sa.select(detector.c.id, detector.c.name, detector.c.ended_at)
    rows = connection.execute(query.where(detector.c.id.in_(list(detector_ids))))
    return {row.id: (row.name, row.ended_at) for row in rows}


def save_failures(
    connection: Connection, subject_id: UUID, city_id: CityId, failures: Sequence[Failure], now: datetime
) -> None:
    """Keeps what rules threw, for operators."""
    rows = [
        {"id": new_id(), "wearer_id": subject_id, "city_id": city_id, "watch": one.watch, "at": now, "error": one.error}
        for one in failures
    ]
    if rows:
        connection.execute(sa.insert(watch_failure), rows)


def uptime(connection: Connection) -> Uptime | None:
    """Since when this service is up, None before its first heartbeat."""
    row = connection.execute(sa.select(heartbeat).where(heartbeat.c.name == "service")).one_or_none()
    return None if row is None else Uptime(up_since=row.up_since, down_since=row.down_since)


def last_outages(connection: Connection, city_ids: Collection[int], since: datetime) -> dict[int, Outage]:
    """The last outage of each of these towns that began at `since` or later."""
    table = device_outage
    query = sa.select(table).where(table.c.city_id.in_(city_ids), table.c.from_at >= since).order_by(table.c.from_at)
    return {row.city_id: _outage(row) for row in connection.execute(query)}


def outages_going_on(connection: Connection) -> list[Outage]:
    """Outages that nobody saw the end of yet."""
    return [
        _outage(row) for row in connection.execute(sa.select(device_outage).where(device_outage.c.until_at.is_(None)))
    ]


def begin_outage(connection: Connection, one: Outage, now: datetime) -> bool:
    """Notes an outage; whether nobody had noted it, or another one of this town that goes on."""
    row = {"city_id": one.city_id, "from_at": one.from_at, "devices": one.devices, "noticed_at": now}
    return connection.execute(dialect.insert(connection, device_outage).on_conflict_do_nothing(), [row]).rowcount == 1


def end_outage(connection: Connection, one: Outage, until_at: datetime) -> bool:
    """Notes that an outage is over; whether it went on until then."""
    table = device_outage
    mine = (table.c.city_id == one.city_id) & (table.c.from_at == one.from_at) & table.c.until_at.is_(None)
    return connection.execute(sa.update(table).where(mine).values(until_at=until_at)).rowcount == 1


def _outage(row: sa.Row[Any]) -> Outage:
    return Outage(city_id=row.city_id, from_at=row.from_at, devices=row.devices, until_at=row.until_at)


def _expectations(connection: Connection, query: sa.Select[Any]) -> list[Expectation]:
    """The expectations that `query` finds, in its order, with the longest interval of the detectors of each."""
    rows = connection.execute(query).all()
    ids = {UUID(key) for row in rows for key in row.detector_ids}
    if not ids:
        return []
    wanted = sa.select(detector.c.id, detector.c.interval_s).where(
        detector.c.id.in_(ids), detector.c.ended_at.is_(None)
    )
    interval_s: dict[UUID, int] = {row.id: row.interval_s for row in connection.execute(wanted)}
    return [_expectation(row, interval_s) for row in rows]


def _expectation(row: Any, interval_s: Mapping[UUID, int]) -> Expectation:
    detector_ids = tuple(UUID(key) for key in row.detector_ids)
    return Expectation(
        id=ExpectationId(row.id),
        wearer_id=WearerId(row.wearer_id),
        name=row.name,
        detector_ids=detector_ids,
        weekdays=row.weekdays,
        from_time=row.from_time,
        by_time=row.by_time,
        tell_arrival=row.tell_arrival,
        created_at=row.created_at,
        interval_s=max((interval_s.get(one, 60) for one in detector_ids), default=60),
    )
