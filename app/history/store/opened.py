"""The open passages of tags that were heard lately, kept in memory as long as nobody else changed any.

Every body makes some of them longer, so reading them anew for each would be a quarter of all the work. Whoever changes
an open passage gives the table another number in the same transaction: what is kept belongs to one number, and is
thrown away where the table shows another one, after a transaction that failed too. For the one writer of SQLite;
where many write at once, nothing is kept.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from app.db import dialect
from app.db.tables import version
from app.db.types import KeyBytes, Second
from app.history.going import Going, OfTag, OpenKey, TagKey
from app.history.tables import open_passage

TAGS_MAX = 50_000
"""Beyond this many all are read anew: memory has a limit."""

_NAME = "open_passage"


def _of_tags(asked: Any) -> sa.Select[Any]:
    one = open_passage.c
    # As a range, since SQLite would not take the primary key for it otherwise, where they lie side by side.
    same = (one.city_id == asked.c.city_id) & one.tag_id.between(asked.c.tag_id, asked.c.tag_id)
    return sa.select(
        asked.c.city_id,
        asked.c.tag_id,
        sa.type_coerce(one.detector_id, KeyBytes()),
        sa.type_coerce(one.opened_at, Second(timezone=True)),
        sa.type_coerce(one.last_at, Second(timezone=True)),
        one.heard,
        one.rssi_dbm_max,
        one.lat_deg,
        one.lon_deg,
        one.doubtful,
    ).join_from(asked, open_passage, same)


def _newest(insert: Any) -> Any:
    return insert.on_conflict_do_update(index_elements=["name"], set_={"number": insert.excluded.number})


_OF_TAGS = dialect.KeyLookup({"city_id": sa.Integer(), "tag_id": KeyBytes()}, _of_tags)
_NUMBER = dialect.Lookup(
    sa.select(version.c.number).where(version.c.name.in_(sa.bindparam("ids", expanding=True))), version.c.name
)
_BUMP = dialect.Rows(version, ("name", "number"), _newest)


class _Kept:
    """What is known of the open passages of some tags when the table has the number."""

    def __init__(self, number: int | None) -> None:
        self.number = number
        self.tags: dict[TagKey, OfTag] = {}


_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()


def of(connection: Connection, tags: Collection[TagKey]) -> Mapping[TagKey, OfTag]:
    """All open passages of each of these tags."""
    number = _number(connection)
    kept = _kept.get(connection.engine)
    if kept is None or number is None or kept.number != number:
        kept = _kept[connection.engine] = _Kept(number)
    if len(kept.tags) > TAGS_MAX:
        kept.tags.clear()
    missing = [one for one in tags if one not in kept.tags]
    for one in missing:
        kept.tags[one] = OfTag()
    for city_id, tag_id, detector_id, *values in _OF_TAGS.rows(connection, missing):
        kept.tags[city_id, tag_id].put(detector_id, Going(*values))
    return kept.tags


def changed(
    connection: Connection,
    passages: Mapping[OpenKey, Going | None],
    longer: Sequence[tuple[OpenKey, OfTag, Going]] = (),
) -> None:
    """Says what open passages have become, None for those that are none any more; of those that became `longer` with
    what `of` gave in this transaction.
    """
    if not passages and not longer:
        return
    kept = _kept.get(connection.engine)
    is_true = kept is not None and kept.number == _number(connection)
    number = None
    if _is_kept(connection):
        # A number that was never there before: one counted up in a transaction that failed would be given out again.
        number = secrets.randbits(62)
        _BUMP.insert(connection, [(_NAME, number)])
    if kept is None or not is_true:
        return
    kept.number = number
    for key, of_tag, going in longer:
        of_tag.put(key[2], going)
    for (city_id, tag_id, detector_id), one in passages.items():
        found = kept.tags.get((city_id, tag_id))
        if found is None:
            continue
        if one is None:
            found.pop(detector_id, None)
        else:
            found.put(detector_id, one)


def _is_kept(connection: Connection) -> bool:
    """Where many write, all would wait in turn to change the number."""
    return connection.dialect.name == "sqlite"


def _number(connection: Connection) -> int | None:
    """The number of the table as it is; None where there is none, and then nothing is kept for the next one."""
    if not _is_kept(connection):
        return None
    rows = _NUMBER.rows(connection, [_NAME])
    return rows[0][0] if rows else None
