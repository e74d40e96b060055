"""A file of a spreadsheet as rows of cells. Pure: any bytes come to a sheet or to a reason."""

import csv
import io
from typing import Final

from msgspec import Struct

from app.tags.reasons import Reason

BYTES_MAX: Final = 2 * 1024 * 1024
ROWS_MAX: Final = 5_000

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""A cell that begins so is calculated when a spreadsheet opens the file (OWASP, CSV injection)."""


class Row(Struct, frozen=True):
    """The cells of one row, and the line of the file on which it begins, from 1."""

    line: int
    cells: list[str]


class Sheet(Struct, frozen=True):
    """The headings and the rows below them, without those that are empty."""

    headings: list[str]
    rows: list[Row]


def read_sheet(body: bytes) -> Sheet | Reason:
    """The sheet in a file with commas or tabs, in UTF-8 (with or without its mark), UTF-16 with its mark, or CP932."""
    text = _decoded(body)
    if text is None:
        return Reason.NOT_TEXT
    first_line = text.partition("\n")[0]
    delimiter = "\t" if first_line.count("\t") > first_line.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(Row(line, [as_typed(cell) for cell in cells]))
            if len(rows) > ROWS_MAX + 1:
                return Reason.TOO_MANY_ROWS
            line = reader.line_num + 1
    except csv.Error:
        return Reason.NOT_A_SHEET
    if len(rows) < 2:
        return Reason.NO_ROWS
    return Sheet(rows[0].cells, rows[1:])


def write_sheet(headings: list[str], rows: list[list[str | None]]) -> bytes:
    """The file of a sheet: UTF-8 with its mark, which spreadsheets in Japan need to take it for UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return text.getvalue().encode("utf-8-sig", "replace")


def harmless(text: str) -> str:
    """A text as a cell that no spreadsheet calculates. `as_typed` takes the sign away again.

    >>> harmless("=1+1"), harmless("1+1")
    ("'=1+1", '1+1')
    """
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def as_typed(cell: str) -> str:
    """What was typed into a cell: without the apostrophe before a sign, and without `="…"` around what must keep its
    zeros.
    """
    if cell.startswith("'") and cell[1:].startswith(FORMULA_SIGNS):
        return cell[1:]
    if len(cell) > 3 and cell.startswith('="') and cell.endswith('"'):
        return cell[2:-1]
    return cell


def _decoded(body: bytes) -> str | None:
    """The text, None for bytes that are none."""
    encodings = ["utf-16"] if body.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp932"]
    for encoding in encodings:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None
