"""What is written and read of passages while they are joined."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import dialect
from app.db.session import hint
from app.db.tables import counter
from app.db.types import KeyBytes, Second
from app.geo.cells import hour_of
from app.history.going import Going, OpenKey
from app.history.model import Doubt, Passage
from app.history.tables import doubt, gone_passage, open_passage, passage, tag_press
from app.tags.tables import tag

SERIAL = "passage"

LONGEST = timedelta(hours=24)
"""A closed passage that began longer ago than this is not looked for when a late sighting may contradict it."""

LAST_COUNT = 5
"""So many of a tag's newest closed passages may have ended last."""

_IDS_AT_ONCE = 500

_FIELDS = Passage.__struct_fields__
_OPEN_COLUMNS = (*_FIELDS, "close_at")
_CLOSED_COLUMNS = tuple(column.name for column in passage.c)


def _as_it_is_now(insert: Any) -> Any:
    changes = {
        name: insert.excluded[name] for name in _OPEN_COLUMNS if name not in ("city_id", "tag_id", "detector_id")
    }
    return insert.on_conflict_do_update(index_elements=["city_id", "tag_id", "detector_id"], set_=changes)


_OPEN = dialect.Rows(open_passage, _OPEN_COLUMNS, _as_it_is_now)
_CLOSED = dialect.Rows(passage, _CLOSED_COLUMNS, dialect.ignore)
_SECOND, _BYTES = Second(timezone=True), KeyBytes()
_KEY_TYPES: dict[str, Any] = {"city_id": sa.Integer(), "tag_id": _BYTES, "detector_id": _BYTES}


_LENGTHEN = dialect.Changes(
    open_passage, _KEY_TYPES, {"last_at": _SECOND, "heard": sa.LargeBinary(), "rssi_dbm_max": sa.Float()}
)
_BEGIN = dialect.Rows(
    open_passage,
    _OPEN_COLUMNS,
    _as_it_is_now,
    {**_KEY_TYPES, "opened_at": _SECOND, "last_at": _SECOND, "close_at": _SECOND},
)
_PUT_OFF = dialect.Changes(open_passage, _KEY_TYPES, {"close_at": _SECOND})


def _by_key(asked: Any) -> sa.Select[Any]:
    mine = open_passage.c
    of_tag = (mine.city_id == asked.c.city_id) & (mine.tag_id == asked.c.tag_id)
    found = sa.select(*(mine[name] for name in _FIELDS))
    return found.join_from(asked, open_passage, of_tag & (mine.detector_id == asked.c.detector_id))


_OPEN_BY_KEY = dialect.KeyLookup(_KEY_TYPES, _by_key)
_OPEN_OF_TAGS = dialect.Lookup(
    sa.select(*(open_passage.c[name] for name in _FIELDS)).where(
        open_passage.c.tag_id.in_(sa.bindparam("ids", expanding=True))
    ),
    open_passage.c.tag_id,
)


def lengthen(connection: Connection, longer: Iterable[tuple[OpenKey, Any, Going]]) -> None:
    """Writes what open passages have become, but not when they will be over: `over` finds them a little early."""
    _LENGTHEN.apply(connection, [(one.last_s, one.heard, one.rssi_dbm_max, *key) for key, _, one in longer])


def put_off(connection: Connection, later: Iterable[tuple[OpenKey, int]]) -> None:
    """Writes the second at which open passages are over if nothing more is heard."""
    _PUT_OFF.apply(connection, [(close_s, *key) for key, close_s in later])


def open_of(connection: Connection, keys: Collection[OpenKey]) -> list[Passage]:
    """The open passages of these tags at these detectors."""
    return [_of_values(row) for row in _OPEN_BY_KEY.rows(connection, keys)]


def open_of_tags(connection: Connection, tag_ids: Collection[UUID]) -> list[Passage]:
    """The passages of these tags that are not moved into the history yet."""
    return [_of_values(row) for row in _OPEN_OF_TAGS.rows(connection, tag_ids)]


def closed_near(
    connection: Connection, tag_id: UUID, detector_id: UUID, from_at: datetime, until_at: datetime
) -> list[Passage]:
    """Closed passages of one tag and detector that touch the span, both ends included."""
    one = passage.c
    # The detector as a range, since SQLite would else take its index, where the tags of a town lie.
    here = (one.tag_id == tag_id) & one.detector_id.between(detector_id, detector_id)
    query = sa.select(*(one[name] for name in _FIELDS)).where(here)
    within = query.where(one.opened_at >= from_at, one.opened_at <= until_at)
    # Those of one tag and detector do not overlap: of all before, however long ago, only the last may touch the span.
    before = query.where(one.opened_at < from_at).order_by(one.opened_at.desc()).limit(1)
    rows = [*connection.execute(before), *connection.execute(within)]
    return [_of_values(row) for row in rows if row.last_at >= from_at]


def closed_of_tag(connection: Connection, tag_id: UUID, from_at: datetime, until_at: datetime) -> list[Passage]:
    """Closed passages of a tag at any detector that touch the span."""
    one = passage.c
    when = (one.opened_at >= from_at - LONGEST) & (one.opened_at <= until_at) & (one.last_at >= from_at)
    query = sa.select(*(one[name] for name in _FIELDS)).where(one.tag_id == tag_id, when)
    return [_of_values(row) for row in connection.execute(query)]


def save_open(connection: Connection, rows: Sequence[tuple[Passage, datetime]]) -> None:
    """Stores open passages as they are now, each with the time at which it is over if nothing more is heard."""
    _OPEN.insert(connection, [(*msgspec.structs.astuple(one), close_at) for one, close_at in rows])


def begin(connection: Connection, passages: Iterable[tuple[OpenKey, Passage, int, int, int]]) -> None:
    """Stores open passages as `save_open`, each with its key, its first and last second, and the one at which it is
    over if nothing more is heard.
    """
    _BEGIN.insert(
        connection,
        [
            (
                *key, one.id, first_s, one.wearer_id, last_s, one.heard, one.rssi_dbm_max, one.lat_deg, one.lon_deg,
                one.accuracy_m, one.cell, one.doubtful, one.received_at, one.skew_s, close_s,
            )
            for key, one, first_s, last_s, close_s in passages
        ],
    )  # fmt: skip


def remove_open(connection: Connection, gone: Iterable[Passage]) -> None:
    """Takes passages out of the table of open ones."""
    table = open_passage
    for one in gone:
        mine = (table.c.city_id == one.city_id) & (table.c.tag_id == one.tag_id)
        connection.execute(sa.delete(table).where(mine, table.c.detector_id == one.detector_id, table.c.id == one.id))


def save_closed(connection: Connection, passages: Sequence[Passage]) -> None:
    """Writes passages into the history, each with the next serial number."""
    if not passages:
        return
    serial = _numbers(connection, len(passages))
    rows = []
    for number, one in enumerate(passages, serial):
        values = {name: getattr(one, name) for name in _FIELDS}
        values |= {"hour": hour_of(one.opened_at), "serial": number}
        rows.append([values[name] for name in _CLOSED_COLUMNS])
    _CLOSED.insert(connection, rows)


def remove_closed(connection: Connection, gone: Iterable[Passage]) -> None:
    """Takes passages out of the history: they are part of another one now."""
    for one in gone:
        key = (passage.c.city_id == one.city_id) & (passage.c.opened_at == one.opened_at)
        connection.execute(sa.delete(passage).where(key, passage.c.id == one.id))


def save_gone(connection: Connection, merged: Sequence[Passage]) -> None:
    """Says, with the next serial numbers, that these closed passages are part of others now."""
    if merged:
        serial = _numbers(connection, len(merged))
        names = ("city_id", "id", "tag_id", "opened_at")
        rows = [
            {"serial": number, **{name: getattr(one, name) for name in names}}
            for number, one in enumerate(merged, serial)
        ]
        connection.execute(sa.insert(gone_passage), rows)


def over(connection: Connection, before: datetime, limit: int) -> list[Passage]:
    """Open passages that may have been over at `before`: they were, if nothing was heard since they were put off."""
    table = open_passage
    query = sa.select(*(table.c[name] for name in _FIELDS)).where(table.c.close_at <= before)
    return [_of_values(row) for row in connection.execute(query.order_by(table.c.close_at).limit(limit))]


def as_they_are(connection: Connection, passages: Sequence[Passage]) -> list[Passage]:
    """Open passages as they have become while we waited for whoever else joins what is heard of their tags."""
    if connection.dialect.name != "postgresql":
        return list(passages)
    return open_of(connection, [(one.city_id, one.tag_id.bytes, one.detector_id.bytes) for one in passages])


def attribute(
    connection: Connection, city_id: int, tag_id: UUID, span: tuple[datetime, datetime | None], wearer_id: UUID
) -> set[UUID | None]:
    """Gives the passages of a tag that began in `span` (its end is not in it; None: until now) to a wearer; whose those
    of others were. The feed says nothing of wearers, so that none is news there.
    """
    found: dict[UUID, UUID | None] = {}
    for table in (open_passage, passage):
        one = table.c
        mine = (one.city_id == city_id) & (one.tag_id == tag_id) & (one.opened_at >= span[0])
        if span[1] is not None:
            mine &= one.opened_at < span[1]
        mine &= one.wearer_id.is_distinct_from(wearer_id)
        found |= {row.id: row.wearer_id for row in connection.execute(sa.select(one.id, one.wearer_id).where(mine))}
        connection.execute(sa.update(table).where(mine).values(wearer_id=wearer_id))
    ids = list(found)
    for some in (ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE)):
        connection.execute(sa.update(doubt).where(doubt.c.passage_id.in_(some)).values(wearer_id=wearer_id))
        connection.execute(sa.update(doubt).where(doubt.c.other_id.in_(some)).values(other_wearer_id=wearer_id))
    return set(found.values())


def mark_doubtful(connection: Connection, passages: Iterable[Passage]) -> None:
    """Marks open passages."""
    one = open_passage.c
    for passed in passages:
        here = (one.city_id == passed.city_id) & (one.tag_id == passed.tag_id)
        here &= (one.detector_id == passed.detector_id) & (one.id == passed.id)
        connection.execute(sa.update(open_passage).where(here).values(doubtful=True))


def mark_closed_doubtful(connection: Connection, passages: Sequence[Passage]) -> None:
    """Marks passages in the history, each with the next serial number: whoever read them reads them again."""
    if not passages:
        return
    one = passage.c
    here = (one.city_id == sa.bindparam("in_city")) & (one.opened_at == sa.bindparam("began_at"))
    update = sa.update(passage).where(here, one.id == sa.bindparam("the_id"))
    rows = [
        {"in_city": passed.city_id, "began_at": passed.opened_at, "the_id": passed.id, "number": number}
        for number, passed in enumerate(passages, _numbers(connection, len(passages)))
    ]
    connection.execute(update.values(doubtful=True, serial=sa.bindparam("number")), rows)


def add_doubts(connection: Connection, doubts: Sequence[Doubt]) -> None:
    """Keeps what cannot both be true, for the staff; the same two passages once. Their ids tell no time, since they are
    shown to those who may not know when somebody was where.
    """
    rows = [{"id": uuid4(), **msgspec.structs.asdict(one)} for one in doubts]
    if rows:
        connection.execute(dialect.insert(connection, doubt).on_conflict_do_nothing(), rows)
    for city_id in {one.city_id for one in doubts}:
        hint(connection, "doubt", str(city_id))


def press(
    connection: Connection, tag_id: UUID, count: int, told: tuple[datetime, datetime], same_within: timedelta
) -> bool:
    """Whether this is a press of its own. The same count is the same press as long as it is told again and again, by
    whomever; `told` is from when until when it was told now.
    """
    table = tag_press
    first_at, last_at = told
    near = (table.c.first_at <= last_at + same_within) & (table.c.last_at >= first_at - same_within)
    mine = (table.c.tag_id == tag_id) & (table.c.count == count)
    query = sa.select(table.c.first_at, table.c.last_at).where(mine, near).order_by(table.c.first_at).limit(1)
    known = connection.execute(query).one_or_none()
    if known is None:
        row = {"tag_id": tag_id, "count": count, "first_at": first_at, "last_at": last_at}
        connection.execute(sa.insert(table), [row])
        return True
    if first_at < known.first_at or last_at > known.last_at:
        # What it is called by, the first moment, stays as it is as far as it can: another row may begin there.
        values = {"last_at": max(known.last_at, last_at)}
        connection.execute(sa.update(table).where(mine, table.c.first_at == known.first_at).values(values))
    return False


def last_heard(connection: Connection, tag_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When each of these tags was last heard."""
    found: dict[UUID, datetime] = {}
    one = open_passage.c
    of_open = sa.select(one.tag_id, sa.func.max(one.last_at)).where(one.tag_id.in_(list(tag_ids))).group_by(one.tag_id)
    # Of the history the newest only: a tag has thousands of passages.
    lately = sa.select(passage.c.last_at).where(passage.c.tag_id == tag.c.id).order_by(passage.c.opened_at.desc())
    newest = lately.limit(LAST_COUNT).correlate(tag).subquery()
    last_at = sa.select(sa.func.max(newest.c.last_at)).scalar_subquery()
    of_closed = sa.select(tag.c.id, last_at).where(tag.c.id.in_(list(tag_ids)))
    for query in (of_open, of_closed):
        for tag_id, at in connection.execute(query):
            if at is not None:
                found[tag_id] = max(at, found.get(tag_id, at))
    return found


def forget_before(connection: Connection, before: datetime, rows_max: int) -> int:
    """Deletes closed passages that began earlier, at most `rows_max`, and presses; how many."""
    old = (passage.c.hour <= hour_of(before)) & (passage.c.opened_at < before)
    keys = sa.select(passage.c.city_id, passage.c.opened_at, passage.c.id).where(old).limit(rows_max)
    mine = sa.tuple_(passage.c.city_id, passage.c.opened_at, passage.c.id)
    gone = connection.execute(sa.delete(passage).where(mine.in_(keys))).rowcount
    connection.execute(sa.delete(tag_press).where(tag_press.c.last_at < before))
    connection.execute(sa.delete(doubt).where(doubt.c.at < before))
    connection.execute(sa.delete(gone_passage).where(gone_passage.c.opened_at < before))
    return gone


def _numbers(connection: Connection, count: int) -> int:
    """The first of `count` numbers that nobody was given before, in the order of the commits."""
    insert = dialect.insert(connection, counter).values(name=SERIAL, number=count)
    changed = insert.on_conflict_do_update(index_elements=["name"], set_={"number": counter.c.number + count})
    last: int = connection.execute(changed.returning(counter.c.number)).scalar_one()
    return last - count + 1


def _of_values(values: Iterable[Any]) -> Passage:
    return Passage(**dict(zip(_FIELDS, values, strict=True)))
