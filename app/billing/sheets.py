"""Documents, lines, statements and arrears as files for spreadsheets. Pure: UTF-8 with its mark, CRLF, and no cell that
a spreadsheet would calculate.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Final
from uuid import UUID

from app.billing.explaining import unit_text
from app.billing.model import Billed, Document, State
from app.programmes.model import Payer

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
"""A text that begins so is calculated when a spreadsheet opens the file (OWASP, CSV injection)."""
BOM: Final = "\ufeff".encode()

DOCUMENTS: Final = (
    "番号", "種類", "対象月", "発行日", "支払期限", "発行者", "登録番号", "宛先", "区", "区分", "負担者",
    "合計（税込）", "うち消費税額等", "未収額", "状態",
)  # fmt: skip
LINES: Final = (
    "番号", "取引日", "内容", "数量", "単位", "単価", "金額", "税率", "税込・税抜", "区", "区分", "料金表",
    "規則", "理由", "利用者ID", "契約ID", "利用記録ID",
)  # fmt: skip
PARTS: Final = ("対象月", "発行者", "区", "区分", "利用者数", "書類数", "合計（税込）", "うち消費税額等")

KINDS: Final = {"invoice": "請求書", "return": "返還請求書"}
PAYERS: Final = {Payer.USER: "利用者", Payer.CITY: "市", Payer.INSURER: "保険会社"}
CATEGORIES: Final = {"elderly": "高齢者", "disabled": "身体障がい者", "": ""}
STATES: Final = {
    State.ISSUED: "発行済み", State.PARTLY: "一部入金", State.PAID: "入金済み", State.OVERDUE: "滞納",
    State.OVERPAID: "過入金", State.WRITTEN_OFF: "不納欠損", State.OFFSET: "相殺",
}  # fmt: skip

Cell = str | int | date | None


def sheet(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A whole file."""
    return BOM + part([headings, *rows])


def part(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Some rows of a file, without the mark: of a long one part after part is sent."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([_cell(one) for one in row] for row in rows)
    return text.getvalue().encode()


def document_row(document: Document, open_yen: int | None, state: State) -> list[Cell]:
    """A document as a row under `DOCUMENTS`."""
    payee = document.payee
    return [
        document.number_text, KINDS[document.kind.value], document.month, document.issued_on, document.due_on,
        document.issuer.name, document.issuer.registration_number, document.recipient, payee.ward,
        CATEGORIES.get(payee.category, payee.category), PAYERS[payee.payer], document.totals.total_yen,
        document.totals.tax_yen, open_yen, STATES[state],
    ]  # fmt: skip


def line_row(number: str, one: Billed) -> list[Cell]:
    """A line as a row under `LINES`."""
    line = one.owed.line
    return [
        number, line.on, line.label.get("ja", line.code), line.quantity, unit_text(line.unit), line.unit_yen,
        line.amount_yen, "不課税" if line.deposit else f"{line.tax_rate_pct}%",
        "" if line.deposit else "税込" if line.tax_included else "税抜", line.ward,
        CATEGORIES.get(line.category, line.category), line.version, line.rule, line.because.get("ja", ""),
        _id(one.owed.wearer_id), _id(one.owed.contract_id), line.source,
    ]  # fmt: skip


def _id(key: UUID) -> str:
    """Nothing where it is hidden."""
    return str(key) if key.int else ""


def part_rows(month: str, parts: Sequence[tuple[str, str, str, int, int, int, int]]) -> list[list[Cell]]:
    """Parts of a city's month (company, ward, category, wearers, documents, yen, tax) under `PARTS`; below those of
    each company their sums.
    """
    rows: list[list[Cell]] = []
    for issuer, own in groupby(parts, key=lambda one: one[0]):
        mine = list(own)
        rows += [[month, issuer, ward, CATEGORIES.get(group, group), *rest] for _, ward, group, *rest in mine]
        rows.append([month, issuer, "合計", "", *(sum(one[place] for one in mine) for place in (3, 4, 5, 6))])  # type: ignore[misc]
    return rows


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_SIGNS) else value
    return str(value)
