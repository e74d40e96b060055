"""Detectors as a file for a spreadsheet, with the columns that can be imported. Pure."""

from collections.abc import Iterable
from typing import Final

from app.tags.columns import COLUMNS, KINDS, STANDS, STATE
from app.tags.csv_rows import harmless, write_sheet
from app.tags.model import Detector

_KIND_WORDS: Final = {kind: word for word, kind in KINDS.items()}


def exported(detectors: Iterable[Detector]) -> bytes:
    """The file: one row a detector, dates as 2024-04-01, numbers with a point, texts that no spreadsheet calculates."""
    rows = [[_cell(one, column.field) for column in COLUMNS] for one in detectors]
    return write_sheet([column.heading for column in COLUMNS], rows)


def _cell(one: Detector, field: str) -> str | None:
    if field == STATE:
        return STANDS
    if field == "kind":
        return _KIND_WORDS[one.kind]
    if field == "external_id" and one.external_id == str(one.id):
        # It states no name: this id is ours, and no other detector may take it as its own.
        return None
    value = getattr(one, field)
    if value is None:
        return None
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0").rstrip(".")
    return harmless(value) if isinstance(value, str) else str(value)
