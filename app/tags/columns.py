"""The columns of a register of detectors, as towns keep it in a spreadsheet. Pure.

One table for both ways: what is exported can be imported again.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
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
_ALSO: Final[Mapping[str, DetectorKind]] = {
    **dict.fromkeys(("電柱", "街路灯", "カメラ"), DetectorKind.FIXED),
    **dict.fromkeys(("車両", "バス", "公用車"), DetectorKind.VEHICLE),
    **dict.fromkeys(("学校", "公共施設", "建物"), DetectorKind.FACILITY),
    **dict.fromkeys(("家庭", "住宅"), DetectorKind.HOME),
}
"""What registers call kinds; the words above are those that are written."""
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
    kind = KINDS.get(plain) or _ALSO.get(plain)
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
    """One column: the field of a draft that it fills, its heading, and how its cells are read.

    `also` are headings of other towns, the surest first. They count where no column has the heading itself: a No.
    beside a 管理番号 only numbers the lines.
    """

    field: str
    heading: str
    read: Reader = _text
    also: tuple[str, ...] = ()


STATE: Final = "state"
"""No field: what is taken down is not registered, and all that is registered stands."""

COLUMNS: Final = (
    Column("external_id", "管理番号", also=("管理No.", "番号", "No.")),
    Column("kind", "種別", _kind, also=("検知器種別",)),
    Column("camera_number", "カメラ番号"),
    # 設置場所 is the name, or the address beside another name.
    Column("name", "設置場所名", also=("検知器名", "名称", "設置場所")),
    Column("address", "住所", also=("所在地", "設置場所")),
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


HEADINGS_MIN: Final = 2
"""A line that names as many columns is the one of the headings."""
_HEADINGS_MAX: Final = 500


def _folded(heading: str) -> str:
    """A heading without what people add or leave out: width, blanks, case, a last dot, and a unit in brackets."""
    plain = unicodedata.normalize("NFKC", heading[:_HEADING_CHARACTERS_MAX])
    return _BRACKETS.sub("", "".join(plain.split())).casefold().rstrip(".")


_BY_HEADING: Final[Mapping[str, Column]] = {
    **{_folded(column.heading): column for column in COLUMNS},
    **{column.field: column for column in COLUMNS},
}
_OF_OTHER_TOWNS: Final = tuple((_folded(heading), column) for column in COLUMNS for heading in column.also)


def columns_of(headings: Sequence[str]) -> list[Column | None]:
    """The column that each heading names, in Japanese or as the field is called in the API; one may be named twice.

    >>> [column and column.field for column in columns_of([" 高さ（ｍ）", "lat_deg", "天気", "No．"])]
    ['height_m', 'lat_deg', None, 'external_id']
    >>> [column and column.field for column in columns_of(["No.", "管理番号", "名称", "設置場所"])]
    [None, 'external_id', 'name', 'address']
    """
    folded = [_folded(heading) for heading in headings]
    found = [_BY_HEADING.get(heading) for heading in folded]
    named = {column.field for column in found if column is not None}
    for heading, column in _OF_OTHER_TOWNS:
        places = [place for place, one in enumerate(folded) if one == heading and found[place] is None]
        if places and column.field not in named:
            named.add(column.field)
            for place in places:
                found[place] = column
    return found


def is_heading(cells: Sequence[str]) -> bool:
    """Whether a line names columns, and is no title above them."""
    columns = columns_of(cells[:_HEADINGS_MAX])
    return len({column.field for column in columns if column is not None}) >= HEADINGS_MIN
