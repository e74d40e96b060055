"""A file of a spreadsheet as rows of cells. Pure: any bytes come to a sheet or to a reason."""

import csv
import io
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

from msgspec import Struct

from app.tags.reasons import Reason

BYTES_MAX: Final = 2 * 1024 * 1024
ROWS_MAX: Final = 5_000
HEADING_LINES: Final = 5
"""Registers have titles above their headings."""
DELIMITERS: Final = (",", "\t", ";")

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""A cell that begins so is calculated when a spreadsheet opens the file (OWASP, CSV injection)."""


class Row(Struct, frozen=True):
    """The cells of one row, and the line of the file on which it begins, from 1."""

    line: int
    cells: list[str]


class Sheet(Struct, frozen=True):
    """The headings and the rows below them, without those that are empty and without titles above."""

    headings: list[str]
    rows: list[Row]


def read_sheet(body: bytes, is_heading: Callable[[Sequence[str]], bool]) -> Sheet | Reason:
    """The sheet in a file with commas, tabs or semicolons, in UTF-8 (with or without its mark), UTF-16 with its mark,
    or CP932. Its headings are the first of the first lines that is one; what is above them are titles.
    """
    text = _decoded(body)
    if text is None:
        return Reason.NOT_TEXT
    rows = _rows(text, _delimiter(text, is_heading))
    if isinstance(rows, Reason):
        return rows
    if len(rows) < 2:
        return Reason.NO_ROWS
    place = _heading_place([row.cells for row in rows[:HEADING_LINES]], is_heading)
    if place is None:
        return Reason.NO_COLUMNS
    below = rows[place + 1 :]
    if len(below) > ROWS_MAX:
        return Reason.TOO_MANY_ROWS
    return Sheet(rows[place].cells, below) if below else Reason.NO_ROWS


def _rows(text: str, delimiter: str) -> list[Row] | Reason:
    """The rows that are not empty; some more than are allowed, because titles may be among them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(Row(line, [as_typed(cell) for cell in cells]))
            if len(rows) > ROWS_MAX + HEADING_LINES:
                return Reason.TOO_MANY_ROWS
            line = reader.line_num + 1
    except csv.Error:
        return Reason.NOT_A_SHEET
    return rows


def _delimiter(text: str, is_heading: Callable[[Sequence[str]], bool]) -> str:
    """What stands between the cells: that by which one of the first lines is one of headings."""
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        filled = (cells for cells in reader if any(cell.strip() for cell in cells))
        try:
            lines = list(islice(filled, HEADING_LINES))
        except csv.Error:
            continue
        if _heading_place(lines, is_heading) is not None:
            return delimiter
    return DELIMITERS[0]


def _heading_place(lines: Sequence[list[str]], is_heading: Callable[[Sequence[str]], bool]) -> int | None:
    return next((place for place, cells in enumerate(lines) if is_heading(cells)), None)


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
