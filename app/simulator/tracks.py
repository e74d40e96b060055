"""Recorded outings read from CSV and GPX. Pure: text in, fixes and faults out; a row that cannot be read costs only
itself.

CSV: `user, time, latitude, longitude, accuracy` with or without `user` and `accuracy`, with or without a line of
headings. Times are ISO 8601; without an offset they are taken as UTC. GPX 1.0 and 1.1 (topografix.com/GPX): the points
of all tracks, in order.
"""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import gpxpy
from gpxpy.gpx import GPXException
from msgspec import Struct

HEADINGS = {
    "user": "user", "who": "user", "user_id": "user",
    "t_iso8601": "at", "time": "at", "timestamp": "at", "t": "at", "datetime": "at", "at": "at",
    "lat": "lat", "latitude": "lat", "lat_deg": "lat",
    "lon": "lon", "lng": "lon", "longitude": "lon", "lon_deg": "lon",
    "accuracy": "accuracy", "acc": "accuracy", "accuracy_m": "accuracy",
}  # fmt: skip


class TrackFix(Struct, frozen=True, kw_only=True):
    """One recorded place."""

    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None = None
    user: str = ""


class Fault(Struct, frozen=True):
    """What could not be read: where (`line 7`, `point 3`), and why."""

    where: str
    why: str


class Track(Struct, frozen=True, kw_only=True):
    """What was recorded, in order of time, and what could not be read."""

    fixes: tuple[TrackFix, ...] = ()
    faults: tuple[Fault, ...] = ()

    def users(self) -> list[str]:
        """Whose rows there are, in order."""
        return sorted({fix.user for fix in self.fixes})


def read(name: str, text: str) -> Track:
    """The track in a file of this name, which decides the format unless the text is plainly GPX."""
    if name.lower().endswith(".gpx") or text.lstrip("\ufeff \t\r\n").startswith("<"):
        return read_gpx(text)
    return read_csv(text)


def read_csv(text: str) -> Track:
    """The track in a CSV."""
    fixes: list[TrackFix] = []
    faults: list[Fault] = []
    for line, row in read_rows(io.StringIO(text.removeprefix("\ufeff"), newline=None)):
        if isinstance(row, str):
            faults.append(Fault(f"line {line}", row))
        else:
            fixes.append(row)
    return Track(fixes=_in_order(fixes), faults=tuple(faults))


def read_rows(lines: Iterable[str]) -> Iterator[tuple[int, TrackFix | str]]:
    """The rows of a CSV as they stand in it, with the number of their line: a fix, or why there is none."""
    for line, row, columns in _rows(lines):
        yield line, row if isinstance(row, str) else _fix(row, columns)


def last_lines(lines: Iterable[str]) -> dict[str, int]:
    """On which line the last row of each user stands."""
    last: dict[str, int] = {}
    for line, row, columns in _rows(lines):
        place = columns.get("user")
        if not isinstance(row, str):
            last[row[place] if place is not None and place < len(row) else ""] = line
    return last


def read_gpx(text: str) -> Track:
    """The track in a GPX file."""
    try:
        gpx = gpxpy.parse(text)
    except GPXException as error:
        return Track(faults=(Fault("the file", f"this is no GPX: {error}"),))
    fixes: list[TrackFix] = []
    faults: list[Fault] = []
    points = [point for track in gpx.tracks for segment in track.segments for point in segment.points]
    for number, point in enumerate(points, start=1):
        if point.time is None:
            faults.append(Fault(f"point {number}", "it has no time"))
        elif not _is_place(point.latitude, point.longitude):
            faults.append(Fault(f"point {number}", "it is no place on Earth"))
        else:
            fixes.append(TrackFix(at=_utc(point.time), lat_deg=point.latitude, lon_deg=point.longitude))
    if not points:
        faults.append(Fault("the file", "there is no track in it"))
    return Track(fixes=_in_order(fixes), faults=tuple(faults))


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str] | str, Mapping[str, int]]]:
    """The rows that are not empty, with the number of their line, and which column is what; a text says why a line is
    no row. A line is a row: a stray quotation mark must not swallow what stands below it.
    """
    columns: dict[str, int] | None = None
    for number, text in enumerate(lines, start=1):
        try:
            row = [cell.strip() for cell in (next(csv.reader([text]), []) if '"' in text else text.split(","))]
        except csv.Error as error:
            yield number, str(error), columns or {}
            continue
        if not any(row):
            continue
        if columns is None:
            columns = _headings(row)
            if columns is not None:
                continue
            columns = _guessed(row)
        yield number, row, columns


def _headings(row: Sequence[str]) -> dict[str, int] | None:
    """Which column is what, if the row names at least a time and a place."""
    columns = {HEADINGS[cell.lower()]: index for index, cell in enumerate(row) if cell.lower() in HEADINGS}
    return columns if columns.keys() >= {"at", "lat", "lon"} else None


def _guessed(row: Sequence[str]) -> dict[str, int]:
    """Which column is what in a file without headings: a user comes first, if the first cell is no time."""
    order = ["at", "lat", "lon", "accuracy"]
    # Somebody may be called 20260401, which is a time as well.
    if isinstance(_time(row[0]), str) or not isinstance(_time(row[min(1, len(row) - 1)]), str):
        order.insert(0, "user")
    return {name: index for index, name in enumerate(order)}


def _fix(row: Sequence[str], columns: Mapping[str, int]) -> TrackFix | str:
    """The fix in a row, or why there is none."""

    def cell(name: str) -> str:
        index = columns.get(name)
        return row[index] if index is not None and index < len(row) else ""

    at = _time(cell("at"))
    if isinstance(at, str):
        return at
    lat_deg, lon_deg = _number(cell("lat")), _number(cell("lon"))
    if lat_deg is None or lon_deg is None or not _is_place(lat_deg, lon_deg):
        return f"{cell('lat')!r}, {cell('lon')!r} is no place on Earth"
    accuracy_m = _number(cell("accuracy"))
    if cell("accuracy") and (accuracy_m is None or accuracy_m < 0):
        return f"{cell('accuracy')!r} is no accuracy"
    return TrackFix(at=at, lat_deg=lat_deg, lon_deg=lon_deg, accuracy_m=accuracy_m, user=cell("user"))


def _time(text: str) -> datetime | str:
    try:
        return _utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return f"{text!r} is no time"


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _is_place(lat_deg: float, lon_deg: float) -> bool:
    return -90 <= lat_deg <= 90 and -180 <= lon_deg <= 180


def _in_order(fixes: Sequence[TrackFix]) -> tuple[TrackFix, ...]:
    return tuple(sorted(fixes, key=lambda fix: fix.at))
