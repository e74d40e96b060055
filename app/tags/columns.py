"""The columns of a register of detectors, as towns keep it in a spreadsheet. Pure.

One table for both ways: what is exported can be imported again.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from msgspec import Struct

from app.tags.dates import written_date
from app.tags.model import DetectorKind
from app.tags.places import degrees
from app.tags.reasons import Reason

Value = str | float | int | date | DetectorKind | None
Reader = Callable[[str], "Value | Reason"]

KINDS: Final[Mapping[str, DetectorKind]] = {
    "固定": DetectorKind.FIXED,
    "車載": DetectorKind.VEHICLE,
    "施設": DetectorKind.FACILITY,
    "自宅": DetectorKind.HOME,
    "アプリ": DetectorKind.PHONE,
    "中継": DetectorKind.BRIDGE,
}
FORMATS: Final = ("gateway", "minew", "theengs")
STANDS: Final = "稼働"
_TAKEN_DOWN: Final = ("撤去", "廃止", "撤去済", "撤去済み", "廃止済", "removed")

_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{0,9})?")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
_UNIT = re.compile(r"(?:m|メートル|s|秒)$")
_BRACKETS = re.compile(r"[(\[][^()\[\]]*[)\]]")
_HEADING_CHARACTERS_MAX = 100
"""What is longer is no heading of a column."""


def _text(cell: str) -> Value | Reason:
    """A text on one line: a line break within a cell is how people set out a remark."""
    return " ".join(unicodedata.normalize("NFKC", cell).split()) or None


def _kind(cell: str) -> Value | Reason:
    plain = unicodedata.normalize("NFKC", cell).strip()
    if not plain:
        return Reason.EMPTY
    kind = KINDS.get(plain)
    if kind is not None:
        return kind
    return DetectorKind(plain.lower()) if plain.lower() in list(DetectorKind) else Reason.UNKNOWN_KIND


def _format(cell: str) -> Value | Reason:
    plain = unicodedata.normalize("NFKC", cell).strip().lower()
    if not plain:
        return "gateway"
    return plain if plain in FORMATS else Reason.UNKNOWN_FORMAT


def _number(cell: str) -> Value | Reason:
    plain = _UNIT.sub("", unicodedata.normalize("NFKC", cell).strip().lower()).strip().replace("−", "-")
    if _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    if not plain:
        return None
    return float(plain) if _NUMBER.fullmatch(plain) else Reason.NOT_A_NUMBER


def _whole(cell: str) -> Value | Reason:
    value = _number(cell)
    if isinstance(value, float):
        return int(value) if value.is_integer() else Reason.NOT_A_NUMBER
    return value


def _latitude(cell: str) -> Value | Reason:
    return degrees(cell, "lat_deg") if cell.strip() else None


def _longitude(cell: str) -> Value | Reason:
    return degrees(cell, "lon_deg") if cell.strip() else None


def _date(cell: str) -> Value | Reason:
    return written_date(cell) if cell.strip() else None


def _state(cell: str) -> Value | Reason:
    return Reason.TAKEN_DOWN if unicodedata.normalize("NFKC", cell).strip().lower() in _TAKEN_DOWN else None


class Column(Struct, frozen=True):
    """One column: the field of a draft that it fills, its heading, and how its cells are read."""

    field: str
    heading: str
    read: Reader = _text


STATE: Final = "state"
"""No field: what is taken down is not registered, and all that is registered stands."""

COLUMNS: Final = (
    Column("external_id", "管理番号"),
    Column("kind", "種別", _kind),
    Column("camera_number", "カメラ番号"),
    Column("name", "設置場所名"),
    Column("address", "住所"),
    Column("lat_deg", "緯度", _latitude),
    Column("lon_deg", "経度", _longitude),
    Column("pole_type", "柱種別"),
    Column("pole_number", "電柱番号"),
    Column("height_m", "高さ(m)", _number),
    Column("facing", "向き"),
    Column("power", "電源"),
    Column("line", "回線"),
    Column("iccid", "ICCID"),
    Column("mac", "MAC"),
    Column("hardware", "機種"),
    Column("firmware", "FW"),
    Column("range_m", "受信範囲(m)", _number),
    Column("installed_on", "設置日", _date),
    Column("permit_until", "占用許可期限", _date),
    Column("maintainer", "保守業者"),
    Column("inspected_on", "点検日", _date),
    Column(STATE, "状態", _state),
    Column("note", "備考"),
    Column("format", "方式", _format),
    Column("interval_s", "送信間隔(秒)", _whole),
    Column("deaf_after_s", "無受信判定(秒)", _whole),
)
BY_FIELD: Final = {column.field: column for column in COLUMNS}


def _folded(heading: str) -> str:
    """A heading without what people add or leave out: width, blanks, case, and a unit in brackets."""
    plain = unicodedata.normalize("NFKC", heading[:_HEADING_CHARACTERS_MAX])
    return _BRACKETS.sub("", "".join(plain.split())).casefold()


_BY_HEADING: Final[Mapping[str, Column]] = {
    **{_folded(column.heading): column for column in COLUMNS},
    **{column.field: column for column in COLUMNS},
}


def column_of(heading: str) -> Column | None:
    """The column that a heading names, in Japanese or as the field is called in the API.

    >>> column_of(" 高さ（ｍ）").field, column_of("lat_deg").field, column_of("天気")
    ('height_m', 'lat_deg', None)
    """
    return _BY_HEADING.get(_folded(heading))
