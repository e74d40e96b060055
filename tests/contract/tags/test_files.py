"""A city's register of detectors comes as a messy file, and goes as one."""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from app.tags import service
from app.tags.csv_rows import BYTES_MAX
from app.tags.reasons import Reason
from tests.contract.web import ELSEWHERE, Town, town

CAMERAS = 1_475
"""As many as Kakogawa has street cameras."""

FULL_WIDTH = str.maketrans("0123456789.-", "０１２３４５６７８９．－")
HEAD = "管理番号,種別,カメラ番号,設置場所名,住所,緯度,経度,柱種別,高さ（ｍ）,ICCID,ＭＡＣ,設置日,状態,備考,天気"

Rows = dict[int, dict[str, str]]


@pytest.fixture
def here(where: Path | str) -> Iterator[Town]:
    with town(where) as one:
        yield one


def minutes(degrees: float, signs: str) -> str:
    """Degrees, minutes and seconds, with these signs behind them."""
    seconds = round(degrees * 3600, 1)
    return f"{int(seconds // 3600)}{signs[0]}{int(seconds % 3600 // 60):02}{signs[1]}{seconds % 60:04.1f}{signs[2]}"


def good(number: int) -> dict[str, str]:
    """A row as one of several hands wrote it."""
    lat_deg, lon_deg = 34.70 + number % 97 / 1000, 134.80 + number % 89 / 1000
    lat, lon = {
        0: (f"{lat_deg:.6f}", f"{lon_deg:.6f}"),
        1: (f"{lat_deg:.6f}".translate(FULL_WIDTH), f"　{lon_deg:.6f}".translate(FULL_WIDTH)),
        2: (minutes(lat_deg, "度分秒"), minutes(lon_deg, "度分秒")),
        3: (f"N{minutes(lat_deg, '-- ')}", minutes(lon_deg, "°′″")),
    }[number % 4]
    return {
        "管理番号": f"Ｋ－{number:04}" if number % 5 == 0 else f"K-{number:04}",
        "種別": ("固定", " 固定　", "ｆｉｘｅｄ")[number % 3],
        "カメラ番号": str(number),
        "設置場所名": f"加古川町　第{number}号",
        "住所": "兵庫県加古川市加古川町北在家2000",
        "緯度": lat,
        "経度": lon,
        "柱種別": "ｺﾝｸﾘｰﾄ柱",
        "高さ（ｍ）": ("4.5", "４．５ｍ", "")[number % 3],
        "ICCID": f"89810401{number:011}",
        "ＭＡＣ": f"ac:23:3f:c0:{number // 256:02x}:{number % 256:02x}",
        "設置日": ("2024/4/1", "令和6年4月1日", "R6.4.1")[number % 3],
        "状態": "稼働",
        "備考": "角,北向き" if number % 7 == 0 else "",
        "天気": "晴",
    }


BAD: dict[int, tuple[str, str, Reason]] = {
    17: ("種別", "信号機", Reason.UNKNOWN_KIND),
    101: ("設置場所名", "　", Reason.EMPTY),
    230: ("緯度", "344525.2", Reason.WHICH_UNIT),
    333: ("緯度", "134.84", Reason.OTHER_WAY_ROUND),
    404: ("緯度", "35.681236", Reason.OUT_OF_TOWN),
    555: ("経度", "駅の北", Reason.NOT_A_PLACE),
    678: ("経度", "", Reason.HALF_A_PLACE),
    790: ("高さ（ｍ）", "高い", Reason.NOT_A_NUMBER),
    901: ("ICCID", "8.98104E+18", Reason.NOT_AN_ICCID),
    1024: ("ＭＡＣ", "調査中", Reason.NOT_A_MAC),
    1200: ("設置日", "４月ごろ", Reason.NOT_A_DATE),
    1474: ("管理番号", "K-0001", Reason.TWICE_IN_FILE),
}
"""Twelve rows with one thing wrong each, by the number of the row."""


def messy() -> bytes:
    """The file as a spreadsheet in Japan stores it."""
    lines = [HEAD]
    for number in range(CAMERAS):
        row = good(number)
        if number in BAD:
            column, value, reason = BAD[number]
            row[column] = value
            if reason is Reason.OTHER_WAY_ROUND:
                row["経度"] = "34.75"
            elif reason is Reason.OUT_OF_TOWN:
                row["経度"] = "139.767125"
        lines.append(",".join(f'"{cell}"' if "," in cell else cell for cell in row.values()))
    return "\r\n".join(lines).replace("′", "’").replace("″", "”").encode("cp932")


def send(here: Town, body: bytes, query: str = "", who: str = "Clerk", status: int = 200) -> Any:
    headers = here.headers_of(who) | {"Content-Type": "text/csv"}
    answer = here.client.post(f"/v1/detectors/import{query}", headers=headers, content=body)
    assert status == answer.status_code, answer.text
    return answer.json()


def count(here: Town) -> int:
    with here.database.transaction() as connection:
        return len(service.detector_entries(connection))


def test_twelve_bad_rows_of_1475_are_named_and_nothing_is_half_imported(here: Town) -> None:
    started_s = perf_counter()
    told = send(here, messy())
    took_s = perf_counter() - started_s

    expected = [(number + 2, column, value, reason.value) for number, (column, value, reason) in BAD.items()]
    assert expected == [(one["line"], one["column"], one["value"], one["reason"]) for one in told["errors"]]
    assert 12 == len({one["reason"] for one in told["errors"]})
    assert all(one["why"] and one["why_ja"] for one in told["errors"])
    assert (1475, 1463, 0, [], ["天気"]) == tuple(
        told[part] for part in ("rows", "right", "imported", "detectors", "unknown_columns")
    )
    assert 0 == count(here)
    assert took_s < 10


def test_the_good_rows_come_in_when_asked_and_once(here: Town) -> None:
    told = send(here, messy(), "?partial=true")

    assert (1463, 12) == (told["imported"], len(told["errors"]))
    assert 1463 == len(set(told["detectors"])) == count(here)
    first = here.client.get(f"/v1/detectors/{told['detectors'][0]}", headers=here.headers_of("Clerk")).json()
    assert (
        "K-0000",
        "加古川町 第0号",
        34.7,
        134.8,
        4.5,
        "2024-04-01",
        "コンクリート柱",
        "角,北向き",
        "fixed",
    ) == tuple(
        first[part]
        for part in (
            "external_id",
            "name",
            "lat_deg",
            "lon_deg",
            "height_m",
            "installed_on",
            "pole_type",
            "note",
            "kind",
        )
    )
    again = send(here, messy(), "?partial=true")
    assert 0 == again["imported"]
    # The row that says an earlier one again is registered as that one.
    assert 1463 + 1 == sum(one["reason"] == "registered" for one in again["errors"])
    assert 1463 == count(here)


def test_all_ways_of_writing_a_place_are_the_same_to_a_metre(here: Town) -> None:
    told = send(here, messy(), "?partial=true")

    placed = [
        here.client.get(f"/v1/detectors/{detector_id}", headers=here.headers_of("Clerk")).json()
        for detector_id in told["detectors"][:4]
    ]

    for number, one in enumerate(placed):
        assert abs(one["lat_deg"] - (34.70 + number / 1000)) < 0.00002
        assert abs(one["lon_deg"] - (134.80 + number / 1000)) < 0.00002


def test_a_dry_run_tells_and_registers_nothing(here: Town) -> None:
    body = "種別,設置場所名,緯度,経度\n固定,東門,34.757,134.841".encode()

    told = send(here, body, "?dry_run=true")

    assert (1, 1, 0, []) == tuple(told[part] for part in ("rows", "right", "imported", "errors"))
    assert 0 == count(here)
    assert 1 == send(here, body)["imported"]
    assert 1 == count(here)


def test_a_file_of_another_town_is_named_once_the_town_is_known(here: Town) -> None:
    head = "種別,設置場所名,緯度,経度\n"
    tokyo = (head + "".join(f"固定,丸の内{number},35.68{number},139.76{number}\n" for number in range(5))).encode()
    assert [] == send(here, tokyo, "?dry_run=true")["errors"]
    send(here, (head + "".join(f"固定,門{number},34.75{number},134.84{number}\n" for number in range(3))).encode())

    told = send(here, tokyo)

    assert [(line, "out_of_town") for line in range(2, 7)] == [(one["line"], one["reason"]) for one in told["errors"]]
    assert "ほかの検知器の中心から30km以上離れています。" == told["errors"][0]["why_ja"]
    assert 3 == count(here)
    assert [] == send(here, tokyo, "?dry_run=true&anywhere=true")["errors"]
    assert 5 == send(here, tokyo, who="Farclerk")["imported"]


def test_a_name_that_is_taken_in_another_city_is_named(here: Town) -> None:
    body = "管理番号,種別,設置場所名\nbus,車載,巡回バス".encode()
    send(here, body, who="Farclerk")

    told = send(here, body)

    assert [("管理番号", "registered")] == [(one["column"], one["reason"]) for one in told["errors"]]
    assert 1 == count(here)


def test_what_is_no_file_of_detectors_is_refused_with_a_sentence(here: Town) -> None:
    for body in (b"", b"\x80\x81", "緯度\n34".encode()):
        answer = send(here, body, status=400)

        assert ["body"] == [one["where"] for one in answer["errors"]]
        assert answer["detail"]
    send(here, b"x" * (BYTES_MAX + 1), status=413)


def test_only_a_file_is_taken(here: Town) -> None:
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", ""):
        headers = here.headers_of("Clerk") | ({"Content-Type": kind} if kind else {})
        answer = here.client.post("/v1/detectors/import", headers=headers, content=b"a,b")

        assert 415 == answer.status_code, kind
    body = "種別,設置場所名\n車載,巡回バス".encode()
    for kind in ("text/csv; charset=shift_jis", "application/vnd.ms-excel", "application/octet-stream"):
        headers = here.headers_of("Clerk") | {"Content-Type": kind}
        answer = here.client.post("/v1/detectors/import?dry_run=true", headers=headers, content=body)

        assert (200, 1) == (answer.status_code, answer.json()["right"]), kind


def test_files_are_for_the_office_of_the_city(here: Town) -> None:
    body = "種別,設置場所名\n車載,巡回バス".encode()
    send(here, body, who="Operator", status=403)
    send(here, body, who="Hanako", status=403)
    send(here, body, f"?city_id={ELSEWHERE}", status=404)
    send(here, body, "?city_id=999997", who="Boss", status=404)
    send(here, body, "?city_id=999997&dry_run=true", who="Boss", status=404)

    assert 1 == send(here, body, f"?city_id={ELSEWHERE}", who="Boss")["imported"]


def test_what_is_exported_can_be_imported_into_another_town(here: Town) -> None:
    body = (
        "管理番号,種別,設置場所名,緯度,経度,備考,送信間隔(秒)\n"
        'K-1,固定,東門,34度45分25.2秒,134.841,"=HYPERLINK(""x"")",30\nK-2,車載,巡回バス,,,,'
    ).encode()
    send(here, body)

    answer = here.client.get("/v1/detectors/export.csv", headers=here.headers_of("Operator"))

    assert "text/csv; charset=utf-8" == answer.headers["content-type"]
    assert 'attachment; filename="detectors.csv"' == answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("管理番号,種別,カメラ番号,設置場所名,住所,緯度,経度,")
    assert 3 == len(lines)
    assert "K-1,固定,,東門,,34.757,134.841," in lines[1]
    assert '"\'=HYPERLINK(""x"")"' in lines[1]
    empty = here.client.get("/v1/detectors/export.csv", headers=here.headers_of("Farclerk"))
    assert 1 == len(empty.content.decode("utf-8-sig").splitlines())
    told = send(here, answer.content)
    assert ["registered", "registered"] == [one["reason"] for one in told["errors"]]
