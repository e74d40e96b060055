"""Rows of hooks."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.accounts.tables import account
from app.db import dialect
from app.hooks.model import Hook
from app.hooks.tables import vendor_hook
from app.kit.ids import AccountId, CityId, HookId, SignInId

ERROR_LENGTH_MAX = 200
TABLE = vendor_hook


def put(connection: Connection, hook: Hook) -> None:
    """Makes it the account's one hook."""
    values = _values(hook)
    query = dialect.insert(connection, TABLE).values(id=hook.id, **values)
    connection.execute(
        query.on_conflict_do_update(index_elements=["account_id"], set_={"id": hook.id, **values, "tested_at": None})
    )


def of_account(connection: Connection, account_id: AccountId) -> Hook | None:
    """The account's hook."""
    row = connection.execute(sa.select(TABLE).where(TABLE.c.account_id == account_id)).one_or_none()
    return None if row is None else _hook(row)


def remove(connection: Connection, account_id: AccountId) -> None:
    """Ends the account's hook, if there is one."""
    connection.execute(sa.delete(TABLE).where(TABLE.c.account_id == account_id))


def is_due(connection: Connection, now: datetime, hold_s: float) -> bool:
    """Whether any hook may be looked at now."""
    return connection.execute(sa.select(TABLE.c.id).where(*_due(now, hold_s)).limit(1)).one_or_none() is not None


def take(connection: Connection, now: datetime, hold_s: float) -> tuple[Hook, Viewer] | None:
    """The hook that waits longest, in a turn of its own, and who reads its feed; until `hold_s` from now nobody else
    gets it. One whose account may not read the feed any more stays where it is.
    """
    query = (
        sa.select(TABLE, account.c.city_id, account.c.name, account.c.vendor)
        .join(account, account.c.id == TABLE.c.account_id)
        .where(*_due(now, hold_s), account.c.disabled_at.is_(None), account.c.role == Role.VENDOR.value)
        .order_by(TABLE.c.next_at, TABLE.c.id)
        .limit(1)
        .with_for_update(of=TABLE, skip_locked=True)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    values = {"turn": row.turn + 1, "next_at": now + timedelta(seconds=hold_s)}
    taken = sa.update(TABLE).where(TABLE.c.id == row.id).values(values).returning(*TABLE.c)
    viewer = Viewer(
        account_id=AccountId(row.account_id), city_id=CityId(row.city_id), role=Role.VENDOR, name=row.name,
        sign_in_id=SignInId(row.id), vendor=row.vendor,
    )  # fmt: skip
    return _hook(connection.execute(taken).one()), viewer


def save(connection: Connection, hook: Hook) -> bool:
    """Writes down how it is now; whether it still was in the turn that `hook` has."""
    same = (TABLE.c.id == hook.id, TABLE.c.turn == hook.turn)
    return connection.execute(sa.update(TABLE).where(*same).values(_values(hook))).rowcount == 1


def note_test(connection: Connection, hook_id: HookId, now: datetime) -> None:
    """Notes when it was tried out."""
    connection.execute(sa.update(TABLE).where(TABLE.c.id == hook_id).values(tested_at=now))


def tested_at(connection: Connection, hook_id: HookId) -> datetime | None:
    """When it was tried out last."""
    moment: datetime | None = connection.execute(sa.select(TABLE.c.tested_at).where(TABLE.c.id == hook_id)).scalar()
    return moment


def _due(now: datetime, hold_s: float) -> tuple[sa.ColumnElement[bool], ...]:
    """Also what is put off for longer than anybody does: by a clock that was ahead of ours."""
    longest = now + timedelta(seconds=max(hold_s, LONGEST_S))
    return TABLE.c.off_at.is_(None), sa.or_(TABLE.c.next_at <= now, TABLE.c.next_at > longest)


LONGEST_S = 2 * 3600.0


def _values(hook: Hook) -> dict[str, object]:
    return {
        "account_id": hook.account_id,
        "url": hook.url,
        "cursor": hook.cursor,
        "turn": hook.turn,
        "created_at": hook.created_at,
        "next_at": hook.next_at,
        "failures": hook.failures,
        "failed_since": hook.failed_since,
        "error": None if hook.error is None else hook.error[:ERROR_LENGTH_MAX],
        "delivered_at": hook.delivered_at,
        "off_at": hook.off_at,
    }


def _hook(row: "sa.Row[Any]") -> Hook:
    return Hook(
        id=HookId(row.id),
        account_id=AccountId(row.account_id),
        url=row.url,
        cursor=row.cursor,
        turn=row.turn,
        created_at=row.created_at,
        next_at=row.next_at,
        failures=row.failures,
        failed_since=row.failed_since,
        error=row.error,
        delivered_at=row.delivered_at,
        off_at=row.off_at,
    )
