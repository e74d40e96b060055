"""Which side of a fence, how far, how probable; and which corners make a polygon."""

import math
from collections.abc import Sequence

import pytest

from app.geo.fences import (
    CORNERS_MAX,
    EXTENT_M_MAX,
    corner_fault,
    probability_inside,
    probability_inside_min,
    signed_distance_m,
)
from app.geo.measure import travelled
from app.geo.model import FencePurpose, Geofence, Point
from app.kit.ids import GeofenceId, WearerId, new_id
from tests.build import NOW

HOME = Point(34.757, 134.841)


def circle(radius_m: float, centre: Point = HOME) -> Geofence:
    return _fence(centre=centre, radius_m=radius_m)


def polygon(corners: Sequence[Point]) -> Geofence:
    return _fence(corners=tuple(corners))


def _fence(centre: Point | None = None, radius_m: float | None = None, corners: tuple[Point, ...] = ()) -> Geofence:
    return Geofence(
        id=GeofenceId(new_id()),
        wearer_id=WearerId(new_id()),
        name="garden",
        purpose=FencePurpose.HOME,
        centre=centre,
        radius_m=radius_m,
        corners=corners,
        created_at=NOW,
    )


def off(metres_east: float, metres_north: float, origin: Point = HOME) -> Point:
    """The point so far from the origin, near enough for what is drawn by hand."""
    east = travelled(origin.lat_deg, origin.lon_deg, 90.0, metres_east)
    return Point(*travelled(*east, 0.0, metres_north))


def square(half_m: float, origin: Point = HOME) -> list[Point]:
    return [off(east * half_m, north * half_m, origin) for east, north in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


def distance(fence: Geofence, point: Point) -> float:
    return signed_distance_m(fence, point.lat_deg, point.lon_deg)


def test_a_circle_is_positive_inside_and_negative_outside() -> None:
    assert distance(circle(100), HOME) == pytest.approx(100)
    assert distance(circle(100), off(60, 0)) == pytest.approx(40, abs=0.01)
    assert distance(circle(100), off(0, 250)) == pytest.approx(-150, abs=0.01)


@pytest.mark.parametrize("way", [1, -1])
def test_a_square_measures_to_its_nearest_side_whichever_way_its_corners_run(way: int) -> None:
    fence = polygon(square(100)[::way])

    assert distance(fence, HOME) == pytest.approx(100, abs=0.05)
    assert distance(fence, off(70, 10)) == pytest.approx(30, abs=0.05)
    assert distance(fence, off(130, 10)) == pytest.approx(-30, abs=0.05)
    assert distance(fence, off(130, 140)) == pytest.approx(-50, abs=0.05)


def test_the_first_corner_may_be_any_of_them() -> None:
    corners = square(80)
    turned = [polygon(corners[start:] + corners[:start]) for start in range(4)]

    assert {round(distance(fence, off(20, -95)), 6) for fence in turned} == {
        round(distance(turned[0], off(20, -95)), 6)
    }


def test_the_bay_of_a_polygon_is_outside() -> None:
    bay = polygon([off(-100, -100), off(100, -100), off(100, 100), off(0, -50), off(-100, 100)])

    assert distance(bay, off(0, 50)) < 0
    assert distance(bay, off(0, -75)) == pytest.approx(25, abs=0.1)
    assert distance(bay, off(80, 0)) > 0


def test_a_corner_at_the_same_height_as_the_point_counts_once() -> None:
    diamond = polygon([Point(34.0, 134.001), Point(34.001, 134.002), Point(34.002, 134.001), Point(34.001, 134.0)])

    assert distance(diamond, Point(34.001, 134.0005)) > 0
    assert distance(diamond, Point(34.001, 133.999)) < 0
    assert distance(diamond, Point(34.001, 134.003)) < 0
    assert distance(diamond, Point(34.0, 134.0)) < 0
    assert distance(diamond, Point(34.002, 134.0)) < 0


def test_a_side_along_the_height_of_the_point_does_not_mislead() -> None:
    step = [(34.0, 134.0), (34.0, 134.004), (34.002, 134.004), (34.002, 134.002), (34.001, 134.002), (34.001, 134.0)]
    stair = polygon([Point(*corner) for corner in step])

    assert distance(stair, Point(34.001, 134.003)) > 0
    assert distance(stair, Point(34.001, 133.999)) < 0
    assert distance(stair, Point(34.001, 134.005)) < 0


@pytest.mark.parametrize("middle", [Point(-17.0, 180.0), Point(52.0, -179.9999), Point(0.0, 179.9995)])
def test_a_fence_across_the_antimeridian_is_whole(middle: Point) -> None:
    corners = square(200, middle)
    turned = [polygon(corners[start:] + corners[:start]) for start in range(4)]
    for fence in (*turned, circle(200, middle)):
        assert distance(fence, middle) == pytest.approx(200, abs=0.2)
        assert distance(fence, off(150, 0, middle)) == pytest.approx(50, abs=0.2)
        assert distance(fence, off(-150, 0, middle)) == pytest.approx(50, abs=0.2)
        assert distance(fence, off(300, 0, middle)) == pytest.approx(-100, abs=0.2)
        assert distance(fence, off(-300, 0, middle)) == pytest.approx(-100, abs=0.2)


def test_a_fence_on_the_other_side_of_the_earth_is_outside() -> None:
    for lon in (-179.9, -90.0, 0.0, 45.0, 179.9):
        assert distance(polygon(square(200, Point(10.0, 180.0))), Point(10.0, lon)) < -5_000
        assert distance(polygon(square(200, Point(10.0, 0.0))), Point(12.0, lon)) < -100_000


def test_on_the_border_the_probability_is_a_half() -> None:
    assert probability_inside(0.0, 25.0) == 0.5


def test_the_stated_accuracy_is_the_radius_of_68_percent() -> None:
    """A fix one accuracy outside a straight border is inside with Φ(-1.515) = 6.5 %."""
    assert probability_inside(-25.0, 25.0) == pytest.approx(0.0649, abs=0.0002)
    assert probability_inside(25.0, 25.0) == pytest.approx(0.9351, abs=0.0002)


def test_a_fix_far_outside_for_its_accuracy_is_good_evidence() -> None:
    assert probability_inside(-40.0, 30.0) < 0.05
    assert probability_inside(-30.0, 30.0) > 0.05


def test_without_an_error_the_side_is_certain() -> None:
    assert (probability_inside(0.1, 0.0), probability_inside(-0.1, 0.0)) == (1.0, 0.0)
    assert (probability_inside_min(0.1, 0.0), probability_inside_min(-0.1, 0.0)) == (1.0, 0.0)


def test_a_fix_coarser_than_the_fence_is_no_evidence_of_being_inside() -> None:
    assert probability_inside(100.0, 2_000.0) > 0.5
    assert probability_inside_min(100.0, 2_000.0) < 0.01


def test_the_true_probability_lies_between_the_two() -> None:
    """Against the circle's own distribution (Rice), summed over a grid of the error."""
    fence, accuracy_m = circle(100), 60.0
    sigma = accuracy_m / 1.515
    for metres in (0.0, 40.0, 90.0, 130.0, 200.0):
        true = _inside_circle(100.0, metres, sigma)
        signed = distance(fence, off(metres, 0))

        assert (
            probability_inside_min(signed, accuracy_m) - 1e-3 <= true <= probability_inside(signed, accuracy_m) + 1e-3
        )


def _inside_circle(radius_m: float, metres: float, sigma: float) -> float:
    step = sigma / 20
    reach = range(-100, 101)
    weights = {number: math.exp(-0.5 * (number * step / sigma) ** 2) for number in reach}
    inside = sum(
        weights[x] * weights[y] for x in reach for y in reach if math.hypot(metres + x * step, y * step) <= radius_m
    )
    return inside / sum(weights.values()) ** 2


def test_a_polygon_of_the_hand_is_sound() -> None:
    assert corner_fault(square(100)) is None
    assert corner_fault([off(0, 0), off(100, 0), off(0, 100)]) is None
    assert corner_fault(square(100, Point(-17.0, 180.0))) is None


@pytest.mark.parametrize(
    ("corners", "corner"),
    [
        ([], None),
        ([off(0, 0), off(100, 0)], None),
        ([off(0, 0)] * 4, 0),
        ([off(0, 0), off(100, 0), off(100, 0), off(0, 100)], 2),
        ([off(0, 0), off(100, 0), off(100, 100), off(0, 0)], 0),
        ([off(0, 0), off(100, 100), off(100, 0), off(0, 100)], 0),
        ([off(0, 0), off(200, 0), off(100, 0), off(100, 100)], 1),
        ([off(0, 0), off(100, 0), off(200, 0)], 0),
        ([off(0, 0), off(10, 0), off(0, 10)], None),
        ([off(0, 0), off(EXTENT_M_MAX + 1_000, 0), off(0, 100)], 1),
        ([off(0, 0), off(200, 0), off(200, 100), off(100, -50), off(0, 100)], 0),
    ],
    ids=[
        "nothing",
        "a line",
        "one place",
        "a corner twice",
        "closed by hand",
        "a bow tie",
        "a spike",
        "on one line",
        "no area",
        "too large",
        "a dent through the far side",
    ],
)
def test_corners_that_are_no_polygon_are_named(corners: list[Point], corner: int | None) -> None:
    fault = corner_fault(corners)

    assert fault is not None
    assert fault.corner == corner


def test_there_are_never_too_many_corners() -> None:
    def ring(count: int) -> list[Point]:
        return [Point(*travelled(HOME.lat_deg, HOME.lon_deg, 360 * number / count, 500)) for number in range(count)]

    assert corner_fault(ring(CORNERS_MAX)) is None
    assert corner_fault(ring(CORNERS_MAX + 1)) is not None
