"""Lines and documents as billing tests need them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from app.billing.documents import number_text, sums
from app.billing.model import Bank, Document, Draft, Issuer, Owed
from app.billing.totals import Rounding, totals_after
from app.kit.ids import CityId, WearerId
from app.programmes.model import Line, Payer

ALSOK = Issuer(
    id=UUID(int=1),
    city_id=CityId(281000),
    code="alsok",
    name="総合警備保障株式会社 神戸支社",
    address="神戸市中央区磯辺通4-1-44",
    phone="078-222-6971",
    registration_number="T1234567890123",
    rounding=Rounding.DOWN,
    payment_days=30,
    bank=Bank(bank="みなと銀行", branch="本店", number="1234567", holder="ミマモリ"),
    changed_at=datetime(2026, 4, 1, tzinfo=UTC),
)
HANA, KEN = WearerId(UUID(int=11)), WearerId(UUID(int=12))
CONTRACT = UUID(int=21)


def line(amount_yen: int, **more: Any) -> Line:
    """A line of a monthly fee that the family pays, tax included, unless told otherwise."""
    values: dict[str, Any] = {
        "code": "monthly", "label": {"ja": "月額利用料", "en": "monthly fee"}, "on": date(2026, 11, 1), "quantity": 1,
        "unit": "月", "unit_yen": amount_yen, "amount_yen": amount_yen, "tax_rate_pct": 10, "tax_included": True,
        "payer": Payer.USER, "issuer": "alsok", "version": "kobe-2024", "rule": "monthly",
        "because": {"ja": "毎月の利用料", "en": "the fee of each month"},
    }  # fmt: skip
    return Line(**values | more)


def owed(amount_yen: int, wearer_id: WearerId = HANA, **more: Any) -> Owed:
    return Owed(line=line(amount_yen, **more), wearer_id=wearer_id, contract_id=CONTRACT)


def document(
    draft: Draft, number: int = 1, issuer: Issuer = ALSOK, before: Iterable[Owed] = (), **more: Any
) -> Document:
    """A draft as a document, issued on the first of December 2026."""
    earlier = sums(before)
    values: dict[str, Any] = {
        "id": UUID(int=1000 + number), "city_id": issuer.city_id, "month": "2026-11", "round": 0, "kind": draft.kind,
        "payee": draft.payee, "number": number, "number_text": number_text(issuer, number), "issuer": issuer,
        "recipient": "佐藤", "corrects": draft.corrects, "before": earlier,
        "totals": totals_after(earlier, sums(draft.lines), issuer.rounding), "lines": len(draft.lines),
        "issued_on": date(2026, 12, 1), "due_on": date(2026, 12, 31), "issued_at": datetime(2026, 12, 1, tzinfo=UTC),
    }  # fmt: skip
    return Document(**values | more)
