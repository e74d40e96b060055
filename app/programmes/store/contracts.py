"""Contracts, what is known of their wearers, and who changed what."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import dialect
from app.kit.ids import CityId, ContractId, WearerId
from app.programmes.contracts import Change, Contract, What, last_on, own, whole
from app.programmes.model import Absence, Residence, Terms
from app.programmes.store import people
from app.programmes.tables import contract, contract_change, usage


def add(connection: Connection, one: Contract) -> bool:
    """Whether the contract was stored; not when she has one of this scheme that has no end."""
    values = {
        "id": one.id, "city_id": one.city_id, "wearer_id": one.wearer_id, "created_by": one.created_by,
        "created_at": one.created_at, **_values(one),
    }  # fmt: skip
    statement = dialect.insert(connection, contract).values(**values)
    return connection.execute(statement.on_conflict_do_nothing()).rowcount == 1


def change(connection: Connection, one: Contract) -> None:
    """Stores a contract that is there already as it is now."""
    connection.execute(sa.update(contract).where(contract.c.id == one.id).values(**_values(one)))


def one(connection: Connection, contract_id: ContractId) -> Contract | None:
    """The contract of that id, a withdrawn one too."""
    return _first(connection, sa.select(contract).where(contract.c.id == contract_id))


def locked(connection: Connection, contract_id: ContractId) -> Contract | None:
    """The contract; until the end of the transaction nobody else of any process changes it or its ledger."""
    return _first(connection, sa.select(contract).where(contract.c.id == contract_id).with_for_update())


def of_wearer(connection: Connection, wearer_id: WearerId) -> list[Contract]:
    """All contracts of a wearer but withdrawn ones, newest first."""
    mine = (contract.c.wearer_id == wearer_id) & contract.c.withdrawn_at.is_(None)
    query = sa.select(contract).where(mine).order_by(contract.c.began_on.desc(), contract.c.id.desc())
    return _contracts(connection, connection.execute(query).all())


def page(
    connection: Connection, city_id: CityId, after: WearerId | None, wearers: int, first_on: date, last_on: date
) -> list[Contract]:
    """The contracts of up to `wearers` wearers of a city of which something can be owed in these days, by wearer, after
    one: those in force, and those by which something was used.
    """
    here = (contract.c.city_id == city_id) & contract.c.withdrawn_at.is_(None) & _owes(first_on, last_on)
    if after is not None:
        here &= contract.c.wearer_id > after
    wanted = sa.select(contract.c.wearer_id).where(here).distinct().order_by(contract.c.wearer_id).limit(wearers)
    ids = list(connection.execute(wanted).scalars())
    if not ids:
        return []
    between = (contract.c.wearer_id >= ids[0]) & (contract.c.wearer_id <= ids[-1])
    query = sa.select(contract).where(here, between).order_by(contract.c.wearer_id, contract.c.id)
    return _contracts(connection, connection.execute(query).all())


def by_id(connection: Connection, contract_ids: Collection[ContractId]) -> dict[ContractId, Contract]:
    """These contracts, withdrawn ones too."""
    rows = connection.execute(sa.select(contract).where(contract.c.id.in_(list(contract_ids)))).all()
    return {found.id: found for found in _contracts(connection, rows)}


def add_change(connection: Connection, one: Change) -> None:
    """Keeps who changed what."""
    values = {name: getattr(one, name) for name in one.__struct_fields__} | {"what": one.what.value}
    connection.execute(sa.insert(contract_change).values(**values))


def changed_since(
    connection: Connection, city_id: CityId, since: datetime, after: WearerId | None, count: int
) -> list[WearerId]:
    """Up to `count` wearers of a city of whom something was changed or recorded since then, by id, after one."""
    changed = sa.select(contract_change.c.wearer_id.label("one")).where(
        contract_change.c.city_id == city_id, contract_change.c.at >= since
    )
    used = sa.select(usage.c.wearer_id).where(usage.c.city_id == city_id, usage.c.recorded_at >= since)
    both = changed.union(used).subquery()
    query = sa.select(both.c.one).order_by(both.c.one).limit(count)
    if after is not None:
        query = query.where(both.c.one > after)
    return list(connection.execute(query).scalars())


def changes(
    connection: Connection, wearer_id: WearerId, contract_id: ContractId, before: UUID | None, count: int
) -> list[Change]:
    """Up to `count` changes of a contract and of what is known of its wearer, newest first, older than `before`."""
    about = contract_change.c.contract_id
    query = sa.select(contract_change).where(
        contract_change.c.wearer_id == wearer_id, sa.or_(about == contract_id, about.is_(None))
    )
    if before is not None:
        query = query.where(contract_change.c.id < before)
    rows = connection.execute(query.order_by(contract_change.c.id.desc()).limit(count))
    return [_change(row) for row in rows]


def _owes(first_on: date, last_on: date) -> sa.ColumnElement[bool]:
    going = sa.or_(contract.c.last_on.is_(None), contract.c.last_on >= first_on)
    used = sa.exists().where(usage.c.contract_id == contract.c.id, usage.c.on.between(first_on, last_on))
    return sa.or_((contract.c.began_on <= last_on) & going, used)


def _values(one: Contract) -> dict[str, Any]:
    return {
        "scheme": one.scheme, "version": one.version, "tariff": one.tariff, "began_on": one.began_on,
        "ended_on": one.ended_on, "last_on": last_on(one.terms), "terms": msgspec.to_builtins(own(one.terms)),
        "insured": one.insured, "withdrawn_at": one.withdrawn_at,
    }  # fmt: skip


def _first(connection: Connection, query: sa.Select[Any]) -> Contract | None:
    row = connection.execute(query).one_or_none()
    return None if row is None else _contracts(connection, [row])[0]


def _contracts(connection: Connection, rows: Iterable[sa.Row[Any]]) -> list[Contract]:
    found = list(rows)
    wearer_ids = {row.wearer_id for row in found}
    residences, absences = people.residences(connection, wearer_ids), people.absences(connection, wearer_ids)
    return [
        _contract(row, residences.get(row.wearer_id, ()), [a.absence for a in absences.get(row.wearer_id, ())])
        for row in found
    ]


def _contract(row: sa.Row[Any], residence: Sequence[Residence], absences: Sequence[Absence]) -> Contract:
    return Contract(
        id=row.id, city_id=row.city_id, wearer_id=row.wearer_id, scheme=row.scheme, version=row.version,
        tariff=row.tariff, began_on=row.began_on, ended_on=row.ended_on,
        terms=whole(msgspec.convert(row.terms, Terms), residence, absences), insured=row.insured,
        created_by=row.created_by, created_at=row.created_at, withdrawn_at=row.withdrawn_at,
    )  # fmt: skip


def _change(row: sa.Row[Any]) -> Change:
    return Change(
        id=row.id, city_id=row.city_id, wearer_id=row.wearer_id, contract_id=row.contract_id, what=What(row.what),
        before=row.before, after=row.after, reason=row.reason, by=row.by, at=row.at,
    )  # fmt: skip
