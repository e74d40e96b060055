"""The open passages of tags that were heard lately, kept in memory as long as nobody else changed any.

Every body makes some of them longer, so reading them anew for each would be a quarter of all the work. For the one
writer of SQLite; where many write at once, nothing is kept (`app.db.versions.Memory`).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import dialect
from app.db.types import KeyBytes, Second
from app.db.versions import Memory
from app.history.going import Going, OfTag, OpenKey, TagKey
from app.history.tables import open_passage

TAGS_MAX = 50_000
"""Beyond this many all are read anew: memory has a limit."""


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


_OF_TAGS = dialect.KeyLookup({"city_id": sa.Integer(), "tag_id": KeyBytes()}, _of_tags)
_memory: Memory[TagKey, OfTag] = Memory("open_passage")


def of(connection: Connection, tags: Collection[TagKey]) -> Mapping[TagKey, OfTag]:
    """All open passages of each of these tags."""
    known = _memory.of(connection)
    if len(known) > TAGS_MAX:
        known.clear()
    missing = [one for one in tags if one not in known]
    for one in missing:
        known[one] = OfTag()
    for city_id, tag_id, detector_id, *values in _OF_TAGS.rows(connection, missing):
        known[city_id, tag_id].put(detector_id, Going(*values))
    return known


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
    known = _memory.changed(connection)
    for key, of_tag, going in longer:
        of_tag.put(key[2], going)
    for (city_id, tag_id, detector_id), one in passages.items():
        found = known.get((city_id, tag_id))
        if found is None:
            continue
        if one is None:
            found.pop(detector_id, None)
        else:
            found.put(detector_id, one)
