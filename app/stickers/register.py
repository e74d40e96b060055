"""The register that a city shares with its police: who wears which stickers, and whom to call. Pure: as a file for
spreadsheets it is UTF-8 with its mark, CRLF, and has no cell that a spreadsheet would calculate.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from app.kit.ids import AccountId, WearerId

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
"""A text that begins so is calculated when a spreadsheet opens the file (OWASP, CSV injection)."""
HEADINGS: Final = ("登録番号", "氏名", "生年月日", "特徴", "シール番号", "連絡先", "ネットワーク", "登録日")


class Called(Struct, frozen=True, kw_only=True):
    """Whom to call."""

    name: str
    relation: str
    phone: str


class Registered(Struct, frozen=True, kw_only=True):
    """A wearer in the register. `number` and the rest of the entry are empty for who is in no network."""

    wearer_id: WearerId
    name: str
    born_on: date | None
    network: str
    number: str
    entered_on: date | None
    features: str
    stickers: Sequence[str]
    contacts: Sequence[Called]


class Export(Struct, frozen=True, kw_only=True):
    """The register went out as a file."""

    id: UUID
    rows: int
    by: AccountId
    at: datetime


def spans(numbers: Iterable[str]) -> list[str]:
    """Numbers in a row as one span.

    >>> spans(["AA0003", "AA0001", "AA0002", "AB0000"])
    ['AA0001-AA0003', 'AB0000']
    """
    found: list[tuple[str, str]] = []
    for number in sorted(numbers):
        if found and _follows(found[-1][1], number):
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    return [first if first == last else f"{first}-{last}" for first, last in found]


def sheet(rows: Iterable[Registered]) -> bytes:
    """The register as a file."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    writer.writerows([_cell(value) for value in _row(one)] for one in rows)
    return "\ufeff".encode() + text.getvalue().encode()


def _row(one: Registered) -> list[str]:
    called = [" ".join(part for part in (each.name, each.relation, each.phone) if part) for each in one.contacts]
    return [
        one.number, one.name, "" if one.born_on is None else one.born_on.isoformat(), one.features,
        "、".join(spans(one.stickers)), "、".join(called), one.network,
        "" if one.entered_on is None else one.entered_on.isoformat(),
    ]  # fmt: skip


def _cell(value: str) -> str:
    return f"'{value}" if value.startswith(FORMULA_SIGNS) else value


def _follows(last: str, number: str) -> bool:
    return last[:2] == number[:2] and int(last[2:]) + 1 == int(number[2:])
