"""Documents on paper: A4, Japanese, with the six items of a qualified invoice. Pure but for the file of the font."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from app.billing import era
from app.billing.documents import first_of
from app.billing.model import Document, Kind
from app.paper import FONT, must_have, shown
from app.programmes.model import Payer

if TYPE_CHECKING:
    from fpdf import FPDF

MARGIN_MM: Final = 15
WIDE_MM: Final = 210 - 2 * MARGIN_MM
COLUMNS_MM: Final = (24, 80, 14, 16, 22, 24)
HEADINGS: Final = ("取引日", "内容", "数量", "単位", "単価（円）", "金額（円）")
ALIGNED: Final = ("LEFT", "LEFT", "RIGHT", "LEFT", "RIGHT", "RIGHT")


class Row(Struct, frozen=True, kw_only=True):
    """A row of the table. `on` names a day, or the month where lines of many days are one row; `mark` stands behind the
    content.
    """

    on: str
    label: str
    quantity: int
    unit: str
    unit_yen: int
    amount_yen: int
    mark: str = ""


def yen(amount: int) -> str:
    """An amount as it is printed.

    >>> yen(1234567), yen(-1234)
    ('1,234,567', '▲1,234')
    """
    return f"▲{-amount:,}" if amount < 0 else f"{amount:,}"


def title(document: Document) -> str:
    """What the document calls itself; only a registered company's is a qualified one."""
    if document.kind is Kind.RETURN:
        return "適格返還請求書" if document.is_qualified else "返還請求書"
    return "請求書（適格請求書）" if document.is_qualified else "請求書"


def addressed(document: Document) -> str:
    """To whom it is written."""
    return f"{document.recipient} {'様' if document.payee.payer is Payer.USER else '御中'}"


def head_lines(document: Document) -> list[str]:
    """What stands at the right: number, days, and who issued it."""
    issuer = document.issuer
    lines = [f"番号　{document.number_text}", f"発行日　{era.date_text(document.issued_on)}"]
    if document.kind is Kind.INVOICE:
        lines.append(f"お支払期限　{era.date_text(document.due_on)}")
    lines += ["", issuer.name]
    lines.append(
        f"登録番号　{issuer.registration_number}"
        if document.is_qualified
        else "登録番号　なし（適格請求書ではありません）"
    )
    lines += [one for one in (issuer.address, f"電話　{issuer.phone}" if issuer.phone else "") if one]
    return lines


def about_lines(document: Document, corrected: Document | None) -> list[str]:
    """What it is about: the month, and the document that it corrects."""
    month = era.month_text(first_of(document.month))
    lines = [f"{month}分　見守りサービス利用料"]
    if document.payee.ward or document.payee.category:
        parts = (document.payee.ward, CATEGORIES.get(document.payee.category, ""))
        lines.append(f"区分　{' '.join(one for one in parts if one)}")
    if corrected is not None:
        day = era.date_text(corrected.issued_on)
        lines.append(f"{day}発行　{corrected.number_text}（{era.month_text(first_of(corrected.month))}分）に係る返還")
    elif document.round:
        lines.append("後日判明した事実による訂正分")
    return lines


CATEGORIES: Final = {"elderly": "高齢者", "disabled": "身体障がい者"}


def tax_rows(document: Document) -> list[tuple[str, str, str]]:
    """For each rate: what it is, the amount with tax, and the tax in it."""
    rows = [
        (f"{one.rate_pct}％対象（税込）", yen(one.total_yen), f"うち消費税額等 {yen(one.tax_yen)}")
        for one in document.totals.rates
    ]
    if document.totals.outside_yen:
        rows.append(("不課税（保証金等）", yen(document.totals.outside_yen), ""))
    return rows


def document_pdf(document: Document, rows: Sequence[Row], corrected: Document | None, font: Path) -> bytes:
    """The document as a PDF. The same document comes to the same bytes. Raises `NoGlyph`, and `OSError` for a font that
    cannot be read.
    """
    from fpdf import FPDF

    class Paper(FPDF):
        def footer(self) -> None:
            self.set_y(-MARGIN_MM)
            self.set_font(FONT, size=8)
            self.cell(0, 5, f"{document.number_text}　{self.page_no()} / {{nb}}", align="C")

    pdf = Paper(format="A4")
    pdf.set_margin(MARGIN_MM)
    pdf.set_auto_page_break(True, margin=MARGIN_MM + 6)
    pdf.set_creation_date(document.issued_at)
    pdf.set_lang("ja")
    pdf.set_title(shown(f"{title(document)} {document.number_text}"))
    pdf.add_font(FONT, fname=font)
    with closing(pdf.fonts[FONT].ttfont):  # type: ignore[union-attr]
        must_have(pdf, _texts(document, rows, corrected))
        pdf.add_page()
        _head(pdf, document, corrected)
        _table(pdf, rows)
        _foot(pdf, document, rows)
        return bytes(pdf.output())


def _table(pdf: "FPDF", rows: Sequence[Row]) -> None:
    from fpdf.enums import TableBordersLayout

    pdf.set_font(FONT, size=9)
    with pdf.table(
        col_widths=COLUMNS_MM, text_align=ALIGNED, borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        line_height=5.5, padding=0.6, headings_style=_plain_headings(),
    ) as table:  # fmt: skip
        table.row(HEADINGS)
        for row in rows:
            table.row(_cells(row))


def _plain_headings() -> "object":
    from fpdf.fonts import FontFace

    return FontFace(emphasis="NONE", fill_color=235)


def _cells(row: Row) -> tuple[str, ...]:
    return (row.on, shown(row.label + row.mark), f"{row.quantity:,}", row.unit, yen(row.unit_yen), yen(row.amount_yen))


def _head(pdf: "FPDF", document: Document, corrected: Document | None) -> None:
    pdf.set_font(FONT, size=18)
    pdf.cell(0, 12, title(document), align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(4)
    top = pdf.get_y()
    pdf.set_font(FONT, size=13)
    pdf.multi_cell(95, 7, shown(addressed(document)), align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)
    pdf.set_font(FONT, size=10)
    for line in about_lines(document, corrected):
        pdf.multi_cell(95, 5.5, shown(line), align="L", new_x="LMARGIN", new_y="NEXT")
    left_end = pdf.get_y()
    pdf.set_y(top)
    pdf.set_font(FONT, size=9)
    for line in head_lines(document):
        pdf.set_x(MARGIN_MM + 105)
        pdf.multi_cell(WIDE_MM - 105, 5, shown(line), align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.set_y(max(left_end, pdf.get_y()) + 4)
    pdf.set_font(FONT, size=15)
    word = "ご請求金額" if document.kind is Kind.INVOICE else "返還金額"
    pdf.cell(0, 11, f"{word}　{yen(document.totals.total_yen)}円（税込）", border="B", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(5)


def _foot(pdf: "FPDF", document: Document, rows: Sequence[Row]) -> None:
    pdf.ln(4)
    pdf.set_font(FONT, size=10)
    for what, amount, tax in tax_rows(document):
        pdf.set_x(MARGIN_MM + 60)
        pdf.cell(44, 6, what)
        pdf.cell(30, 6, f"{amount}円", align="R")
        pdf.cell(46, 6, tax + ("円" if tax else ""), align="R", new_x="LMARGIN", new_y="NEXT")
    pdf.set_x(MARGIN_MM + 60)
    pdf.cell(44, 7, "合計", border="T")
    pdf.cell(30, 7, f"{yen(document.totals.total_yen)}円", border="T", align="R")
    pdf.cell(46, 7, "", border="T", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)
    pdf.set_font(FONT, size=9)
    for line in foot_lines(document, rows):
        pdf.multi_cell(0, 5, shown(line), align="L", new_x="LMARGIN", new_y="NEXT")


def foot_lines(document: Document, rows: Sequence[Row]) -> list[str]:
    """What stands below: marks explained, where to pay."""
    lines = []
    marks = "".join(row.mark for row in rows)
    if "※" in marks:
        lines.append("※は軽減税率対象です。")
    if "（税抜）" in marks:
        lines.append("（税抜）の金額に対する消費税額等は、税率ごとに合計してから1回で計算しています。")
    bank = document.issuer.bank
    if bank is not None and document.kind is Kind.INVOICE:
        lines.append(f"お振込先　{bank.bank} {bank.branch}　{bank.account_kind}　{bank.number}　{bank.holder}")
    return lines


def _texts(document: Document, rows: Sequence[Row], corrected: Document | None) -> Iterable[str]:
    yield from (
        title(document),
        addressed(document),
        "".join(HEADINGS),
        "ご請求返還金額円（税込）合計うち消費税額等 ▲%,/",
    )
    yield from head_lines(document)
    yield from about_lines(document, corrected)
    yield from foot_lines(document, rows)
    for row in tax_rows(document):
        yield from row
    for one in rows:
        yield from _cells(one)
