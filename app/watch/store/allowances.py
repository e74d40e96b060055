"""The queries of what families said is fine."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.tables import account
from app.db import dialect, versions
from app.db.types import KeyBytes
from app.kit.ids import AccountId, AlertId, AllowanceId, WearerId
from app.watch.model import KeptAllowance
from app.watch.movement.allowances import Allowance, AllowanceKind, FineScope
from app.watch.tables import allowance

ALLOWANCE_VERSION = "allowance"
"""Changes with what is fine of a wearer, for those who keep it in memory."""

_STANDS = allowance.c.ended_at.is_(None)
_OF_RULES = Allowance.__struct_fields__
_OF_WEARERS = dialect.Lookup(
    sa.select(
        sa.type_coerce(allowance.c.wearer_id, KeyBytes()).label("of_wearer"),
        *(allowance.c[name] for name in _OF_RULES),
    )
    .where(allowance.c.wearer_id.in_(sa.bindparam("ids", expanding=True)), _STANDS)
    .order_by(allowance.c.id),
    sa.Column("wearer_id", KeyBytes()),
)


def allowances_of(connection: Connection, wearer_ids: Iterable[UUID]) -> dict[UUID, list[Allowance]]:
    """What is fine of those wearers of whom anything is, oldest first. Some of it may be over: who asks has a time."""
    asked = {one.bytes: one for one in wearer_ids}
    found: dict[UUID, list[Allowance]] = {}
    for key, kind, *rest in _OF_WEARERS.rows(connection, asked):
        values = dict(zip(_OF_RULES, [AllowanceKind(kind), *rest], strict=True))
        found.setdefault(asked[key], []).append(Allowance(**values))
    return found


def add(connection: Connection, rows: Sequence[KeptAllowance]) -> None:
    """Keeps what was said of one wearer."""
    values = [
        {
            **msgspec.structs.asdict(one.allowance),
            "kind": one.allowance.kind.value,
            "id": one.id,
            "wearer_id": one.wearer_id,
            "alert_id": one.alert_id,
            "scope": one.scope.value,
            "said_by": one.said_by,
        }
        for one in rows
    ]
    connection.execute(sa.insert(allowance), values)
    versions.bump(connection, ALLOWANCE_VERSION, {one.wearer_id for one in rows})


def after(
    connection: Connection, wearer_id: WearerId, last: AllowanceId | None, count: int, now: datetime
) -> list[KeptAllowance]:
    """The first `count` that hold at `now` and were said after `last`, oldest first."""
    holds = _STANDS & sa.or_(allowance.c.until_at.is_(None), allowance.c.until_at > now)
    query = sa.select(allowance).where(allowance.c.wearer_id == wearer_id, holds)
    if last is not None:
        query = query.where(allowance.c.id > last)
    return [_kept(row) for row in connection.execute(query.order_by(allowance.c.id).limit(count))]


def of_alert(connection: Connection, alert_id: AlertId, scope: FineScope) -> bool:
    """Whether this was said of an alert and stands."""
    mine = (allowance.c.alert_id == alert_id) & (allowance.c.scope == scope.value)
    return connection.execute(sa.select(allowance.c.id).where(mine, _STANDS).limit(1)).first() is not None


def end(connection: Connection, wearer_id: WearerId, now: datetime, only: AllowanceId | None = None) -> int:
    """How many were taken back: `only` that one, or all."""
    mine = allowance.c.wearer_id == wearer_id
    if only is not None:
        mine &= allowance.c.id == only
    holds = sa.or_(allowance.c.until_at.is_(None), allowance.c.until_at > now)
    ended = connection.execute(
        sa.update(allowance).where(mine, _STANDS, holds).values(ended_at=now, until_at=now)
    ).rowcount
    if ended:
        versions.bump(connection, ALLOWANCE_VERSION, [wearer_id])
    return ended


def forget(connection: Connection, wearer_id: WearerId) -> None:
    """Deletes all that was said of a wearer."""
    if connection.execute(sa.delete(allowance).where(allowance.c.wearer_id == wearer_id)).rowcount:
        versions.bump(connection, ALLOWANCE_VERSION, [wearer_id])


def forget_before(connection: Connection, before: datetime, rows_max: int) -> None:
    """Deletes what was over by then, some of it: most hold a place."""
    over = sa.select(allowance.c.id, allowance.c.wearer_id).where(allowance.c.until_at < before)
    gone = connection.execute(over.limit(rows_max)).all()
    if gone:
        connection.execute(sa.delete(allowance).where(allowance.c.id.in_([row.id for row in gone])))
        versions.bump(connection, ALLOWANCE_VERSION, {row.wearer_id for row in gone})


def names(connection: Connection, account_ids: Iterable[AccountId]) -> dict[UUID, str]:
    """What those who said so are called."""
    query = sa.select(account.c.id, account.c.name).where(account.c.id.in_(list(account_ids)))
    return {row.id: row.name for row in connection.execute(query)}


def _kept(row: Any) -> KeptAllowance:
    values = {name: getattr(row, name) for name in _OF_RULES} | {"kind": AllowanceKind(row.kind)}
    return KeptAllowance(
        id=AllowanceId(row.id),
        wearer_id=WearerId(row.wearer_id),
        alert_id=AlertId(row.alert_id),
        scope=FineScope(row.scope),
        said_by=AccountId(row.said_by),
        allowance=Allowance(**values),
    )
