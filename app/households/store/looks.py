"""Who looked at a wearer's place."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.model import Role
from app.accounts.tables import account
from app.db import dialect
from app.households.model import Look, Purpose
from app.households.tables import look
from app.kit.ids import AccountId, WearerId

WINDOW = timedelta(minutes=10)
"""A second look within the same ten minutes of the clock is the first one still."""


def add(
    connection: Connection, wearer_ids: Iterable[WearerId], account_id: AccountId, purpose: Purpose, now: datetime
) -> None:
    """Notes a look at each of these wearers; one row a viewer, purpose and window."""
    window = int(now.timestamp() // WINDOW.total_seconds())
    rows = [
        {"wearer_id": wearer_id, "window": window, "account_id": account_id, "purpose": purpose, "at": now}
        for wearer_id in wearer_ids
    ]
    if rows:
        connection.execute(dialect.insert(connection, look).on_conflict_do_nothing(), rows)


def page(
    connection: Connection, wearer_id: WearerId, before: tuple[datetime, UUID, Purpose] | None, count: int
) -> list[Look]:
    """Up to `count` looks, newest first; `before` is moment, account and purpose of the last one already shown."""
    query = (
        sa.select(look.c.account_id, look.c.purpose, look.c.at, account.c.name, account.c.role)
        .join(account, account.c.id == look.c.account_id)
        .where(look.c.wearer_id == wearer_id)
        .order_by(look.c.at.desc(), look.c.account_id.desc(), look.c.purpose.desc())
        .limit(count)
    )
    if before is not None:
        at, account_id, purpose = before
        same_moment = sa.or_(
            look.c.account_id < account_id, sa.and_(look.c.account_id == account_id, look.c.purpose < purpose)
        )
        query = query.where(sa.or_(look.c.at < at, sa.and_(look.c.at == at, same_moment)))
    return [
        Look(
            account_id=row.account_id,
            viewer_name=row.name,
            viewer_role=Role(row.role),
            purpose=Purpose(row.purpose),
            at=row.at,
        )
        for row in connection.execute(query)
    ]
