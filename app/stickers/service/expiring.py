"""Threads end by themselves, and nothing of a finder is kept longer than it serves."""

from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.kit.ids import WearerId
from app.stickers.service.heard import hint_of
from app.stickers.store import drills
from app.stickers.store import expiring as store
from app.stickers.store import threads as threads_store
from app.stickers.threads import EXPIRES_AFTER, KEPT_DAYS, LAST_LINE_FOR, ThreadAction, after

AT_ONCE_MAX = 500


def expire(connection: Connection, now: datetime) -> None:
    """Ends threads in which nobody has written for hours, some at a time. Their alert goes on until somebody
    ends it.
    """
    for one in store.silent(connection, now - EXPIRES_AFTER, AT_ONCE_MAX):
        over = replace(one, state=after(one.state, ThreadAction.EXPIRE), ended_at=one.newest_at + EXPIRES_AFTER)
        threads_store.save(connection, over)
        hint_of(connection, over)


def close_all(connection: Connection, wearer_id: WearerId, now: datetime) -> None:
    """Closes the threads about somebody who is no longer watched, and ends her test."""
    drills.end_test(connection, wearer_id)
    for one in store.held_of(connection, wearer_id):
        over = replace(one, state=after(one.state, ThreadAction.CLOSE), ended_at=now)
        threads_store.save(connection, over)
        hint_of(connection, over)


def forget(connection: Connection, retention_days: int, now: datetime) -> None:
    """Deletes what may no longer be kept, some at a time: the finder's secret and mark a day after the end, all of it
    after a month, or sooner where places are kept for less long.
    """
    store.forget_finders(connection, now - LAST_LINE_FOR, AT_ONCE_MAX)
    store.forget(connection, now - timedelta(days=min(KEPT_DAYS, retention_days)), AT_ONCE_MAX)
    store.forget_past(connection, now)
