"""Distances against places whose distance is known, and the seams of the map."""

import pytest

from app.geo.measure import bearing_deg, distance_m, to_local_m, travelled, turn_deg

TOKYO_STATION = (35.681236, 139.767125)
OSAKA_STATION = (34.702485, 135.495951)


def test_the_distance_from_tokyo_to_osaka_is_right_within_three_in_a_thousand() -> None:
    # 403.6 km on the ellipsoid (Geospatial Information Authority of Japan, inverse calculation, rounded).
    assert distance_m(*TOKYO_STATION, *OSAKA_STATION) == pytest.approx(403_600, rel=0.003)


def test_one_minute_of_latitude_is_a_nautical_mile() -> None:
    assert distance_m(34.0, 135.0, 34.0 + 1 / 60, 135.0) == pytest.approx(1852, rel=0.003)


def test_a_step_of_ten_centimetres_is_not_lost_in_rounding() -> None:
    assert distance_m(34.75, 134.84, 34.75 + 0.1 / 111_195, 134.84) == pytest.approx(0.1, rel=1e-3)


def test_the_antimeridian_is_no_border() -> None:
    assert distance_m(10.0, 179.999, 10.0, -179.999) == pytest.approx(distance_m(10.0, 0.0, 10.0, 0.002), rel=1e-6)
    assert bearing_deg(10.0, 179.999, 10.0, -179.999) == pytest.approx(90.0, abs=0.01)
    assert to_local_m(10.0, 179.999, 10.0, -179.999)[0] == pytest.approx(219.0, abs=0.5)


def test_opposite_points_are_half_the_earth_apart() -> None:
    assert distance_m(0.0, 0.0, 0.0, 180.0) == pytest.approx(20_015_115, abs=10)
    assert distance_m(90.0, 0.0, -90.0, 0.0) == pytest.approx(20_015_115, abs=10)


@pytest.mark.parametrize(
    ("to", "expected"),
    [((36.0, 135.0), 0.0), ((34.0, 135.0), 180.0), ((35.0, 135.1), 90.0), ((35.0, 134.9), 270.0)],
)
def test_bearings_run_clockwise_from_north(to: tuple[float, float], expected: float) -> None:
    assert bearing_deg(35.0, 135.0, *to) == pytest.approx(expected, abs=0.05)


def test_a_bearing_is_never_360() -> None:
    assert 0.0 <= bearing_deg(35.0, 135.0, 36.0, 135.0 - 1e-15) < 360.0


@pytest.mark.parametrize(("difference", "expected"), [(0.0, 0.0), (190.0, -170.0), (-190.0, 170.0), (720.5, 0.5)])
def test_a_turn_goes_the_short_way_round(difference: float, expected: float) -> None:
    assert turn_deg(difference) == pytest.approx(expected)


def test_going_somewhere_arrives_as_far_away_as_was_gone() -> None:
    place = travelled(34.75, 134.84, 225.0, 850.0)

    assert distance_m(34.75, 134.84, *place) == pytest.approx(850.0, abs=1e-6)
    assert bearing_deg(34.75, 134.84, *place) == pytest.approx(225.0, abs=1e-6)
