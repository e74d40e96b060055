"""Why something about a detector cannot be taken, in both languages. Pure.

Whoever sends one detector reads the first; a clerk who sends a file of them reads Japanese, row by row.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """One thing that can be wrong."""

    EMPTY = "empty"
    NOT_ONE_LINE = "not_one_line"
    TOO_LONG = "too_long"
    NOT_A_NUMBER = "not_a_number"
    NOT_BETWEEN = "not_between"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_FORMAT = "unknown_format"
    NEEDS_NAME = "needs_name"
    NAME_OF_ANOTHER = "name_of_another"
    NOT_A_MAC = "not_a_mac"
    NOT_AN_ICCID = "not_an_iccid"
    NOT_A_DATE = "not_a_date"
    NEEDS_PLACE = "needs_place"
    HALF_A_PLACE = "half_a_place"
    NOT_A_PLACE = "not_a_place"
    WHICH_UNIT = "which_unit"
    OTHER_WAY_ROUND = "other_way_round"
    OUT_OF_TOWN = "out_of_town"
    TWICE_IN_FILE = "twice_in_file"
    REGISTERED = "registered"
    TOO_MANY_CELLS = "too_many_cells"
    TAKEN_DOWN = "taken_down"

    NOT_TEXT = "not_text"
    NOT_A_SHEET = "not_a_sheet"
    NO_ROWS = "no_rows"
    TOO_MANY_ROWS = "too_many_rows"
    NO_COLUMNS = "no_columns"
    COLUMN_TWICE = "column_twice"


WORDS: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.EMPTY: ("This must not be empty.", "入力してください。"),
    Reason.NOT_ONE_LINE: ("This must be one line without control characters.", "改行や制御文字は使えません。"),
    Reason.TOO_LONG: ("This is too long.", "文字数が多すぎます。"),
    Reason.NOT_A_NUMBER: ("This must be a number.", "数値で入力してください。"),
    Reason.NOT_BETWEEN: ("This must be a number from {min} to {max}.", "{min}〜{max}の数値で入力してください。"),
    Reason.UNKNOWN_KIND: (
        "There is no such kind; there are 固定, 車載, 施設, 自宅, アプリ, 中継 (fixed, vehicle, facility, home, phone, "
        "bridge).",
        "種別は「固定・車載・施設・自宅・アプリ・中継」のいずれかにしてください。",
    ),
    Reason.UNKNOWN_FORMAT: (
        "There is no such format; there are gateway, minew, theengs.",
        "方式は gateway・minew・theengs のいずれかにしてください。",
    ),
    Reason.NEEDS_NAME: (
        "A detector of this format is known by what it calls itself; state it.",
        "この方式では検知器自身の識別名(管理番号)が必要です。",
    ),
    Reason.NAME_OF_ANOTHER: (
        "A UUID is what is given to a detector here; it cannot take one as its name.",
        "UUIDはここで付与する識別子のため、識別名には使えません。",
    ),
    Reason.NOT_A_MAC: (
        "This must be a MAC address, 12 hexadecimal digits.",
        "MACアドレス(16進数12桁)で入力してください。",
    ),
    Reason.NOT_AN_ICCID: (
        "This must be the 18 to 22 digits of the SIM; a spreadsheet may have rounded them.",
        "ICCIDは18〜22桁の数字です。表計算ソフトで桁が丸められていないか確認してください。",
    ),
    Reason.NOT_A_DATE: (
        "This must be a date, as 2024-04-01, 2024/4/1 or 令和6年4月1日.",
        "日付は「2024/4/1」や「令和6年4月1日」の形で入力してください。",
    ),
    Reason.NEEDS_PLACE: (
        "A detector that stays where it is needs its latitude and longitude.",
        "固定・施設・自宅の検知器には緯度と経度が必要です。",
    ),
    Reason.HALF_A_PLACE: ("Latitude and longitude come together.", "緯度と経度の両方を入力してください。"),
    Reason.NOT_A_PLACE: (
        "This must be a coordinate: 34.757, 34°45′25.2″ or 34度45分25.2秒.",
        "座標は「34.757」や「34度45分25.2秒」の形で入力してください。",
    ),
    Reason.WHICH_UNIT: (
        "This could be degrees, minutes and seconds without signs between them; write 34.757 or 34度45分25.2秒.",
        "度分秒の区切りがなく判別できません。「34.757」や「34度45分25.2秒」の形で入力してください。",
    ),
    Reason.OTHER_WAY_ROUND: (
        "The other way round? This is a latitude of Japan in the longitude, and its longitude in the latitude.",
        "緯度と経度が入れ替わっているようです。",
    ),
    Reason.OUT_OF_TOWN: (
        "This is more than 30 km from the middle of the other detectors.",
        "ほかの検知器の中心から30km以上離れています。",
    ),
    Reason.TWICE_IN_FILE: (
        "An earlier row of this file is the same detector.",
        "同じ検知器がファイル内に重複しています。",
    ),
    Reason.REGISTERED: ("A detector that calls itself so is registered already.", "すでに登録されています。"),
    Reason.TAKEN_DOWN: ("This one is taken down; leave its row out.", "撤去済みの検知器です。行を削除してください。"),
    Reason.NOT_TEXT: (
        "The file is neither UTF-8 nor CP932.",
        "文字コードは UTF-8 か Shift_JIS (CP932) にしてください。",
    ),
    Reason.NOT_A_SHEET: ("The file is no CSV.", "CSVとして読み取れません。"),
    Reason.NO_ROWS: (
        "The file holds a line of headings and at least one row.",
        "見出し行と1行以上のデータが必要です。",
    ),
    Reason.TOO_MANY_ROWS: ("The file holds more than 5,000 rows.", "一度に登録できるのは5,000行までです。"),
    Reason.NO_COLUMNS: (
        "One of the first five lines names the columns, 種別 and 設置場所名 (kind and name) among them.",
        "先頭5行以内に「種別」と「設置場所名」を含む見出し行が必要です。",
    ),
    Reason.COLUMN_TWICE: ("A column is there twice.", "同じ見出しの列が2つあります。"),
    Reason.TOO_MANY_CELLS: ("This row has more cells than the headings.", "この行は見出しより列が多くなっています。"),
}


def words(reason: Reason, limits: tuple[float, float] | None = None) -> tuple[str, str]:
    """Why not, in English and in Japanese; `limits` are the least and the most that a number may be.

    >>> words(Reason.NOT_BETWEEN, (1, 2000))
    ('This must be a number from 1 to 2000.', '1〜2000の数値で入力してください。')
    """
    english, japanese = WORDS[reason]
    if limits is None:
        return english, japanese
    least, most = (f"{limit:.6f}".rstrip("0").rstrip(".") for limit in limits)
    return english.format(min=least, max=most), japanese.format(min=least, max=most)
