"""A file of detectors, row by row."""

from datetime import date

import pytest
from msgspec.structs import replace

from app.kit.ids import CityId, DetectorId, new_id
from app.tags.columns import COLUMNS, KINDS, STATE
from app.tags.csv_rows import ROWS_MAX
from app.tags.exporting import exported
from app.tags.importing import Reading, read, within_town, without_registered
from app.tags.model import Detector, DetectorKind
from app.tags.reasons import WORDS, Reason, words
from app.tags.registration import DetectorDraft
from tests.build import NOW

HEAD = "管理番号,種別,設置場所名,緯度,経度"
ROW = "K-1,固定,東門,34.757,134.841"

DETECTOR = Detector(
    id=DetectorId(new_id()), city_id=CityId(282103), format="gateway", external_id="K-1", kind=DetectorKind.FIXED,
    name="東門", lat_deg=34.757, lon_deg=134.841, created_at=NOW,
)  # fmt: skip


def reading(*lines: str, head: str = HEAD) -> Reading:
    found = read("\r\n".join((head, *lines)).encode())
    assert isinstance(found, Reading)
    return found


def named(found: Reading) -> list[tuple[int, str, str, Reason]]:
    return [(one.line, one.column, one.value, one.reason) for one in found.errors]


def test_a_row_becomes_a_draft() -> None:
    (row,) = reading(ROW).rows

    assert (
        DetectorDraft(external_id="K-1", kind=DetectorKind.FIXED, name="東門", lat_deg=34.757, lon_deg=134.841)
        == row.draft
    )
    assert () == row.errors


def test_columns_may_stand_in_any_order_under_either_name_and_in_full_width() -> None:
    head = "ｌａｔ＿ｄｅｇ,lon_deg, 高さ（ｍ） ,設置場所名,種別,ＭＡＣ,天気"
    found = reading(
        "３４．７５７,134.841,４．５ｍ,東　門　１,ｆｉｘｅｄ,ＡＣ：２３：３Ｆ：Ｃ０：００：０１,晴", head=head
    )

    draft = found.rows[0].draft
    assert ("東 門 1", 34.757, 4.5, "ac233fc00001") == (draft.name, draft.lat_deg, draft.height_m, draft.mac)
    assert ("天気",) == found.unknown_columns
    assert [] == found.errors


def test_every_column_is_read() -> None:
    cells = {
        "管理番号": "K-1", "種別": "施設", "カメラ番号": "C-7", "設置場所名": "東門", "住所": "加古川町1", "緯度": "34度45分25.2秒",
        "経度": "134度50分27.6秒", "柱種別": "電柱", "電柱番号": "12-3", "高さ(m)": "4.5", "向き": "北", "電源": "AC100V",
        "回線": "LTE", "ICCID": "8981 0401 2345 6789 01", "MAC": "ac233fc00001", "機種": "G1", "FW": "1.2",
        "受信範囲(m)": "30", "設置日": "令和6年4月1日", "占用許可期限": "2029/3/31", "保守業者": "見守り電工", "点検日": "R7.1.15",
        "状態": "稼働", "備考": "a", "方式": "theengs", "送信間隔(秒)": "30", "無受信判定(秒)": "3600",
    }  # fmt: skip
    assert [column.heading for column in COLUMNS] == list(cells)

    (row,) = reading(",".join(cells.values()), head=",".join(cells)).rows

    expected = DetectorDraft(
        format="theengs", external_id="K-1", kind=DetectorKind.FACILITY, name="東門", address="加古川町1", lat_deg=34.757,
        lon_deg=134.841, range_m=30.0, interval_s=30, deaf_after_s=3600, camera_number="C-7", pole_type="電柱",
        pole_number="12-3", height_m=4.5, facing="北", power="AC100V", line="LTE", iccid="898104012345678901",
        mac="ac233fc00001", hardware="G1", firmware="1.2", installed_on=date(2024, 4, 1), permit_until=date(2029, 3, 31),
        maintainer="見守り電工", inspected_on=date(2025, 1, 15), note="a",
    )  # fmt: skip
    assert () == row.errors
    assert expected == row.draft


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_way_of_storing_a_file_is_read(encoding: str, delimiter: str, line_end: str) -> None:
    if line_end == "\r" and delimiter == "\t":
        line_end = "\n"
    body = line_end.join((HEAD, ROW, "")).replace(",", delimiter).encode(encoding)

    found = read(body)

    assert isinstance(found, Reading)
    assert ["東門"] == [row.draft.name for row in found.rows]
    assert [] == found.errors


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("K-1,信号,東門,34.757,134.841", ("種別", "信号", Reason.UNKNOWN_KIND)),
        ("K-1,,東門,34.757,134.841", ("種別", "", Reason.EMPTY)),
        ("K-1,固定,　,34.757,134.841", ("設置場所名", "　", Reason.EMPTY)),
        ("K-1,固定,東門,134.841,34.757", ("緯度", "134.841", Reason.OTHER_WAY_ROUND)),
        ("K-1,固定,東門,344525.2,134.841", ("緯度", "344525.2", Reason.WHICH_UNIT)),
        ("K-1,固定,東門,北の方,134.841", ("緯度", "北の方", Reason.NOT_A_PLACE)),
        ("K-1,固定,東門,95,134.841", ("緯度", "95", Reason.NOT_BETWEEN)),
        ("K-1,固定,東門,,134.841", ("緯度", "", Reason.HALF_A_PLACE)),
        ("K-1,固定,東門,,", ("緯度", "", Reason.NEEDS_PLACE)),
        ("K-1,固定,東門,0,0", ("緯度", "0", Reason.NOT_A_PLACE)),
        ("K-1,固定,\x07東門,34.757,134.841", ("設置場所名", "\x07東門", Reason.NOT_ONE_LINE)),
        (f"{'K' * 101},固定,東門,34.757,134.841", ("管理番号", "K" * 100, Reason.TOO_LONG)),
        ("K-1,固定,東門,34.757,134.841,余り", ("", "余り", Reason.TOO_MANY_CELLS)),
    ],
)
def test_what_is_wrong_with_a_row_is_named_once(row: str, expected: tuple[str, str, Reason]) -> None:
    assert [(2, *expected)] == named(reading(row))


@pytest.mark.parametrize(
    ("heading", "cell", "reason"),
    [
        ("方式", "fax", Reason.UNKNOWN_FORMAT),
        ("高さ(m)", "高い", Reason.NOT_A_NUMBER),
        ("高さ(m)", "501", Reason.NOT_BETWEEN),
        ("受信範囲(m)", "0", Reason.NOT_BETWEEN),
        ("送信間隔(秒)", "30.5", Reason.NOT_A_NUMBER),
        ("ICCID", "8.98104E+18", Reason.NOT_AN_ICCID),
        ("MAC", "不明", Reason.NOT_A_MAC),
        ("設置日", "4月", Reason.NOT_A_DATE),
        ("状態", "撤去済", Reason.TAKEN_DOWN),
    ],
)
def test_a_cell_that_cannot_be_meant_is_named(heading: str, cell: str, reason: Reason) -> None:
    assert [(2, heading, cell, reason)] == named(reading(f"{ROW},{cell}", head=f"{HEAD},{heading}"))


def test_all_that_is_wrong_with_a_row_is_named_and_the_others_are_not() -> None:
    found = reading(ROW, "K-2,信号,,344525.2,", ROW.replace("K-1", "K-3").replace("東門", "西門"))

    expected = [
        (3, "種別", "信号", Reason.UNKNOWN_KIND),
        (3, "緯度", "344525.2", Reason.WHICH_UNIT),
        (3, "設置場所名", "", Reason.EMPTY),
    ]
    assert sorted(expected) == sorted(named(found))


def test_what_is_far_from_the_middle_of_the_town_is_named_and_does_not_move_the_middle() -> None:
    rows = [f"K-{number},固定,門{number},34.75{number},134.84{number}" for number in range(5)]
    far = "K-9,固定,東京,35.68,139.76"

    def named_in_town(*lines: str) -> list[tuple[int, str, str, Reason]]:
        return named(within_town(reading(*lines), []))

    assert [(7, "緯度", "35.68", Reason.OUT_OF_TOWN)] == named_in_town(*rows, far)
    farther = "K-8,固定,札幌,43.06,141.35"
    assert [7, 8] == [line for line, *_ in named_in_town(*rows, far, farther)]
    swapped = [f"K-{number},固定,門{number},134.84{number},34.75{number}" for number in range(5, 8)]
    assert {Reason.OTHER_WAY_ROUND} == {reason for *_, reason in named_in_town(*rows, *swapped)}
    assert [] == named_in_town(*rows[:1], far)
    near = "K-9,固定,隣,34.99,134.84"
    assert [] == named_in_town(*rows, near)


def test_a_file_of_another_town_is_named_where_three_detectors_are_registered_however_many_its_rows() -> None:
    tokyo = [f"T-{number},固定,門{number},35.68{number},139.76{number}" for number in range(9)]
    here = [(34.757, 134.841), (34.758, 134.842), (34.759, 134.843)]

    assert list(range(2, 11)) == [line for line, *_ in named(within_town(reading(*tokyo), here))]
    assert [2, 3] == [line for line, *_ in named(within_town(reading(*tokyo[:2]), here))]
    assert [] == named(within_town(reading(ROW), here))
    # Fewer have no middle of their own: they count together with the file.
    assert [3] == [line for line, *_ in named(within_town(reading(ROW, tokyo[0]), here[:1]))]
    assert [] == named(within_town(reading(*tokyo), here[:2]))


def test_titles_above_the_headings_are_left_out_and_lines_are_counted_from_the_first() -> None:
    titles = ["加古川市見守りカメラ台帳,,,,", "", "令和6年4月1日現在,,,,担当：市民生活課", "", HEAD]
    found = read("\r\n".join([*titles, ROW, "K-2,信号,西門,34.757,134.841"]).encode())

    assert isinstance(found, Reading)
    assert [(7, "種別", "信号", Reason.UNKNOWN_KIND)] == named(found)
    assert ["東門", "西門"] == [row.draft.name for row in found.rows]
    assert [6, 7] == [row.line for row in found.rows]
    four = "\n".join(["台帳", "一覧", "部外秘", "現在", HEAD, ROW])
    assert isinstance(read(four.encode()), Reading)
    assert Reason.NO_COLUMNS is read(f"もう一行\n{four}".encode())
    assert Reason.NO_ROWS is read(f"台帳\n{HEAD}".encode())


def test_titles_do_not_take_from_the_rows_that_are_allowed() -> None:
    rows = [f"K-{number},固定,門,34.757,134.841" for number in range(ROWS_MAX + 1)]
    titles = ["台帳", "一覧", "部外秘", "現在", HEAD]

    assert isinstance(read("\n".join([*titles, *rows[:-1]]).encode()), Reading)
    assert Reason.TOO_MANY_ROWS is read("\n".join([*titles, *rows]).encode())


def fields(head: str) -> dict[str, str]:
    """The heading of each field that a file with these headings fills."""
    found = reading(",".join("" for _ in head.split(",")) + "x", head=head)
    return dict(found.rows[0].headings)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("種別,名称", {"kind": "種別", "name": "名称"}),
        ("検知器種別,検知器名", {"kind": "検知器種別", "name": "検知器名"}),
        ("種別,設置場所", {"kind": "種別", "name": "設置場所"}),
        ("種別,設置場所,住所", {"kind": "種別", "name": "設置場所", "address": "住所"}),
        ("種別,設置場所,設置場所名", {"kind": "種別", "name": "設置場所名", "address": "設置場所"}),
        ("種別,設置場所,名称,住所", {"kind": "種別", "name": "名称", "address": "住所"}),
        ("Ｎｏ．,種別,名称", {"external_id": "Ｎｏ．", "kind": "種別", "name": "名称"}),
        ("番号,種別,名称", {"external_id": "番号", "kind": "種別", "name": "名称"}),
        ("管理No,種別,名称", {"external_id": "管理No", "kind": "種別", "name": "名称"}),
        ("No.,管理番号,種別,名称", {"external_id": "管理番号", "kind": "種別", "name": "名称"}),
        ("番号,管理Ｎｏ．,種別,名称", {"external_id": "管理Ｎｏ．", "kind": "種別", "name": "名称"}),
    ],
)
def test_headings_of_other_towns_are_known_and_the_surest_counts(head: str, expected: dict[str, str]) -> None:
    assert expected == fields(head)
    unknown = {heading for heading in head.split(",") if heading not in expected.values()}
    assert unknown == set(reading("x,x", head=head).unknown_columns)


def test_a_heading_of_other_towns_twice_is_named() -> None:
    assert Reason.COLUMN_TWICE is read("種別,名称,名称\n車載,a,b".encode())


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (DetectorKind.VEHICLE, ("車両", "バス", "公用車", "車載")),
        (DetectorKind.HOME, ("家庭", "住宅", "自宅")),
        (DetectorKind.FACILITY, ("学校", "公共施設", "建物", "施設")),
        (DetectorKind.FIXED, ("電柱", "街路灯", "カメラ", "ｶﾒﾗ", "固定")),
        (DetectorKind.BRIDGE, ("中継",)),
    ],
)
def test_kinds_have_the_names_that_registers_give_them(kind: DetectorKind, names: tuple[str, ...]) -> None:
    for word in names:
        (row,) = reading(ROW.replace("固定", word)).rows
        assert (kind, ()) == (row.draft.kind, row.errors), word
    assert names[-1] in exported([replace(DETECTOR, kind=kind)]).decode()


def test_the_same_detector_again_is_named_where_it_is_said_again() -> None:
    assert [(3, "管理番号", "K-1", Reason.TWICE_IN_FILE)] == named(reading(ROW, ROW))
    head, first, again = f"{HEAD},MAC", f"{ROW},AC:23:3F:C0:00:01", "K-2,固定,西門,34.757,134.841,ac233fc00001"
    assert [(3, "MAC", "ac233fc00001", Reason.TWICE_IN_FILE)] == named(reading(first, again, head=head))
    nameless = ROW.removeprefix("K-1")
    assert [(3, "設置場所名", "東門", Reason.TWICE_IN_FILE)] == named(reading(nameless, nameless))
    assert [] == named(reading(nameless, nameless.replace("東門", "西門")))


def test_what_is_registered_is_named() -> None:
    found = reading(ROW, "K-2,固定,西門,34.757,134.841", ",固定,東門,34.757,134.841")

    again = without_registered(found, [DETECTOR], [("gateway", "K-2")])

    assert [(3, "管理番号", "K-2", Reason.REGISTERED), (4, "設置場所名", "", Reason.REGISTERED)] == [
        (line, column, value if column == "管理番号" else "", reason) for line, column, value, reason in named(again)
    ]


def test_a_line_break_within_a_cell_does_not_move_the_lines() -> None:
    found = reading(f'{ROW},"一行目\n二行目"', "K-2,信号,西門,34.757,134.841,", head=f"{HEAD},備考")

    assert "一行目 二行目" == found.rows[0].draft.note
    assert [(4, "種別", "信号", Reason.UNKNOWN_KIND)] == named(found)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Reason.NO_ROWS),
        (HEAD.encode(), Reason.NO_ROWS),
        (b"\x80\x81\xff", Reason.NOT_TEXT),
        (b"a\0b", Reason.NOT_TEXT),
        (b"\xff\xfe\x00", Reason.NOT_TEXT),
        ("管理番号,緯度\n1,2".encode(), Reason.NO_COLUMNS),
        (f"{HEAD},設置場所名\n{ROW},x".encode(), Reason.COLUMN_TWICE),
        (b"a,b\n" + b"x" * 200_000 + b",1", Reason.NOT_A_SHEET),
        (f"{HEAD}\n".encode() + f"{ROW}\n".encode() * (ROWS_MAX + 1), Reason.TOO_MANY_ROWS),
    ],
)
def test_what_is_no_file_of_detectors_has_a_reason(body: bytes, reason: Reason) -> None:
    assert reason is read(body)


def test_as_many_rows_as_are_allowed_are_read() -> None:
    found = reading(*[f"K-{number},固定,門,34.757,134.841" for number in range(ROWS_MAX)])

    assert ROWS_MAX == len(found.rows)


def test_every_reason_has_words_in_both_languages() -> None:
    assert set(Reason) == WORDS.keys()
    for english, japanese in WORDS.values():
        assert english[0].isascii()
        assert english.endswith(".")
        assert not japanese.isascii()
        assert japanese.endswith("。")


def test_what_is_out_of_range_is_told_with_the_range() -> None:
    (error,) = reading(f"{ROW},0", head=f"{HEAD},受信範囲(m)").errors

    assert ("This must be a number from 1 to 2000.", "1〜2000の数値で入力してください。") == (error.why, error.why_ja)
    (error,) = reading(f"{ROW},2592001", head=f"{HEAD},無受信判定(秒)").errors
    assert "600〜2592000の数値で入力してください。" == error.why_ja
    (error,) = reading("K-1,固定,東門,-95,134.841").errors
    assert "-90〜90の数値で入力してください。" == error.why_ja


def test_every_kind_is_in_the_words_of_one_that_is_unknown() -> None:
    english, japanese = words(Reason.UNKNOWN_KIND)
    for word, kind in KINDS.items():
        assert word in english
        assert kind.value in english
        assert word in japanese


def test_a_detector_without_a_name_of_its_own_is_exported_without_one() -> None:
    body = exported([replace(DETECTOR, external_id=str(DETECTOR.id))])

    found = read(body)

    assert isinstance(found, Reading)
    assert (None, []) == (found.rows[0].draft.external_id, found.errors)
    assert [Reason.REGISTERED] == [one.reason for one in without_registered(found, [DETECTOR], []).errors]


def test_what_is_exported_can_be_imported_as_it_was() -> None:
    full = replace(
        DETECTOR, address="=HYPERLINK(1)", note="+81", camera_number="-1", facing="@x", maintainer="見守り電工",
        height_m=4.5, lat_deg=-34.757000001, installed_on=date(2024, 4, 1), iccid="898104012345678901",
        mac="ac233fc00001", interval_s=30, kind=DetectorKind.BRIDGE, pole_number="0012",
    )  # fmt: skip

    found = read(exported([full]))

    assert isinstance(found, Reading)
    assert [] == found.errors
    draft = found.rows[0].draft
    assert {name: getattr(full, name) for name in DetectorDraft.__struct_fields__} == {
        name: getattr(draft, name) for name in DetectorDraft.__struct_fields__
    }


def test_no_text_that_is_exported_is_calculated_by_a_spreadsheet() -> None:
    texts = [column.field for column in COLUMNS if column.read.__name__ == "_text"]
    for sign in "=+-@＝＋－＠":
        body = exported([replace(DETECTOR, **dict.fromkeys(texts, f"{sign}cmd"))]).decode("utf-8-sig")

        cells = body.splitlines()[1].split(",")
        assert len(texts) == sum(cell == f"'{sign}cmd" for cell in cells)
        assert not any(cell.startswith(sign) for cell in cells)
    assert STATE not in texts
    assert body.splitlines()[0].startswith("管理番号,種別,カメラ番号,設置場所名")
