"""The times in which something was wrong with a detector.

Of each trouble of a detector at most one spell is open, and it is the one that began last: it is found by the key.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.db import dialect
from app.db.tables import heartbeat
from app.kit.errors import NotFound
from app.kit.ids import DetectorId
from app.tags.model import DetectorHealth, DetectorKind, DetectorTrouble, Spell
from app.tags.states import DetectorState, Latest, Uptime, Watched
from app.tags.tables import detector, detector_health, detector_spell

_LATEST = {trouble: detector_spell.alias(trouble.value) for trouble in DetectorTrouble}
_WATCHED = tuple(detector.c[name] for name in Watched.__struct_fields__)
_HEALTH = DetectorHealth.__struct_fields__
_SPELL = (detector_spell.c.detector_id, detector_spell.c.trouble, detector_spell.c.from_at)


class Known(Struct, frozen=True, kw_only=True):
    """A detector with all that its judgement rests on."""

    one: Watched
    health: DetectorHealth | None
    latest: Latest


class Shown(Struct, frozen=True, kw_only=True):
    """The state of a detector at one moment, and since when it is in it; None while it is up."""

    id: DetectorId
    name: str
    kind: DetectorKind
    state: DetectorState
    since: datetime | None


def uptime(connection: Connection) -> Uptime | None:
    """Since when this service is up, once it has noted that."""
    row = connection.execute(sa.select(heartbeat.c.up_since).where(heartbeat.c.name == "service")).one_or_none()
    return None if row is None else Uptime(up_since=row.up_since)


def known(connection: Connection) -> list[Known]:
    """Every detector that has not ended, and those ended ones of which a spell is open."""
    columns = [column for table in _LATEST.values() for column in (table.c.from_at, table.c.until_at)]
    joined = _with_latest(detector.outerjoin(detector_health, detector_health.c.detector_id == detector.c.id))
    is_open = sa.or_(*(table.c.from_at.is_not(None) & table.c.until_at.is_(None) for table in _LATEST.values()))
    query = sa.select(*_WATCHED, *detector_health.c, *columns).select_from(joined)
    query = query.where(detector.c.ended_at.is_(None) | is_open).order_by(detector.c.id)
    begin, end = len(_WATCHED), len(_WATCHED) + len(detector_health.c)
    found = []
    for row in connection.execute(query):
        detector_id, kind, created_at, ended_at, interval_s, deaf_after_s = row[:begin]
        one = Watched(
            id=detector_id,
            kind=DetectorKind(kind),
            created_at=created_at,
            ended_at=ended_at,
            interval_s=interval_s,
            deaf_after_s=deaf_after_s,
        )
        said = row[begin:end]
        health = None if said[0] is None else DetectorHealth(**dict(zip(_HEALTH, said, strict=True)))
        found.append(Known(one=one, health=health, latest=_latest(one.id, row[end:])))
    return found


def open_of(connection: Connection, detector_ids: Collection[UUID]) -> list[Spell]:
    """The open spells of these detectors; it is asked for each group of units."""
    found = []
    for row in _OPEN.rows(connection, detector_ids):
        spells = _latest(row[0], row[1:]).values()
        found += [spell for spell in spells if spell.until_at is None]
    return found


def write(connection: Connection, spells: Sequence[Spell]) -> None:
    """Stores spells as they are from now on; those that ended as they began are taken away."""
    rows = [
        {"detector_id": one.detector_id, "trouble": one.trouble, "from_at": one.from_at, "until_at": one.until_at}
        for one in spells
        if one.until_at is None or one.until_at > one.from_at
    ]
    if rows:
        insert = dialect.insert(connection, detector_spell)
        changes = {"until_at": insert.excluded.until_at}
        connection.execute(insert.on_conflict_do_update(index_elements=[*_SPELL], set_=changes), rows)
    empty = [one for one in spells if one.until_at is not None and one.until_at <= one.from_at]
    if empty:
        names = ("detector_id", "trouble", "from_at")
        same = [column == sa.bindparam(f"the_{name}") for name, column in zip(names, _SPELL, strict=True)]
        keys = [{f"the_{name}": getattr(one, name) for name in names} for one in empty]
        connection.execute(sa.delete(detector_spell).where(*same), keys)


def between(
    connection: Connection, detector_ids: Collection[UUID], from_at: datetime, until_at: datetime
) -> list[Spell]:
    """The spells of these detectors that touch the span [from, until), in order of their beginnings."""
    table = detector_spell
    query = sa.select(table).where(table.c.detector_id.in_(detector_ids), _touching(table, from_at, until_at))
    return _spells(connection, query.order_by(table.c.from_at, table.c.detector_id, table.c.trouble))


def newest(
    connection: Connection,
    detector_id: DetectorId,
    from_at: datetime,
    until_at: datetime,
    before: tuple[datetime, str] | None,
    count: int,
) -> list[Spell]:
    """Up to `count` spells of a detector that touch the span, newest first, those after (from_at, trouble) of the last
    that was shown.
    """
    table = detector_spell
    query = sa.select(table).where(table.c.detector_id == detector_id, _touching(table, from_at, until_at))
    if before is not None:
        at, trouble = before
        query = query.where((table.c.from_at < at) | ((table.c.from_at == at) & (table.c.trouble < trouble)))
    return _spells(connection, query.order_by(table.c.from_at.desc(), table.c.trouble.desc()).limit(count))


def states(
    connection: Connection, viewer: Viewer, at: datetime, only: DetectorState | None, after: UUID | None, count: int
) -> list[Shown]:
    """Up to `count` detectors of the viewer's city (of every city for an administrator) that there were at a moment
    and that have not ended since, in the order of their ids, with the state that each was in.
    """
    silent, deaf, wrong = (_at(trouble, at) for trouble in DetectorTrouble)
    joined = detector.outerjoin(detector_health, detector_health.c.detector_id == detector.c.id)
    for table, on in (silent, deaf, wrong):
        joined = joined.outerjoin(table, on)
    silent_from, deaf_from, wrong_from = (table.c.from_at for table, _on in (silent, deaf, wrong))
    never = detector_health.c.detector_id.is_(None) | (silent_from == detector.c.created_at)
    state = sa.case(
        (never, DetectorState.NEVER_HEARD.value),
        (silent_from.is_not(None), DetectorState.SILENT.value),
        (deaf_from.is_not(None), DetectorState.DEAF.value),
        (wrong_from.is_not(None), DetectorState.CLOCK_WRONG.value),
        else_=DetectorState.UP.value,
    )
    since = sa.case((never, detector.c.created_at), else_=sa.func.coalesce(silent_from, deaf_from, wrong_from))
    there = (detector.c.created_at <= at) & detector.c.ended_at.is_(None)
    query = sa.select(
        detector.c.id, detector.c.name, detector.c.kind, state.label("state"),
        sa.type_coerce(since, detector.c.created_at.type).label("since"),
    )  # fmt: skip
    query = query.select_from(joined).where(there, detector.c.kind != DetectorKind.BRIDGE.value)
    if viewer.role is not Role.ADMINISTRATOR:
        query = query.where(detector.c.city_id == viewer.city_id)
    if only is not None:
        query = query.where(state == only.value)
    if after is not None:
        query = query.where(detector.c.id > after)
    rows = connection.execute(query.order_by(detector.c.id).limit(count))
    return [
        Shown(
            id=row.id, name=row.name, kind=DetectorKind(row.kind), state=DetectorState(row.state), since=row.since
        )
        for row in rows
    ]  # fmt: skip


def visible(connection: Connection, viewer: Viewer, detector_id: DetectorId) -> DetectorId:
    """The id of a detector of the viewer's city (of any for an administrator) that has not ended. Raises `NotFound`."""
    query = sa.select(detector.c.id).where(detector.c.id == detector_id, detector.c.ended_at.is_(None))
    if viewer.role is not Role.ADMINISTRATOR:
        query = query.where(detector.c.city_id == viewer.city_id)
    if connection.execute(query).one_or_none() is None:
        raise NotFound
    return detector_id


def forget_before(connection: Connection, before: datetime, rows_max: int) -> int:
    """Deletes spells that were over by then, at most `rows_max`; how many."""
    keys = sa.select(*_SPELL).where(detector_spell.c.until_at < before).limit(rows_max)
    return connection.execute(sa.delete(detector_spell).where(sa.tuple_(*_SPELL).in_(keys))).rowcount


def _with_latest(joined: sa.FromClause) -> sa.FromClause:
    """Detectors with the spell of each trouble that began last."""
    for trouble, table in _LATEST.items():
        inner = detector_spell.alias()
        began = sa.select(sa.func.max(inner.c.from_at))
        began = began.where(inner.c.detector_id == detector.c.id, inner.c.trouble == _literal(trouble))
        on = (table.c.detector_id == detector.c.id) & (table.c.trouble == _literal(trouble))
        joined = joined.outerjoin(table, on & (table.c.from_at == began.correlate(detector).scalar_subquery()))
    return joined


def _literal(trouble: DetectorTrouble) -> sa.BindParameter[str]:
    """Written out, so that a statement that is made once binds nothing but keys."""
    return sa.literal(trouble.value, literal_execute=True)


def _at(trouble: DetectorTrouble, at: datetime) -> tuple[Any, sa.ColumnElement[bool]]:
    """The spells of a trouble, and which of them a detector was in at a moment."""
    table = detector_spell.alias()
    there = (table.c.from_at <= at) & (table.c.until_at.is_(None) | (table.c.until_at > at))
    return table, (table.c.detector_id == detector.c.id) & (table.c.trouble == trouble.value) & there


def _touching(table: sa.Table, from_at: datetime, until_at: datetime) -> sa.ColumnElement[bool]:
    return (table.c.from_at < until_at) & (table.c.until_at.is_(None) | (table.c.until_at > from_at))


def _latest(detector_id: UUID, times: Sequence[Any]) -> dict[DetectorTrouble, Spell]:
    """Spells by trouble, from (from_at, until_at) of each in the order of the troubles."""
    found = {}
    for place, trouble in enumerate(DetectorTrouble):
        from_at, until_at = times[2 * place : 2 * place + 2]
        if from_at is not None:
            found[trouble] = Spell(
                detector_id=DetectorId(detector_id), trouble=trouble, from_at=from_at, until_at=until_at
            )
    return found


def _spells(connection: Connection, query: sa.Select[Any]) -> list[Spell]:
    return [
        Spell(
            detector_id=row.detector_id,
            trouble=DetectorTrouble(row.trouble),
            from_at=row.from_at,
            until_at=row.until_at,
        )
        for row in connection.execute(query)
    ]


_OPEN = dialect.Lookup(
    sa.select(detector.c.id, *(column for table in _LATEST.values() for column in (table.c.from_at, table.c.until_at)))
    .select_from(_with_latest(detector))
    .where(detector.c.id.in_(sa.bindparam("ids", expanding=True))),
    detector.c.id,
)
