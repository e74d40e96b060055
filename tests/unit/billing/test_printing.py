"""What is on paper, read back from the PDF."""

from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from msgspec.structs import replace
from pypdf import PageObject, PdfReader

from app.billing.documents import drafts_of
from app.billing.model import Document, Kind
from app.billing.printing import Row, document_pdf, yen
from app.paper import NoGlyph, font_file
from app.programmes.model import Payer
from tests.unit.billing.build import ALSOK, document, owed

FONT = font_file(None)
ROWS = [
    Row(on="11月30日", label="月額利用料", quantity=1, unit="月", unit_yen=2_200, amount_yen=2_200),
    Row(on="11月12日", label="充電アダプタ", quantity=1, unit="台", unit_yen=4_700, amount_yen=4_700, mark="（税抜）"),
]


@pytest.fixture(scope="module")
def invoice() -> Document:
    (draft,) = drafts_of([owed(2_200), owed(4_700, tax_included=False)])
    return document(draft, recipient="𠮷田 髙子")


def read(pdf: bytes) -> str:
    """The text of all pages, without the spaces that a reader guesses between letters."""
    return "".join(plain(page) for page in PdfReader(BytesIO(pdf)).pages)


def plain(page: PageObject) -> str:
    return "".join(page.extract_text().replace("\0", "").split())


def test_the_six_items_are_on_the_paper(invoice: Document) -> None:
    text = read(document_pdf(invoice, ROWS, None, FONT))

    for item in (
        "請求書（適格請求書）", "総合警備保障株式会社神戸支社", "登録番号T1234567890123", "令和8年11月分", "11月12日充電アダプタ（税抜）",
        "10％対象（税込）7,370円", "うち消費税額等670円", "𠮷田髙子様", "番号alsok-0000001", "発行日令和8年12月1日",
        "お支払期限令和8年12月31日", "ご請求金額7,370円", "みなと銀行",
    ):  # fmt: skip
        assert item in text


def test_the_same_document_is_the_same_file_on_a4(invoice: Document) -> None:
    pdf = document_pdf(invoice, ROWS, None, FONT)
    page = PdfReader(BytesIO(pdf)).pages[0]

    assert pdf == document_pdf(invoice, ROWS, None, FONT)
    assert (210, 297) == (round(float(page.mediabox.width) / 72 * 25.4), round(float(page.mediabox.height) / 72 * 25.4))


def test_a_company_without_a_number_does_not_call_it_qualified(invoice: Document) -> None:
    text = read(document_pdf(replace(invoice, issuer=replace(ALSOK, registration_number=None)), ROWS, None, FONT))

    assert "適格請求書ではありません" in text
    assert "（適格請求書）" not in text


def test_a_return_names_what_it_corrects(invoice: Document) -> None:
    (draft,) = drafts_of([owed(-2_200)])
    back = replace(document(draft, 2), corrects=invoice.id, round=1, issued_on=date(2027, 2, 1))
    rows = [replace(ROWS[0], unit_yen=-2_200, amount_yen=-2_200)]
    text = read(document_pdf(back, rows, invoice, FONT))

    assert Kind.RETURN is back.kind
    for item in (
        "適格返還請求書",
        "令和8年12月1日発行alsok-0000001（令和8年11月分）に係る返還",
        "返還金額▲2,200円",
        "うち消費税額等▲200円",
    ):
        assert item in text
    assert "お支払期限" not in text
    assert "お振込先" not in text


def test_a_ward_is_addressed_as_an_office(invoice: Document) -> None:
    (draft,) = drafts_of([owed(1_000, payer=Payer.CITY, ward="中央区", category="disabled")])
    text = read(document_pdf(document(draft, recipient="札幌市 中央区"), ROWS, None, FONT))

    assert "札幌市中央区御中" in text
    assert "区分中央区身体障がい者" in text


def test_a_long_document_repeats_its_headings_and_counts_its_pages(invoice: Document) -> None:
    pages = PdfReader(BytesIO(document_pdf(invoice, ROWS * 60, None, FONT))).pages
    texts = [plain(page) for page in pages]

    assert 2 < len(pages)
    assert all("取引日" in text and f"{number}/{len(pages)}" in text for number, text in enumerate(texts[:-1], 1))


def test_a_character_without_a_form_is_said_and_not_left_out(invoice: Document) -> None:
    with pytest.raises(NoGlyph) as caught:
        document_pdf(replace(invoice, recipient="佐藤 😀"), ROWS, None, FONT)

    assert ("😀", "U+1F600") == (caught.value.characters, caught.value.codes)


def test_a_variation_selector_is_no_character(invoice: Document) -> None:
    assert "葛城様" in read(document_pdf(replace(invoice, recipient="葛\U000e0100城"), ROWS, None, FONT))


def test_a_font_that_is_not_there_is_an_error(invoice: Document) -> None:
    with pytest.raises(OSError):
        document_pdf(invoice, ROWS, None, font_file("/nowhere/font.ttf"))
    assert Path("/nowhere/font.ttf") == font_file("/nowhere/font.ttf")


def test_amounts() -> None:
    assert ["0", "1,234,567", "▲1,234"] == [yen(0), yen(1_234_567), yen(-1_234)]
