"""How each line of a document came about, in words. Pure.

Words of tariffs come with the lines, as they were when it was issued; what is said here is about sums and tax.
"""

from collections.abc import Sequence
from typing import Final

from app.billing import era
from app.billing.documents import first_of
from app.billing.model import Billed, Document, Kind
from app.billing.totals import NO_TAX, Rounding
from app.programmes.phrases import unit_words

ROUNDINGS: Final = {
    Rounding.DOWN: ("切り捨て", "rounded down"), Rounding.UP: ("切り上げ", "rounded up"),
    Rounding.HALF_UP: ("四捨五入", "rounded half up"),
}  # fmt: skip


def unit_text(unit: str, language: str = "ja") -> str:
    """What is counted, in words; what has none stands for itself.

    >>> unit_text("hour"), unit_text("30_minutes", "en"), unit_text("箱")
    ('時間', '30 minutes', '箱')
    """
    try:
        return unit_words(unit)[language]
    except KeyError:
        return unit


def explained(document: Document, lines: Sequence[Billed], language: str) -> list[str]:
    """The document in sentences, `ja` or `en`: what it is, each line, the tax."""
    ja = language == "ja"
    return [*_head(document, ja), *(text for one in lines for text in _line(one, language)), *_tax(document, ja)]


def _head(document: Document, ja: bool) -> list[str]:
    issuer, total = document.issuer, document.totals.total_yen
    if ja:
        kind = "請求書" if document.kind is Kind.INVOICE else "返還請求書"
        month = era.month_text(first_of(document.month))
        head = f"{document.number_text}　{kind}　{issuer.name} → {document.recipient}　{month}分　{total:,}円"
        return [head] if not document.round else [head, f"  締めた後に分かったことによる訂正（第{document.round}回）"]
    kind = "invoice" if document.kind is Kind.INVOICE else "return invoice"
    head = f"{document.number_text}  {kind}  {issuer.name} → {document.recipient}  {document.month}  {total:,} yen"
    return (
        [head] if not document.round else [head, f"  corrects what became known after closing (round {document.round})"]
    )


def _line(one: Billed, language: str) -> list[str]:
    line, ja = one.owed.line, language == "ja"
    name, why = line.label.get(language, line.code), line.because.get(language, "")
    unit = unit_text(line.unit, language)
    if ja:
        price = f"{line.unit_yen:,}円 × {line.quantity}{unit} = {line.amount_yen:,}円"
        tax = "不課税" if line.deposit else f"{'税込' if line.tax_included else '税抜'}{line.tax_rate_pct}％"
        back = "（前の明細の取消し）" if one.owed.returns is not None else ""
        facts = [f"料金表 {line.version}", f"規則 {line.rule}", *([f"利用記録 {line.source}"] if line.source else [])]
        return [f"- {era.date_text(line.on)}　{name}{back}　{price}（{tax}）", f"    {why}", f"    {'、'.join(facts)}"]
    price = f"{line.unit_yen:,} yen × {line.quantity} {unit} = {line.amount_yen:,} yen"
    tax = (
        "outside tax" if line.deposit else f"{line.tax_rate_pct} % tax {'included' if line.tax_included else 'on top'}"
    )
    back = " (takes an earlier line back)" if one.owed.returns is not None else ""
    facts = [f"tariff {line.version}", f"rule {line.rule}", *([f"usage {line.source}"] if line.source else [])]
    return [f"- {line.on}  {name}{back}  {price} ({tax})", f"    {why}", f"    {', '.join(facts)}"]


def _tax(document: Document, ja: bool) -> list[str]:
    how = ROUNDINGS[document.issuer.rounding][not ja]
    found = []
    for one in document.totals.rates:
        total, tax = f"{one.total_yen:,}", f"{one.tax_yen:,}"
        found.append(
            f"{one.rate_pct}％対象 {total}円、うち消費税額等 {tax}円（合計してから1回だけ{how}）" if ja
            else f"{one.rate_pct} %: {total} yen, {tax} yen of it tax (once for all, {how})"
        )  # fmt: skip
    if document.totals.outside_yen:
        yen = document.totals.outside_yen
        found.append(f"不課税 {yen:,}円" if ja else f"outside tax: {yen:,} yen")
    if document.before:
        before = sum(one.included_yen + one.excluded_yen for rate, one in document.before.items() if rate != NO_TAX)
        found.append(
            f"これまでの書類の明細計 {before:,}円との差額として計算" if ja
            else f"reckoned as the difference to earlier documents, whose lines come to {before:,} yen"
        )  # fmt: skip
    return found
