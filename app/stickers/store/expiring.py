"""What of threads is over, and what may no longer be kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.kit.ids import WearerId
from app.stickers.store.threads import COLUMNS, thread_of
from app.stickers.tables import (
    sticker_block,
    sticker_line,
    sticker_photo,
    sticker_report,
    sticker_test,
    sticker_thread,
)
from app.stickers.threads import GOING_ON, Thread

_GOING_ON = [state.value for state in GOING_ON]


def silent(connection: Connection, since: datetime, rows_max: int) -> list[Thread]:
    """Up to `rows_max` threads that go on and in which nobody has written since then; nobody else changes them."""
    one = sticker_thread.c
    query = (
        sa.select(*COLUMNS)
        .where(one.state.in_(_GOING_ON), one.newest_at <= since)
        .order_by(one.newest_at)
        .limit(rows_max)
        .with_for_update(skip_locked=True)
    )
    return [thread_of(row) for row in connection.execute(query)]


def held_of(connection: Connection, wearer_id: WearerId) -> list[Thread]:
    """The threads about somebody that go on; nobody else changes them."""
    one = sticker_thread.c
    query = sa.select(*COLUMNS).where(one.wearer_id == wearer_id, one.state.in_(_GOING_ON)).order_by(one.id)
    return [thread_of(row) for row in connection.execute(query.with_for_update())]


def forget_finders(connection: Connection, before: datetime, rows_max: int) -> int:
    """Deletes secret and mark of finders whose threads ended before then; of how many."""
    one = sticker_thread.c
    theirs = one.secret_hash.is_not(None) | one.mark.is_not(None)
    over = sa.select(one.id).where(one.ended_at <= before, theirs).limit(rows_max)
    values: dict[str, Any] = {"secret_hash": None, "mark": None}
    return connection.execute(sa.update(sticker_thread).where(one.id.in_(over)).values(**values)).rowcount


def forget(connection: Connection, before: datetime, rows_max: int) -> int:
    """Deletes threads that ended before then with all that was in them; how many."""
    one = sticker_thread.c
    query = sa.select(one.id).where(one.ended_at <= before).order_by(one.ended_at).limit(rows_max)
    keys: Sequence[UUID] = connection.execute(query).scalars().all()
    if not keys:
        return 0
    lines = sa.select(sticker_line.c.id).where(sticker_line.c.thread_id.in_(keys))
    connection.execute(sa.delete(sticker_photo).where(sticker_photo.c.line_id.in_(lines)))
    connection.execute(sa.delete(sticker_line).where(sticker_line.c.thread_id.in_(keys)))
    connection.execute(sa.delete(sticker_report).where(sticker_report.c.thread_id.in_(keys)))
    return connection.execute(sa.delete(sticker_thread).where(one.id.in_(keys))).rowcount


def forget_past(connection: Connection, now: datetime) -> None:
    """Deletes blocks and tests that are over."""
    connection.execute(sa.delete(sticker_block).where(sticker_block.c.until_at <= now))
    connection.execute(sa.delete(sticker_test).where(sticker_test.c.until_at <= now))
