"""The register as a file, and numbers as spans."""

import csv
import io
from datetime import date

import pytest

from app.kit.ids import WearerId, new_id
from app.stickers.register import FORMULA_SIGNS, HEADINGS, Called, Registered, sheet, spans


def registered(name: str = "Hana", features: str = "") -> Registered:
    return Registered(
        wearer_id=WearerId(new_id()), name=name, born_on=date(1940, 2, 29), network="net", number="1",
        entered_on=date(2026, 4, 1), features=features, stickers=["AA0001", "AA0000"],
        contacts=[Called(name="Sachi", relation="", phone="090"), Called(name="Ken", relation="孫", phone="")],
    )  # fmt: skip


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_row_says_who_it_is_and_whom_to_call() -> None:
    expected = ["1", "Hana", "1940-02-29", "", "AA0000-AA0001", "Sachi 090、Ken 孫", "net", "2026-04-01"]

    assert [list(HEADINGS), expected] == cells(sheet([registered()]))


@pytest.mark.parametrize("sign", FORMULA_SIGNS, ids=[f"{ord(one):04x}" for one in FORMULA_SIGNS])
def test_no_spreadsheet_calculates_what_somebody_wrote(sign: str) -> None:
    """Also not in a name that a family typed."""
    (_, row) = cells(sheet([registered(f"{sign}1+1", f"{sign}cmd")]))

    assert [f"'{sign}1+1", f"'{sign}cmd"] == [row[1], row[3]]


def test_a_file_of_nobody_has_its_mark_and_its_headings() -> None:
    assert sheet([]).startswith(b"\xef\xbb\xbf")
    assert [list(HEADINGS)] == cells(sheet([]))


def test_numbers_in_a_row_are_a_span() -> None:
    assert ["AA0001-AA0003", "AA0005", "AA9999", "AB0000"] == spans(
        ["AA0005", "AB0000", "AA0002", "AA9999", "AA0001", "AA0003"]
    )
