"""Coordinates as people write them."""

import pytest

from app.tags.places import Axis, degrees, is_other_way_round
from app.tags.reasons import Reason


@pytest.mark.parametrize(
    ("axis", "written", "expected"),
    [
        ("lat_deg", "34.757", 34.757),
        ("lat_deg", "３４．７５７", 34.757),
        ("lat_deg", " 34.757° ", 34.757),
        ("lat_deg", "34.757度", 34.757),
        ("lat_deg", "+34.757", 34.757),
        ("lat_deg", "−34.757", -34.757),
        ("lat_deg", "34", 34.0),
        ("lat_deg", "34度45分25.2秒", 34.757),
        ("lat_deg", "３４度４５分２５．２秒", 34.757),
        ("lat_deg", "34°45′25.2″", 34.757),
        ("lat_deg", "34゜45'25.2\"", 34.757),
        ("lat_deg", "34º45’25.2”", 34.757),
        ("lat_deg", "34°45'25.2''", 34.757),
        ("lat_deg", "34-45-25.2", 34.757),
        ("lat_deg", "３４－４５－２５．２", 34.757),
        ("lat_deg", "34:45:25.2", 34.757),
        ("lat_deg", "34/45/25.2", 34.757),
        ("lat_deg", "３４／４５／２５．２", 34.757),
        ("lat_deg", "34゜45′25″2", 34.757),
        ("lat_deg", "34ﾟ45'25\"2", 34.757),
        ("lat_deg", "３４°４５′２５″２", 34.757),
        ("lat_deg", "34度45分25秒2", 34.757),
        ("lat_deg", "北緯34° 45′ 25″20", 34.757),
        ("lat_deg", "34 45 25.2", 34.757),
        ("lat_deg", "34.45.25.2", 34.757),
        ("lat_deg", "N34.45.25.2", 34.757),
        ("lat_deg", "34.45.25.2N", 34.757),
        ("lat_deg", "北緯34度45分25.2秒", 34.757),
        ("lat_deg", "34度45.42分", 34.757),
        ("lat_deg", "S34.757", -34.757),
        ("lon_deg", "東経134度50分27.6秒", 134.841),
        ("lon_deg", "E134-50-27.6", 134.841),
        ("lon_deg", "西経134.841", -134.841),
        ("lon_deg", "135", 135.0),
    ],
)
def test_every_way_of_writing_is_the_same_place(axis: Axis, written: str, expected: float) -> None:
    assert expected == degrees(written, axis)


@pytest.mark.parametrize("written", ["344525.2", "344525", "1345027.6", "３４４５２５．２"])
def test_degrees_minutes_and_seconds_without_signs_between_are_not_guessed(written: str) -> None:
    assert Reason.WHICH_UNIT is degrees(written, "lat_deg")


@pytest.mark.parametrize(
    "written",
    [
        "", "-", "N", "不明", "34.757.1.2.3", "34度60分0秒", "34度45分60秒", "34.5度45分", "34,757", "34 45 25 2", "nan", "34/45/25/2", "34゜45′25.1″2", "34゜60′25″2",
        "inf", "1e3", "1_0", "34.757 134.841 1 2", "E134.841", "西経34", "--34.757", "9" * 400, "٣٤",
    ],
)  # fmt: skip
def test_what_is_no_latitude_has_a_reason(written: str) -> None:
    assert Reason.NOT_A_PLACE is degrees(written, "lat_deg")


def test_japan_is_recognised_the_other_way_round_and_nothing_else_is() -> None:
    assert is_other_way_round(134.841, 34.757)
    assert not is_other_way_round(34.757, 134.841)
    assert not is_other_way_round(51.5, -0.1)
    assert not is_other_way_round(134.841, None)
