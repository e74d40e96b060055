"""What answers about bills look like."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from app.billing import service
from app.billing.model import Billed, Kind, Payment, PaymentKind, State
from app.billing.store.reading import Found
from app.programmes.model import Payer

Yen = Annotated[int, Meta(description="yen; below zero where it is given back")]
Words = Annotated[dict[str, str], Meta(description="by language: ja, en")]
Wards = Annotated[str, Meta(description="empty where it is not about a ward")]
CSV = "text/csv; charset=utf-8"


class RateOut(Struct, frozen=True, kw_only=True):
    """What is owed at one rate: with tax, and the tax in it, which was rounded once."""

    rate_pct: int
    total_yen: Yen
    tax_yen: Yen
    net_yen: Yen


class IssuerOfDocument(Struct, frozen=True, kw_only=True):
    """The company as it was on the day of issue."""

    code: str
    name: str
    address: str
    phone: str
    registration_number: Annotated[str | None, Meta(description="T and 13 digits; null: no qualified invoice")]


class DocumentOut(Struct, frozen=True, kw_only=True):
    """A document. It never changes; what became of it is in `state` and `open_yen`."""

    id: UUID
    number: str
    kind: Kind
    month: str
    round: Annotated[int, Meta(description="0 at closing; above, what was corrected later")]
    issuer: IssuerOfDocument
    qualified: Annotated[bool, Meta(description="a qualified invoice or return invoice (適格請求書)")]
    payer: Payer
    wearer: Annotated[UUID | None, Meta(description="whom a family's document is about")]
    recipient: str
    ward: Wards
    category: Annotated[str, Meta(description="elderly, disabled, or empty")]
    corrects: Annotated[UUID | None, Meta(description="the document that a return lessens")]
    rates: list[RateOut]
    outside_tax_yen: Yen
    total_yen: Yen
    tax_yen: Yen
    lines: int
    issued_on: date
    due_on: date
    issued_at: datetime
    state: State
    owed_yen: Annotated[int | None, Meta(description="the total less returns; null for a return that lessens another")]
    paid_yen: int | None
    written_off_yen: int | None
    open_yen: int | None


class LineOut(Struct, frozen=True, kw_only=True):
    """A line: what for, how much, and how it came about (tariff, rule, why, which usage)."""

    id: UUID
    wearer: Annotated[UUID | None, Meta(description="null where she is hidden from you")]
    contract: UUID | None
    on: date
    code: str
    label: Words
    quantity: int
    unit: str
    unit_yen: Yen
    amount_yen: Yen
    tax_rate_pct: int
    tax_included: bool
    deposit: bool
    version: str
    rule: str
    because: Words
    source: Annotated[str, Meta(description="the usage that it comes from; empty: the contract alone")]
    ward: Wards
    category: str
    returns: Annotated[UUID | None, Meta(description="the earlier line that it takes back")]


class PaymentOut(Struct, frozen=True, kw_only=True):
    """Money that came (`paid`), went back (`refunded`) or is given up (`written_off`)."""

    id: UUID
    kind: PaymentKind
    on: date
    amount_yen: Annotated[int, Meta(description="yen; below zero in a row that takes another one back")]
    note: str
    takes_back: UUID | None
    by: UUID
    at: datetime


def document_out(found: Found, now: datetime) -> DocumentOut:
    """A document as it is answered."""
    one, standing = found.document, found.standing
    totals, issuer = one.totals, one.issuer
    return DocumentOut(
        id=one.id, number=one.number_text, kind=one.kind, month=one.month, round=one.round,
        issuer=IssuerOfDocument(
            code=issuer.code, name=issuer.name, address=issuer.address, phone=issuer.phone,
            registration_number=issuer.registration_number,
        ),
        qualified=one.is_qualified, payer=one.payee.payer,
        wearer=UUID(one.payee.wearer_id) if one.payee.wearer_id else None, recipient=one.recipient,
        ward=one.payee.ward, category=one.payee.category, corrects=one.corrects,
        rates=[
            RateOut(rate_pct=rate.rate_pct, total_yen=rate.total_yen, tax_yen=rate.tax_yen, net_yen=rate.net_yen)
            for rate in totals.rates
        ],
        outside_tax_yen=totals.outside_yen, total_yen=totals.total_yen, tax_yen=totals.tax_yen, lines=one.lines,
        issued_on=one.issued_on, issued_at=one.issued_at, due_on=one.due_on, state=service.state(found, now),
        owed_yen=None if standing is None else standing.owed_yen,
        paid_yen=None if standing is None else standing.paid_yen,
        written_off_yen=None if standing is None else standing.written_off_yen,
        open_yen=None if standing is None else standing.open_yen,
    )  # fmt: skip


def line_out(one: Billed) -> LineOut:
    """A line as it is answered."""
    line = one.owed.line
    names = (
        "on", "code", "label", "quantity", "unit", "unit_yen", "amount_yen", "tax_rate_pct", "tax_included", "deposit",
        "version", "rule", "because", "source", "ward", "category",
    )  # fmt: skip
    values: dict[str, Any] = {name: getattr(line, name) for name in names}
    return LineOut(
        id=one.id,
        wearer=one.owed.wearer_id if one.owed.wearer_id.int else None,
        contract=one.owed.contract_id if one.owed.contract_id.int else None,
        returns=one.owed.returns,
        **values,
    )


def payment_out(one: Payment) -> PaymentOut:
    """A payment as it is answered."""
    return PaymentOut(
        id=one.id, kind=one.kind, on=one.on, amount_yen=one.amount_yen, note=one.note, takes_back=one.takes_back,
        by=one.by, at=one.at,
    )  # fmt: skip
