"""The queries of the watches: states, settings, failures, the service's own uptime."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.db import dialect, versions
from app.db.tables import heartbeat
from app.kit.errors import Conflict
from app.kit.ids import AccountId, CityId, WearerId, new_id
from app.watch.catalogue import Failure, decode_state, encode_state
from app.watch.model import WatchSettings, WatchState
from app.watch.silence import Uptime
from app.watch.tables import watch_failure, watch_setting, watch_state


class Kept(Struct, kw_only=True):
    """A state as it was loaded: `version` 0 means that there was none."""

    subject_id: UUID
    city_id: CityId
    state: WatchState
    version: int


SETTINGS_VERSION = "watch_setting"


def _if_as_it_was(insert: Any) -> Any:
    """Compare-and-set: a state is written over only if its version is the one before."""
    new, kept = insert.excluded, watch_state.c
    changes = {"state": new.state, "due_at": new.due_at, "version": new.version}
    return insert.on_conflict_do_update(
        index_elements=["subject_id"], set_=changes, where=kept.version == new.version - sa.literal_column("1")
    )


_SAVE = dialect.Rows(watch_state, ("subject_id", "city_id", "state", "version", "due_at"), _if_as_it_was)
_STATES = sa.select(watch_state.c.subject_id, watch_state.c.state, watch_state.c.version).where(
    watch_state.c.subject_id.in_(sa.bindparam("ids", expanding=True))
)
_STATES_LOCKED = _STATES.order_by(watch_state.c.subject_id).with_for_update()
_LOOKUP = dialect.Lookup(_STATES, watch_state.c.subject_id)


def load(connection: Connection, subjects: Mapping[UUID, CityId]) -> dict[UUID, Kept]:
    """The states of subjects, in the order of their ids (so that two workers lock rows in one order); fresh ones where
    there was none.
    """
    ids = sorted(subjects)
    if connection.dialect.name == "sqlite":
        rows = {row[0]: row for row in _LOOKUP.rows(connection, ids)}
    else:
        rows = {row[0]: row for row in connection.execute(_STATES_LOCKED, {"ids": ids})}
    kept: dict[UUID, Kept] = {}
    for subject_id in ids:
        row = rows.get(subject_id)
        state, version = (decode_state(row[1]), row[2]) if row is not None else (WatchState(), 0)
        kept[subject_id] = Kept(subject_id=subject_id, city_id=subjects[subject_id], state=state, version=version)
    return kept


def save(connection: Connection, kept: Sequence[Kept], due_at: Mapping[UUID, datetime | None]) -> None:
    """Writes states by compare-and-set. Raises `Conflict` when another worker changed one of them meanwhile."""
    rows = [
        (one.subject_id, one.city_id, encode_state(one.state), one.version + 1, due_at.get(one.subject_id))
        for one in kept
    ]
    if _SAVE.insert(connection, rows) != len(rows):
        raise Conflict("The state of a wearer was changed by another worker.")


def due_subjects(connection: Connection, now: datetime, limit: int) -> dict[UUID, CityId]:
    """The subjects whose silence is to be judged by now."""
    query = (
        sa.select(watch_state.c.subject_id, watch_state.c.city_id)
        .where(watch_state.c.due_at <= now)
        .order_by(watch_state.c.due_at)
        .limit(limit)
    )
    return {row.subject_id: CityId(row.city_id) for row in connection.execute(query)}


def settings_of(connection: Connection, wearer_ids: Iterable[UUID]) -> dict[UUID, WatchSettings]:
    """The settings of those wearers who have any."""
    query = sa.select(watch_setting.c.wearer_id, watch_setting.c.settings).where(
        watch_setting.c.wearer_id.in_(list(wearer_ids))
    )
    return {row.wearer_id: msgspec.convert(row.settings, WatchSettings) for row in connection.execute(query)}


def save_settings(
    connection: Connection, wearer_id: WearerId, settings: WatchSettings, by: AccountId, now: datetime
) -> None:
    """Keeps the settings of one wearer and who changed them."""
    row = {"settings": msgspec.to_builtins(settings), "changed_at": now, "changed_by": by}
    statement = dialect.insert(connection, watch_setting).values(wearer_id=wearer_id, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["wearer_id"], set_=row))
    versions.bump(connection, SETTINGS_VERSION)


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
