"""What was used, and the prices that somebody agreed to. Rows are added, never changed."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.expression import FromClause

from app.db import dialect
from app.kit.ids import ContractId, UsageId
from app.programmes.contracts import FACTS, Kind, PriceConsent, Used
from app.programmes.tables import price_consent, usage

AT_ONCE_MAX = 500
"""Ids in one statement."""

_later: FromClause = usage.alias("later")
_stands = ~sa.exists().where(_later.c.corrects == usage.c.id)
"""Nothing has taken its place."""


def add(connection: Connection, one: Used) -> bool:
    """Whether the row was written; not when its source was told before, or when the row that it corrects has been
    corrected.
    """
    values = {name: getattr(one, name) for name in one.__struct_fields__}
    values |= {"kind": one.kind.value, "facts": msgspec.to_builtins(one.facts)}
    statement = dialect.insert(connection, usage).values(**values)
    return connection.execute(statement.on_conflict_do_nothing()).rowcount == 1


def one(connection: Connection, usage_id: UsageId) -> Used | None:
    """The row of that id, corrected or not."""
    return _first(connection, sa.select(usage).where(usage.c.id == usage_id))


def standing(connection: Connection, source: str) -> Used | None:
    """What counts of the thing that was first told from this source: the last correction of it."""
    found = _first(connection, sa.select(usage).where(usage.c.source == source))
    while found is not None:
        later = _first(connection, sa.select(usage).where(usage.c.corrects == found.id))
        if later is None:
            break
        found = later
    return found


def of_contract(connection: Connection, contract_id: ContractId, before: UUID | None, count: int) -> list[Used]:
    """Up to `count` rows of a contract, newest first, older than `before`; corrected ones too."""
    query = sa.select(usage).where(usage.c.contract_id == contract_id)
    if before is not None:
        query = query.where(usage.c.id < before)
    return [_used(row) for row in connection.execute(query.order_by(usage.c.id.desc()).limit(count))]


def of_days(
    connection: Connection, contract_ids: Collection[ContractId], first_on: date, last_on: date
) -> dict[ContractId, list[Used]]:
    """What counts of these contracts in these days, in order of moment and id; of which there is none is absent."""
    found: dict[ContractId, list[Used]] = {}
    wanted = list(contract_ids)
    for start in range(0, len(wanted), AT_ONCE_MAX):
        mine = usage.c.contract_id.in_(wanted[start : start + AT_ONCE_MAX]) & usage.c.on.between(first_on, last_on)
        rows = connection.execute(sa.select(usage).where(mine, _stands).order_by(usage.c.at, usage.c.id))
        for one in map(_used, rows):
            if one.facts is not None:
                found.setdefault(one.contract_id, []).append(one)
    return found


def is_used(connection: Connection, contract_id: ContractId) -> bool:
    """Whether anything that counts was used by a contract."""
    mine = (usage.c.contract_id == contract_id) & _stands
    return any(_used(row).facts is not None for row in connection.execute(sa.select(usage).where(mine)))


def add_consent(connection: Connection, one: PriceConsent) -> bool:
    """Whether it was written; not when somebody agreed for this source before."""
    values = {name: getattr(one, name) for name in one.__struct_fields__}
    return connection.execute(
        dialect.insert(connection, price_consent).values(**values).on_conflict_do_nothing()
    ).rowcount == 1  # fmt: skip


def consent_for(connection: Connection, source: str) -> PriceConsent | None:
    """Who agreed to which price for that."""
    row = connection.execute(sa.select(price_consent).where(price_consent.c.source == source)).one_or_none()
    if row is None:
        return None
    return PriceConsent(**{name: getattr(row, name) for name in PriceConsent.__struct_fields__})


def _first(connection: Connection, query: sa.Select[Any]) -> Used | None:
    row = connection.execute(query).one_or_none()
    return None if row is None else _used(row)


def _used(row: sa.Row[Any]) -> Used:
    kind = Kind(row.kind)
    return Used(
        id=row.id, city_id=row.city_id, wearer_id=row.wearer_id, contract_id=row.contract_id, kind=kind, on=row.on,
        at=row.at, facts=None if row.facts is None else msgspec.convert(row.facts, FACTS[kind]), tariff=row.tariff,
        source=row.source, corrects=row.corrects, reason=row.reason, by=row.by, recorded_at=row.recorded_at,
    )  # fmt: skip
