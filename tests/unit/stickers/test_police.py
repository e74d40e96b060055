"""What the desk reads out to the police: all that is known, nothing of the finder, and what is not known is said."""

from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from app.kit.ids import LineId, ThreadId, new_id
from app.stickers.police import Known, text_of
from app.stickers.threads import HerState, Line, SharedPlace, Side
from tests.build import NOW, minutes

LINE = Line(
    id=LineId(new_id()), thread_id=ThreadId(new_id()), side=Side.FINDER, at=NOW, words="駅の\n前",
    states=frozenset({HerState.HURT}), place=SharedPlace(lat_deg=34.75, lon_deg=134.84, accuracy_m=12.4),
)  # fmt: skip
KNOWN = Known(
    city="加古川市", zone=ZoneInfo("Asia/Tokyo"), number="AB0123", stuck_on="くつ", name="ハナ", born_on=NOW.date(),
    entries=[("12", "赤い帽子")], begun_at=NOW, lines=[LINE], places=True,
)  # fmt: skip


def test_it_says_what_is_known() -> None:
    assert [
        "【みまもりシールによる連絡】加古川市",
        "作成：2026年4月1日 12:05",
        "シール番号：AB0123（くつ）",
        "対象の方：ハナ（2026年4月1日生まれ）",
        "事前登録番号：12 特徴：赤い帽子",
        "「一緒にいます」の連絡：2026年4月1日 12:00",
        "場所（2026年4月1日 12:00）：北緯34.75000度 東経134.84000度（誤差およそ12m）",
        "様子：けがをしている",
        "発見者の言葉（2026年4月1日 12:00）：駅の 前",
        "発見者の氏名・電話番号・住所は記録していません。",
    ] == text_of(KNOWN, NOW + minutes(5)).split("\n")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"places": False}, "場所：表示する同意がありません"),
        ({"lines": []}, "場所：発見者からの知らせはありません"),
        ({"entries": []}, "事前登録：警察に知らせてよい登録はありません"),
    ],
    ids=["no consent", "nothing said", "not in the register"],
)
def test_what_is_not_known_is_said(changed: dict[str, object], said: str) -> None:
    text = text_of(replace(KNOWN, **changed), NOW)

    assert said in text
    if "places" in changed:
        assert "34.75" not in text


def test_how_she_seems_is_said_as_the_finder_read_it() -> None:
    line = replace(LINE, states=frozenset(HerState))

    text = text_of(replace(KNOWN, lines=[line]), NOW)

    assert "様子：落ち着いている、けがをしている、寒そう・ぬれている、道に迷っている" in text.split("\n")


def test_what_the_family_wrote_is_not_in_it() -> None:
    line = replace(LINE, side=Side.FAMILY, words="内緒です", states=frozenset(), place=None)

    assert "内緒" not in text_of(replace(KNOWN, lines=[line]), NOW)
