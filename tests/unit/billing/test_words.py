"""Sentences about a document, and files for spreadsheets."""

import csv
import io
from datetime import date
from uuid import UUID

import pytest
from msgspec.structs import replace

from app.billing import sheets
from app.billing.documents import drafts_of
from app.billing.explaining import explained, unit_text
from app.billing.model import Billed, State
from app.billing.totals import Rounding
from app.programmes.model import Payer
from tests.unit.billing.build import ALSOK, HANA, document, owed


def billed(*some) -> list[Billed]:
    return [Billed(id=UUID(int=n), document_id=UUID(int=9), owed=one) for n, one in enumerate(some)]


def said(*some, language: str = "ja", **more) -> list[str]:
    (draft,) = drafts_of(some, {one.returns: UUID(int=9) for one in some if one.returns is not None})
    return explained(document(draft, **more), billed(*draft.lines), language)


def test_each_line_says_price_tariff_rule_and_why_in_two_languages() -> None:
    one = owed(13_200, quantity=2, unit="hour", unit_yen=6_600, source="u7", rule="turn_out", on=date(2026, 11, 12))

    assert [
        "alsok-0000001　請求書　総合警備保障株式会社 神戸支社 → 佐藤　令和8年11月分　13,200円",
        "- 令和8年11月12日　月額利用料　6,600円 × 2時間 = 13,200円（税込10％）",
        "    毎月の利用料",
        "    料金表 kobe-2024、規則 turn_out、利用記録 u7",
        "10％対象 13,200円、うち消費税額等 1,200円（合計してから1回だけ切り捨て）",
    ] == said(one)
    assert [
        "alsok-0000001  invoice  総合警備保障株式会社 神戸支社 → 佐藤  2026-11  13,200 yen",
        "- 2026-11-12  monthly fee  6,600 yen × 2 hour = 13,200 yen (10 % tax included)",
        "    the fee of each month",
        "    tariff kobe-2024, rule turn_out, usage u7",
        "10 %: 13,200 yen, 1,200 yen of it tax (once for all, rounded down)",
    ] == said(one, language="en")


def test_tax_on_top_deposits_and_rounding_are_said() -> None:
    text = "\n".join(
        said(
            owed(105, tax_included=False),
            owed(20_000, deposit=True, code="deposit"),
            issuer=replace(ALSOK, rounding=Rounding.UP),
        )
    )

    assert "105円（税抜10％）" in text
    assert "20,000円（不課税）" in text
    assert "うち消費税額等 11円（合計してから1回だけ切り上げ）" in text
    assert "不課税 20,000円" in text


def test_a_correction_says_what_it_is_and_against_what_it_is_reckoned() -> None:
    back = replace(owed(-2_200), returns=UUID(int=5))
    text = said(back, before=[owed(2_200)], round=1)

    assert "返還請求書" in text[0]
    assert "  締めた後に分かったことによる訂正（第1回）" == text[1]
    assert "月額利用料（前の明細の取消し）" in text[2]
    assert "これまでの書類の明細計 2,200円との差額として計算" == text[-1]


@pytest.mark.parametrize(
    ("unit", "ja", "en"), [("month", "か月", "month"), ("15_minutes", "15分", "15 minutes"), ("箱", "箱", "箱")]
)
def test_units_have_words_or_stand_for_themselves(unit: str, ja: str, en: str) -> None:
    assert (ja, en) == (unit_text(unit), unit_text(unit, "en"))


def rows_of(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "＝1", "\t=1", "\r=1", "\n=1"])
def test_no_text_is_calculated(text: str) -> None:
    (_, row) = rows_of(sheets.sheet(["h"], [[text]]))

    assert [f"'{text}"] == row


def test_numbers_stay_numbers_and_names_stay_names() -> None:
    (_, row) = rows_of(sheets.sheet(["a", "b", "c"], [[-220, "𠮷田, 髙子", None]]))

    assert ["-220", "𠮷田, 髙子", ""] == row


def test_a_document_and_a_line_have_a_cell_under_each_heading() -> None:
    (draft,) = drafts_of([owed(1_000, payer=Payer.CITY, ward="中央区", category="elderly", tax_included=False)])
    one = document(draft, recipient="札幌市 中央区")
    row = sheets.document_row(one, 1_100, State.OVERDUE)
    line = sheets.line_row(one.number_text, billed(*draft.lines)[0])

    assert (len(sheets.DOCUMENTS), len(sheets.LINES)) == (len(row), len(line))
    assert ("札幌市 中央区", "中央区", "高齢者", "市", 1_100, "滞納") == tuple(row[n] for n in (7, 8, 9, 10, 13, 14))
    assert ("税抜", "10%", str(HANA)) == (line[8], line[7], line[14])


def test_parts_of_each_company_are_added_up() -> None:
    rows = sheets.part_rows(
        "2026-03",
        [("a", "北区", "elderly", 2, 1, 500, 45), ("a", "南区", "disabled", 3, 1, 700, 63), ("b", "", "", 1, 2, 9, 0)],
    )

    assert [
        ["2026-03", "a", "北区", "高齢者", 2, 1, 500, 45],
        ["2026-03", "a", "南区", "身体障がい者", 3, 1, 700, 63],
        ["2026-03", "a", "合計", "", 5, 2, 1_200, 108],
        ["2026-03", "b", "", "", 1, 2, 9, 0],
        ["2026-03", "b", "合計", "", 1, 2, 9, 0],
    ] == rows
