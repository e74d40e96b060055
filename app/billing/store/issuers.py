"""Companies as issuers, and the numbers of their documents."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.billing.model import Bank, Issuer
from app.billing.tables import issuer, issuer_reader
from app.billing.totals import Rounding
from app.db import dialect
from app.kit.ids import AccountId, CityId


def of_city(connection: Connection, city_id: CityId, codes: Collection[str] | None = None) -> dict[str, Issuer]:
    """The issuers of a city, all or those of some codes, by code."""
    query = sa.select(issuer).where(issuer.c.city_id == city_id).order_by(issuer.c.code)
    if codes is not None:
        query = query.where(issuer.c.code.in_(list(codes)))
    return {row.code: _issuer(row) for row in connection.execute(query)}


def put(connection: Connection, one: Issuer, by: AccountId | None) -> None:
    """Stores an issuer, or what it is from now on. Documents that were issued keep what it was."""
    values: dict[str, Any] = {
        "name": one.name, "address": one.address, "phone": one.phone, "rounding": one.rounding.value,
        "registration_number": one.registration_number, "payment_days": one.payment_days, "changed_by": by,
        "bank": None if one.bank is None else msgspec.to_builtins(one.bank), "changed_at": one.changed_at,
    }  # fmt: skip
    statement = dialect.insert(connection, issuer).values(id=one.id, city_id=one.city_id, code=one.code, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["city_id", "code"], set_=values))


def take_numbers(connection: Connection, issuer_id: UUID, count: int) -> int:
    """The first of `count` numbers that nobody else has. Until the end of the transaction nobody else of any process
    takes one; rolled back, they are free again, so that there are no gaps.
    """
    mine = issuer.c.id == issuer_id
    update = sa.update(issuer).where(mine).values(last_number=issuer.c.last_number + count)
    last: int = connection.execute(update.returning(issuer.c.last_number)).scalar_one()
    return last - count + 1


def add_reader(connection: Connection, issuer_id: UUID, account_id: AccountId, by: AccountId, now: datetime) -> None:
    """Lets an account read and collect an issuer's bills."""
    values = {"issuer_id": issuer_id, "account_id": account_id, "added_by": by, "added_at": now}
    connection.execute(dialect.insert(connection, issuer_reader).values(**values).on_conflict_do_nothing())


def remove_reader(connection: Connection, issuer_id: UUID, account_id: AccountId) -> bool:
    """Whether the account could until now."""
    mine = (issuer_reader.c.issuer_id == issuer_id) & (issuer_reader.c.account_id == account_id)
    return connection.execute(sa.delete(issuer_reader).where(mine)).rowcount == 1


def remove_readings(connection: Connection, account_id: AccountId) -> None:
    """The account reads nobody's documents from now on."""
    connection.execute(sa.delete(issuer_reader).where(issuer_reader.c.account_id == account_id))


def _issuer(row: sa.Row[Any]) -> Issuer:
    return Issuer(
        id=row.id, city_id=row.city_id, code=row.code, name=row.name, address=row.address, phone=row.phone,
        registration_number=row.registration_number, rounding=Rounding(row.rounding), payment_days=row.payment_days,
        bank=None if row.bank is None else msgspec.convert(row.bank, Bank), changed_at=row.changed_at,
    )  # fmt: skip
