"""What was paid, and how documents stand by it."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.billing.model import Payment, PaymentKind
from app.billing.standing import Standing
from app.billing.tables import balance, payment


def locked(connection: Connection, document_id: UUID) -> Standing | None:
    """How a document stands; until the end of the transaction nobody else changes it."""
    query = sa.select(balance).where(balance.c.document_id == document_id).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Standing(
        owed_yen=row.owed_yen, paid_yen=row.paid_yen, written_off_yen=row.written_off_yen, due_on=row.due_on
    )


def by_key(connection: Connection, document_id: UUID, key: str) -> Payment | None:
    """The row that was told under this key."""
    mine = (payment.c.document_id == document_id) & (payment.c.key == key)
    return _first(connection, mine)


def one(connection: Connection, document_id: UUID, payment_id: UUID) -> Payment | None:
    """The row of that id."""
    return _first(connection, (payment.c.document_id == document_id) & (payment.c.id == payment_id))


def add(connection: Connection, one: Payment, standing: Standing) -> None:
    """Keeps a row, and how the document stands after it."""
    values = {name: getattr(one, name) for name in one.__struct_fields__} | {"kind": one.kind.value}
    connection.execute(sa.insert(payment).values(**values))
    after: dict[str, Any] = {
        "paid_yen": standing.paid_yen, "written_off_yen": standing.written_off_yen, "open_yen": standing.open_yen
    }  # fmt: skip
    connection.execute(sa.update(balance).where(balance.c.document_id == one.document_id).values(after))


def of_document(connection: Connection, document_id: UUID, after: UUID | None, count: int) -> list[Payment]:
    """Up to `count` rows of a document in order, after one."""
    query = sa.select(payment).where(payment.c.document_id == document_id)
    if after is not None:
        query = query.where(payment.c.id > after)
    return [_payment(row) for row in connection.execute(query.order_by(payment.c.id).limit(count))]


def _first(connection: Connection, which: sa.ColumnElement[bool]) -> Payment | None:
    row = connection.execute(sa.select(payment).where(which)).one_or_none()
    return None if row is None else _payment(row)


def _payment(row: sa.Row[Any]) -> Payment:
    return Payment(
        id=row.id, document_id=row.document_id, kind=PaymentKind(row.kind), on=row.on, amount_yen=row.amount_yen,
        note=row.note, key=row.key, takes_back=row.takes_back, by=row.by, at=row.at,
    )  # fmt: skip
