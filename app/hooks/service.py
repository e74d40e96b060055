"""Use cases of hooks: a vendor sets one up, and the feed goes to it part by part."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.history import service as history
from app.hooks import pacing, store
from app.hooks.model import Errand, Hook, Result
from app.kit.errors import InvalidInput, TooMany
from app.kit.ids import HookId, new_id
from app.push.channels.listed import origin_of

HOLD_S = 60.0
"""So long one process has a hook to itself; to post takes less."""
ITEMS_MAX = 100
TESTED_EVERY = timedelta(minutes=1)


def set_up(connection: Connection, viewer: Viewer, url: str, hosts: str, cursor: int | None, now: datetime) -> Hook:
    """The viewer's hook from now on, under a new name, and so with a new secret. It goes on from `cursor`, else from
    where the one before was, else from the beginning. Raises `InvalidInput`.
    """
    if origin_of(url, hosts) is None:
        raise InvalidInput("Nothing is posted there: https to a host that is allowed (setting webhook_hosts).", "url")
    before = store.of_account(connection, viewer.account_id)
    if cursor is None:
        cursor = 0 if before is None else before.cursor
    hook = Hook(
        id=HookId(new_id()), account_id=viewer.account_id, url=url, cursor=cursor, turn=0, created_at=now, next_at=now
    )
    store.put(connection, hook)
    return hook


def hook_of(connection: Connection, viewer: Viewer) -> Hook | None:
    """The viewer's hook."""
    return store.of_account(connection, viewer.account_id)


def remove(connection: Connection, viewer: Viewer) -> None:
    """Ends the viewer's hook; without one nothing happens."""
    store.remove(connection, viewer.account_id)


def begin_test(connection: Connection, viewer: Viewer, now: datetime) -> Hook | None:
    """The viewer's hook, which may be tried out now. Raises `TooMany`."""
    hook = store.of_account(connection, viewer.account_id)
    if hook is None:
        return None
    before = store.tested_at(connection, hook.id)
    if before is not None and timedelta(0) <= now - before < TESTED_EVERY:
        wait = before + TESTED_EVERY - now
        raise TooMany("It was tried out a moment ago.", max(1, round(wait.total_seconds())))
    store.note_test(connection, hook.id, now)
    return hook


def end_test(connection: Connection, hook: Hook, result: Result, now: datetime) -> None:
    """A hook that was given up, and answers again, goes on where it was."""
    if result.error is None and hook.off_at is not None:
        store.save(connection, pacing.after(hook, result, hook.cursor, now))


def is_due(connection: Connection, now: datetime) -> bool:
    """Whether there is anything for `take`."""
    return store.is_due(connection, now, HOLD_S)


def take(connection: Connection, now: datetime) -> Errand | Hook | None:
    """What is to be posted next, for this process alone; or the hook that had nothing; None when none is due."""
    taken = store.take(connection, now, HOLD_S)
    if taken is None:
        return None
    hook, viewer = taken
    part = history.feed(connection, viewer, hook.cursor, ITEMS_MAX, now)
    if not part.items:
        idle = pacing.after_nothing(hook, part.last, now)
        store.save(connection, idle)
        return idle
    items = [history.fed(one, name) for one, name in part.items]
    data = {"items": items, "next": history.cursor_of(part.last)}
    return Errand(
        hook=hook,
        # A part that has grown since it was posted in vain is another one: nobody may take it for the one before.
        message_id=f"{hook.id}.{hook.cursor}.{part.last}",
        body=msgspec.json.encode({"type": "passages", "timestamp": now, "data": data}),
        next=part.last,
    )


def settle(connection: Connection, errand: Errand, result: Result, now: datetime) -> Hook | None:
    """The hook after the delivery; None when it was changed or taken over meanwhile, which then counts."""
    hook = pacing.after(errand.hook, result, errand.next, now)
    return hook if store.save(connection, hook) else None
