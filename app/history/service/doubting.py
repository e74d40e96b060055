"""What was just heard of a tag is held against what is known of it: passages that cannot both be true are marked."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from app.history.doubting import MOVING, REACH, doubts_of
from app.history.going import OpenKey
from app.history.model import Passage
from app.history.store import passages as store
from app.tags import service as tags


def mark(
    connection: Connection,
    tag_ids: Collection[UUID],
    touched: Collection[OpenKey],
    late: Sequence[Passage],
    closed: Sequence[Passage],
) -> tuple[set[UUID], list[Passage]]:
    """Keeps for the staff what cannot be true together of these tags, and marks it where it is stored: among the open
    passages and, around those that came `late`, in the history. The ids of all that is doubtful, and the open ones of
    them.

    `closed` are those that are not in the history yet; `touched` are the keys of what was heard now.
    """
    now_open = store.open_of_tags(connection, tag_ids)
    past = _around(connection, late)
    stored = [*now_open, *closed, *past]
    placed = tags.placed(connection, {one.detector_id for one in stored})
    moving = frozenset(key for key, one in placed.items() if one.kind in MOVING)
    doubts = doubts_of([one for one in (*now_open, *closed) if _key(one) in touched], stored, moving)
    doubtful: set[UUID] = {one for doubt in doubts for one in (doubt.passage_id, doubt.other_id)}
    marked = [one for one in now_open if one.id in doubtful]
    store.add_doubts(connection, doubts)
    store.mark_doubtful(connection, [one for one in marked if not one.doubtful])
    store.mark_closed_doubtful(connection, [one for one in past if one.id in doubtful and not one.doubtful])
    return doubtful, marked


def _key(one: Passage) -> OpenKey:
    return one.city_id, one.tag_id.bytes, one.detector_id.bytes


def _around(connection: Connection, late: Sequence[Passage]) -> list[Passage]:
    """What the history holds of the tags of these passages around their time."""
    spans: dict[UUID, tuple[datetime, datetime]] = {}
    for one in late:
        first_at, last_at = spans.get(one.tag_id, (one.opened_at, one.last_at))
        spans[one.tag_id] = min(first_at, one.opened_at), max(last_at, one.last_at)
    return [
        one
        for tag_id, (first_at, last_at) in spans.items()
        for one in store.closed_of_tag(connection, tag_id, first_at - REACH, last_at + REACH)
    ]
