"""Rows as what they mean: lines and documents."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from app.billing.documents import number_text
from app.billing.model import Billed, Document, Issuer, Kind, Owed, Payee
from app.billing.totals import Sum, Totals
from app.kit.ids import CityId
from app.programmes.model import Line, Payer

LINE_FIELDS = tuple(name for name in Line.__struct_fields__ if name != "payer")


def row_of_line(one: Owed, line_id: UUID, document_id: UUID, city_id: CityId, month: str) -> dict[str, Any]:
    """A line as a row."""
    row = {name: getattr(one.line, name) for name in LINE_FIELDS}
    return row | {
        "id": line_id, "document_id": document_id, "city_id": city_id, "month": month, "wearer_id": one.wearer_id,
        "contract_id": one.contract_id, "payer": one.line.payer.value, "returns": one.returns,
    }  # fmt: skip


def billed_of(row: sa.Row[Any]) -> Billed:
    """A line of a document."""
    line = Line(payer=Payer(row.payer), **{name: getattr(row, name) for name in LINE_FIELDS})
    owed = Owed(line=line, wearer_id=row.wearer_id, contract_id=row.contract_id, returns=row.returns)
    return Billed(id=row.id, document_id=row.document_id, owed=owed)


def document_of(row: sa.Row[Any]) -> Document:
    """A document that was issued."""
    issuer = msgspec.convert(row.issuer, Issuer)
    payee = Payee(
        issuer=row.issuer_code, payer=Payer(row.payer), wearer_id="" if row.wearer_id is None else row.wearer_id.hex,
        ward=row.ward, category=row.category,
    )  # fmt: skip
    return Document(
        id=row.id, city_id=row.city_id, month=row.month, round=row.round, kind=Kind(row.kind), payee=payee,
        number=row.number, number_text=number_text(issuer, row.number), issuer=issuer, recipient=row.recipient,
        corrects=row.corrects, before=sums_from(row.before), totals=msgspec.convert(row.totals, Totals),
        lines=row.lines, issued_on=row.issued_on, due_on=row.due_on, issued_at=row.issued_at,
    )  # fmt: skip


def sums_from(stored: Mapping[str, Any]) -> dict[int, Sum]:
    """Sums as they are kept: JSON has no numbers as keys."""
    return {int(rate): msgspec.convert(one, Sum) for rate, one in stored.items()}


def sums_to(sums: Mapping[int, Sum]) -> dict[str, Any]:
    """The other way."""
    return {str(rate): msgspec.to_builtins(one) for rate, one in sums.items()}
