"""Lines become documents: one per company, payer, ward and category, and month. Pure.

What is above zero is asked for by an invoice, what is below is given back by a return invoice; so no document of either
kind holds the other's. A corrected month gives back the lines that were wrong, each of them once, and asks for those
that are right.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from msgspec.structs import replace

from app.billing.model import Billed, Document, Draft, Issuer, Kind, Owed, Payee
from app.billing.totals import Sum, sums_of
from app.programmes.corrections import reversed_line
from app.programmes.model import Payer

REDUCED_RATE_PCT = 8
"""Of food and newspapers (軽減税率): marked on documents, should a scheme ever have it."""


def payee_of(one: Owed) -> Payee:
    """Who is asked for a line."""
    line = one.line
    if line.payer is Payer.USER:
        return Payee(issuer=line.issuer, payer=line.payer, wearer_id=one.wearer_id.hex)
    if line.payer is Payer.CITY:
        return Payee(issuer=line.issuer, payer=line.payer, ward=line.ward, category=line.category)
    return Payee(issuer=line.issuer, payer=line.payer)


def drafts_of(lines: Iterable[Owed], document_of: dict[UUID, UUID] | None = None) -> list[Draft]:
    """The documents that these lines make, in the order of their keys: a return before the invoice.

    `document_of` names the document of each line that is taken back: a return names the one document that it corrects.
    Lines of nothing stand on a family's document when it has others; alone they make none.
    """
    found: dict[tuple[Payee, Kind, UUID | None], list[Owed]] = defaultdict(list)
    nothing: dict[Payee, list[Owed]] = defaultdict(list)
    for one in lines:
        payee = payee_of(one)
        if one.line.amount_yen == 0:
            nothing[payee].append(one)
            continue
        kind = Kind.INVOICE if one.line.amount_yen > 0 else Kind.RETURN
        corrects = None
        if kind is Kind.RETURN and one.returns is not None:
            corrects = (document_of or {})[one.returns]
        found[payee, kind, corrects].append(one)
    for payee, free in nothing.items():
        if payee.payer is Payer.USER and (payee, Kind.INVOICE, None) in found:
            found[payee, Kind.INVOICE, None] += free
    return [
        Draft(payee=payee, kind=kind, lines=tuple(sorted(own, key=_order)), corrects=corrects)
        for (payee, kind, corrects), own in sorted(found.items(), key=_place)
    ]


def changes(billed: Sequence[Billed], owed: Sequence[Owed]) -> list[Owed]:
    """What makes of what was billed for some wearers' month what is owed: lines that take billed ones back, and new
    ones. `billed` are the lines that no other takes back.

    A line is the same when the same company asks the same payer for the same amount for the same thing; that the file
    of the tariff words it otherwise by now changes nothing. A line of nothing is told once and never taken back.
    """
    standing: dict[tuple[object, ...], list[Billed]] = defaultdict(list)
    for one in billed:
        standing[same(one.owed)].append(one)
    new = []
    for due in owed:
        there = standing.get(same(due))
        if there:
            there.pop()
        else:
            new.append(due)
    wrong = [one for there in standing.values() for one in there if one.owed.line.amount_yen]
    return [taken_back(one) for one in sorted(wrong, key=lambda one: one.id)] + new


def taken_back(one: Billed) -> Owed:
    """The line that takes a billed one back."""
    return replace(one.owed, line=reversed_line(one.owed.line), returns=one.id)


def same(one: Owed) -> tuple[object, ...]:
    """What makes a line the same as another one."""
    line = one.line
    return (
        one.wearer_id, one.contract_id, line.source, line.code, line.on, line.amount_yen, line.tax_rate_pct,
        line.tax_included, line.payer, line.issuer, line.deposit, line.ward, line.category,
    )  # fmt: skip


def sums(lines: Iterable[Owed]) -> dict[int, Sum]:
    """What lines come to, by rate."""
    return sums_of(
        (one.line.tax_rate_pct, one.line.tax_included, one.line.deposit, one.line.amount_yen) for one in lines
    )


def missing_items(document: Document) -> list[str]:
    """Which of the six items of a qualified invoice (消費税法57条の4第1項) a document does not have. Of what
    was closed only the number can be missing, that of a company which is not registered.
    """
    found = {
        "issuer_name_and_number": bool(document.issuer.name) and document.issuer.registration_number is not None,
        "transaction_date": bool(document.month),
        "content": document.lines > 0,
        "total_and_rate": bool(document.totals.rates) or document.totals.outside_yen != 0,
        "tax": all(one.tax_yen * one.total_yen >= 0 for one in document.totals.rates),
        "recipient": bool(document.recipient.strip()),
    }
    return [name for name, there in found.items() if not there]


def number_text(issuer: Issuer, number: int) -> str:
    """How a document's number is written: the company's code and its running number."""
    return f"{issuer.code}-{number:07d}"


def first_of(month: str) -> date:
    """The first day of a month.

    >>> first_of("2026-04")
    datetime.date(2026, 4, 1)
    """
    return date.fromisoformat(f"{month}-01")


def _order(one: Owed) -> tuple[object, ...]:
    return one.line.on, one.line.code, one.line.source, one.line.amount_yen


def _place(found: tuple[tuple[Payee, Kind, UUID | None], object]) -> tuple[Payee, bool, str]:
    payee, kind, corrects = found[0]
    return payee, kind is Kind.INVOICE, "" if corrects is None else corrects.hex
