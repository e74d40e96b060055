"""A file of detectors, read row by row: what is right becomes a draft, what is wrong is named. Pure.

Every row is looked at, and all of it: a clerk who corrects a file of 1,475 rows wants to do it once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from app.tags.columns import BY_FIELD, STATE, Column, Value, columns_of, is_heading
from app.tags.csv_rows import Row, read_sheet
from app.tags.model import Detector, DetectorKind
from app.tags.places import is_other_way_round
from app.tags.reasons import Reason, words
from app.tags.registration import LIMITS, DetectorDraft, faults, tidied
from app.tags.town import Place, is_out_of_town, middle

SHOWN_CHARACTERS: Final = 100

_PLACE: Final = frozenset({"lat_deg", "lon_deg"})
_NEEDED: Final = ("kind", "name")


class RowError(Struct, frozen=True, kw_only=True):
    """One thing that is wrong with one row: its line in the file, the column, and what stands there."""

    line: int
    column: str
    value: str
    reason: Reason
    why: str
    why_ja: str


class RowRead(Struct, frozen=True, kw_only=True):
    """What a row says. The draft is complete only where nothing is wrong; `headings` and `cells` are by field."""

    line: int
    draft: DetectorDraft
    headings: Mapping[str, str]
    cells: Mapping[str, str]
    errors: tuple[RowError, ...] = ()

    def wrong(self, field: str, reason: Reason) -> "RowRead":
        """The row with one more thing that is wrong with it."""
        return replace(self, errors=(*self.errors, _error(self.line, field, reason, self.headings, self.cells)))


class Reading(Struct, frozen=True, kw_only=True):
    """A file that was read, and the headings that mean nothing here."""

    rows: tuple[RowRead, ...]
    unknown_columns: tuple[str, ...]

    @property
    def errors(self) -> list[RowError]:
        """Everything that is wrong, in the order of the lines."""
        return [error for row in self.rows for error in row.errors]


def read(body: bytes) -> Reading | Reason:
    """The rows of a file, each judged by itself and against those before it; or why it is no file of detectors."""
    sheet = read_sheet(body, is_heading)
    if isinstance(sheet, Reason):
        return sheet
    columns = columns_of(sheet.headings)
    unknown = tuple(heading for heading, column in zip(sheet.headings, columns, strict=True) if column is None)
    named = Counter(column.field for column in columns if column is not None)
    if any(field not in named for field in _NEEDED):
        return Reason.NO_COLUMNS
    if max(named.values()) > 1:
        return Reason.COLUMN_TWICE
    headings = {
        column.field: heading for heading, column in zip(sheet.headings, columns, strict=True) if column is not None
    }
    rows = _twice_named(_row(row, columns, headings) for row in sheet.rows)
    return Reading(rows=tuple(rows), unknown_columns=tuple(one for one in unknown if one.strip()))


def within_town(reading: Reading, registered: Iterable[Place]) -> Reading:
    """The reading with the rows named that are far from the middle of the town: of where its detectors are registered
    to be, or, as long as they are few, of those and the rows.
    """
    town = middle([*registered], [place for row in reading.rows if (place := _place_of(row)) is not None])
    rows = [
        row.wrong("lat_deg", Reason.OUT_OF_TOWN)
        if (place := _place_of(row)) is not None and is_out_of_town(place, town)
        else row
        for row in reading.rows
    ]
    return replace(reading, rows=tuple(rows))


def without_registered(reading: Reading, registered: Iterable[Detector], taken: Iterable[tuple[str, str]]) -> Reading:
    """The reading with the rows named that are registered: by what they call themselves in their format (`taken`, in
    any city), by their address, or, where they say neither, by being the same in the same place.
    """
    names = set(taken)
    known = list(registered)
    macs = {one.mac for one in known if one.mac is not None}
    places = {_place_key(one) for one in known}
    rows = []
    for row in reading.rows:
        draft = row.draft
        if (draft.format, draft.external_id) in names:
            row = row.wrong("external_id" if "external_id" in row.cells else "mac", Reason.REGISTERED)
        elif draft.mac is not None and draft.mac in macs:
            row = row.wrong("mac", Reason.REGISTERED)
        elif draft.external_id is None and draft.mac is None and _place_key(draft) in places:
            row = row.wrong("name", Reason.REGISTERED)
        rows.append(row)
    return replace(reading, rows=tuple(rows))


def _row(row: Row, columns: list[Column | None], headings: Mapping[str, str]) -> RowRead:
    """One row, judged by itself."""
    values: dict[str, Value] = {}
    cells: dict[str, str] = {}
    wrong: dict[str, Reason] = {}
    for column, cell in zip(columns, row.cells, strict=False):
        if column is None:
            continue
        cells[column.field] = cell
        value = column.read(cell)
        if isinstance(value, Reason):
            wrong[column.field] = value
        elif value is not None:
            values[column.field] = value
    if "kind" not in cells:
        wrong["kind"] = Reason.EMPTY
    read_row = RowRead(line=row.line, draft=_draft(values), headings=headings, cells=cells)
    if len(row.cells) > len(columns) and any(cell.strip() for cell in row.cells[len(columns) :]):
        read_row = _surplus(read_row, row.cells[len(columns) :])
    for field, reason in wrong.items():
        read_row = read_row.wrong(field, reason)
    return _judged(read_row, frozenset(wrong))


def _judged(row: RowRead, already: frozenset[str]) -> RowRead:
    """The row with the faults of its draft named, but for fields whose cell could not even be read."""
    draft = row.draft
    ignored = set(already)
    if is_other_way_round(draft.lat_deg, draft.lon_deg):
        row = row.wrong("lat_deg", Reason.OTHER_WAY_ROUND)
        ignored |= _PLACE
    if ignored & (_PLACE | {"kind"}):
        ignored |= _PLACE
    if "format" in already:
        ignored.add("external_id")
    for fault in faults(draft):
        if fault.field not in ignored:
            row = row.wrong(fault.field, fault.reason)
    return row


def _draft(values: Mapping[str, Any]) -> DetectorDraft:
    given = {field: value for field, value in values.items() if field != STATE}
    return tidied(DetectorDraft(**{"kind": DetectorKind.FIXED, "name": ""} | given))


def _place_of(row: RowRead) -> Place | None:
    """Where a row says that it is, if it says so in a way that can be right."""
    lat_deg, lon_deg = row.draft.lat_deg, row.draft.lon_deg
    wrong = any(error.column == row.headings.get(field) for error in row.errors for field in _PLACE)
    return None if lat_deg is None or lon_deg is None or wrong else (lat_deg, lon_deg)


def _twice_named(rows: Iterable[RowRead]) -> Iterator[RowRead]:
    """The rows, with those named that say the same detector again."""
    names: set[tuple[str, str]] = set()
    macs: set[str] = set()
    places: set[tuple[object, ...]] = set()
    for row in rows:
        draft = row.draft
        own_name = None if draft.external_id is None else (draft.format, draft.external_id)
        if own_name in names:
            row = row.wrong("external_id" if "external_id" in row.cells else "mac", Reason.TWICE_IN_FILE)
        elif draft.mac is not None and draft.mac in macs:
            row = row.wrong("mac", Reason.TWICE_IN_FILE)
        elif own_name is None and draft.mac is None and draft.name and _place_key(draft) in places:
            row = row.wrong("name", Reason.TWICE_IN_FILE)
        if own_name is not None:
            names.add(own_name)
        if draft.mac is not None:
            macs.add(draft.mac)
        if own_name is None and draft.mac is None:
            places.add(_place_key(draft))
        yield row


def _place_key(one: DetectorDraft | Detector) -> tuple[object, ...]:
    """What two rows without a name of their own would have in common if they were one detector."""
    return one.format, one.kind, one.name, one.lat_deg, one.lon_deg, one.camera_number, one.pole_number


def _surplus(row: RowRead, cells: list[str]) -> RowRead:
    shown = ", ".join(cell for cell in cells if cell.strip())
    error = _error(row.line, "", Reason.TOO_MANY_CELLS, {"": ""}, {"": shown})
    return replace(row, errors=(*row.errors, error))


def _error(line: int, field: str, reason: Reason, headings: Mapping[str, str], cells: Mapping[str, str]) -> RowError:
    why, why_ja = words(reason, LIMITS.get(field))
    heading = headings.get(field) or (BY_FIELD[field].heading if field in BY_FIELD else "")
    value = cells.get(field, "")[:SHOWN_CHARACTERS]
    return RowError(line=line, column=heading.strip(), value=value, reason=reason, why=why, why_ja=why_ja)
