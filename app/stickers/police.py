"""What the desk reads out, or sends, to the police when nobody of the family answers. Pure; in Japanese, as it is read.

The finder is in it only with what she wrote. Of the wearer there is her name, when she was born, and by what she is
known where the police may know of her entry in the register.
"""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from app.stickers.threads import HerState, Line, Side
from app.stickers.words import plain


class Known(Struct, frozen=True, kw_only=True):
    """What is known of her. `entries`: number and features of each entry of the register that the police may see."""

    city: str
    zone: ZoneInfo
    number: str
    stuck_on: str
    name: str
    born_on: date | None
    entries: Sequence[tuple[str, str]]
    begun_at: datetime
    lines: Sequence[Line]
    places: bool


def text_of(known: Known, now: datetime) -> str:
    """The text, a line for each thing; what is not known is said to be so."""
    finders = [line for line in known.lines if line.side is Side.FINDER]
    return "\n".join(
        [
            f"【みまもりシールによる連絡】{known.city}",
            f"作成：{_when(now, known.zone)}",
            f"シール番号：{known.number}" + (f"（{known.stuck_on}）" if known.stuck_on else ""),
            f"対象の方：{known.name}" + (f"（{_day(known.born_on)}生まれ）" if known.born_on else ""),
            *(_entry(number, features) for number, features in known.entries),
            *(["事前登録：警察に知らせてよい登録はありません"] if not known.entries else []),
            f"「一緒にいます」の連絡：{_when(known.begun_at, known.zone)}",
            *_places(finders, known),
            f"様子：{_states(finders)}",
            *(_words(line, known.zone) for line in finders if line.words),
            "発見者の氏名・電話番号・住所は記録していません。",
        ]
    )


def _entry(number: str, features: str) -> str:
    return f"事前登録番号：{number}" + (f" 特徴：{_one_line(features)}" if features else "")


def _words(line: Line, zone: ZoneInfo) -> str:
    return f"発見者の言葉（{_when(line.at, zone)}）：{_one_line(line.words)}"


def _places(finders: Sequence[Line], known: Known) -> list[str]:
    if not known.places:
        return ["場所：表示する同意がありません"]
    placed = [line for line in finders if line.place is not None or line.typed_place]
    if not placed:
        return ["場所：発見者からの知らせはありません"]
    return [f"場所（{_when(line.at, known.zone)}）：{_place(line)}" for line in placed]


def _place(line: Line) -> str:
    parts = [_one_line(line.typed_place)] if line.typed_place else []
    if line.place is not None:
        one = line.place
        parts.append(f"北緯{one.lat_deg:.5f}度 東経{one.lon_deg:.5f}度（誤差およそ{one.accuracy_m:.0f}m）")
    return " ".join(parts)


def _states(finders: Sequence[Line]) -> str:
    said = {state for line in finders for state in line.states}
    return "、".join(plain("ja", f"state.{state}") for state in HerState if state in said) or "知らせはありません"


def _one_line(words: str) -> str:
    return " ".join(words.split())


def _when(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{_day(local.date())} {local:%H:%M}"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
