"""What must hold of geometry anywhere on Earth."""

import math
from datetime import timedelta
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from app.geo.cells import cell_of, joined, ranges_around
from app.geo.fences import corner_fault, probability_inside, probability_inside_min, signed_distance_m
from app.geo.measure import bearing_deg, distance_m, to_local_m, travelled, turn_deg
from app.geo.model import FencePurpose, Geofence, Point
from app.geo.quality import AGREEING_MIN, Known, Place, Refused, judge
from app.kit.ids import GeofenceId, WearerId, new_id
from tests.build import NOW

latitudes = st.floats(-89.0, 89.0)
longitudes = st.floats(-180.0, 180.0)
bearings = st.floats(0.0, 359.99)
points = st.builds(Point, latitudes, longitudes)
in_japan = st.builds(Point, st.floats(24.0, 46.0), st.floats(122.0, 154.0))
shares = st.floats(0.0, 1.0)


def apart_m(a: Point, b: Point) -> float:
    return distance_m(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)


def gone(start: Point, bearing: float, metres: float) -> Point:
    return Point(*travelled(start.lat_deg, start.lon_deg, bearing, metres))


@given(points, points, points)
def test_a_detour_is_never_shorter(a: Point, b: Point, c: Point) -> None:
    assert apart_m(a, c) <= apart_m(a, b) + apart_m(b, c) + 1e-3
    assert apart_m(a, b) == apart_m(b, a)


@given(points, bearings, st.floats(1.0, 1_000_000.0))
def test_going_somewhere_and_measuring_agree(start: Point, bearing: float, metres: float) -> None:
    there = gone(start, bearing, metres)
    back = bearing_deg(start.lat_deg, start.lon_deg, there.lat_deg, there.lon_deg)

    assert math.isclose(metres, apart_m(start, there), rel_tol=1e-6, abs_tol=1e-3)
    assert abs(turn_deg(back - bearing)) < 0.1 or metres < 10.0


@given(in_japan, bearings, st.floats(0.1, 5_000.0))
def test_the_local_map_agrees_with_the_sphere_nearby(origin: Point, bearing: float, metres: float) -> None:
    there = gone(origin, bearing, metres)
    east, north = to_local_m(origin.lat_deg, origin.lon_deg, there.lat_deg, there.lon_deg)

    assert math.isclose(metres, math.hypot(east, north), rel_tol=1e-3, abs_tol=1e-3)


@given(points, st.floats(0.0, 50_000.0), bearings, shares)
def test_every_point_within_the_radius_is_in_the_ranges(
    centre: Point, radius_m: float, bearing: float, share: float
) -> None:
    inside = gone(centre, bearing, radius_m * share * (1 - 1e-9))
    cell = cell_of(inside.lat_deg, inside.lon_deg)

    assert any(first <= cell <= last for first, last in ranges_around(centre.lat_deg, centre.lon_deg, radius_m))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5)), min_size=1, max_size=40), st.integers(1, 45))
def test_joined_ranges_are_few_and_hold_what_the_ranges_held(steps: list[tuple[int, int]], count: int) -> None:
    ranges, at = [], 0
    for gap, length in steps:
        first = at + gap + 2
        at = first + length
        ranges.append((first, at))

    fewer = joined(ranges, count)

    assert min(count, len(ranges)) == len(fewer)
    assert fewer == sorted(fewer)
    assert all(any(begin <= first and last <= end for begin, end in fewer) for first, last in ranges)
    assert all(one[1] < other[0] for one, other in pairwise(fewer))


@given(in_japan, st.floats(20.0, 3_000.0), bearings)
def test_the_rim_of_an_area_in_japan_is_in_the_ranges(centre: Point, radius_m: float, bearing: float) -> None:
    """Where cells of different sizes overlap their parents' borders, the rim is what would be missed."""
    ranges = ranges_around(centre.lat_deg, centre.lon_deg, radius_m)
    for step in range(12):
        rim = gone(centre, bearing + 30 * step, radius_m * (1 - 1e-9))
        cell = cell_of(rim.lat_deg, rim.lon_deg)

        assert any(first <= cell <= last for first, last in ranges)


stars = st.lists(st.floats(30.0, 900.0), min_size=3, max_size=14)
"""The distances of corners from a middle, at equal angles: any list makes a polygon that does not cross itself."""


def star(middle: Point, lengths: list[float], turned_deg: float, way: int) -> Geofence:
    step = 360.0 / len(lengths)
    corners = [gone(middle, turned_deg + step * number, length) for number, length in enumerate(lengths)]
    return Geofence(
        id=GeofenceId(new_id()),
        wearer_id=WearerId(new_id()),
        name="star",
        purpose=FencePurpose.PLACE,
        corners=tuple(corners[::way]),
        created_at=NOW,
    )


middles = st.builds(Point, st.floats(-65.0, 65.0), st.one_of(longitudes, st.floats(179.99, 180.0)))
ways = st.sampled_from([1, -1])


@given(middles, stars, bearings, ways, bearings, st.floats(0.0, 2_000.0))
def test_a_polygon_agrees_with_walking_its_border(
    middle: Point, lengths: list[float], turned: float, way: int, bearing: float, metres: float
) -> None:
    fence = star(middle, lengths, turned, way)
    assume(len(lengths) > 3 or corner_fault(fence.corners) is None)
    point = gone(middle, bearing, metres)
    distance = signed_distance_m(fence, point.lat_deg, point.lon_deg)
    nearest, winding = _walk(fence.corners, point)

    assert math.isclose(abs(distance), nearest, rel_tol=0.01, abs_tol=3.0)
    if nearest > 3.0:
        assert (distance > 0) == (abs(winding) > 180.0)


def _walk(corners: tuple[Point, ...], point: Point) -> tuple[float, float]:
    """The least distance of the border to the point, by steps, and the degrees by which one turns around it."""
    nearest, winding, last = math.inf, 0.0, None
    for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
        steps = max(2, round(apart_m(start, end) / 4))
        for step in range(steps):
            share = step / steps
            lat = start.lat_deg + share * (end.lat_deg - start.lat_deg)
            lon = turn_deg(start.lon_deg + share * turn_deg(end.lon_deg - start.lon_deg))
            nearest = min(nearest, distance_m(point.lat_deg, point.lon_deg, lat, lon))
            bearing = bearing_deg(point.lat_deg, point.lon_deg, lat, lon)
            winding += turn_deg(bearing - last) if last is not None else 0.0
            last = bearing
    return nearest, winding


@given(middles, stars, bearings, ways)
def test_where_corners_begin_and_how_they_run_changes_nothing(
    middle: Point, lengths: list[float], turned: float, way: int
) -> None:
    fence = star(middle, lengths, turned, way)
    other = star(middle, lengths, turned, -way)
    point = gone(middle, turned + 17.0, 200.0)

    one = signed_distance_m(fence, point.lat_deg, point.lon_deg)
    assert math.isclose(one, signed_distance_m(other, point.lat_deg, point.lon_deg), abs_tol=1e-6)


@given(st.floats(-5_000.0, 5_000.0), st.floats(0.0, 5_000.0))
def test_probabilities_are_probabilities_and_in_order(distance: float, accuracy: float) -> None:
    least, most = probability_inside_min(distance, accuracy), probability_inside(distance, accuracy)

    assert 0.0 <= least <= most <= 1.0
    assert probability_inside(distance + 1.0, accuracy) >= most


@given(in_japan, bearings, st.floats(30_000.0, 2_000_000.0), st.integers(10, 600), st.floats(3.0, 100.0))
def test_one_wrong_accepted_fix_never_locks_a_still_person_out(
    home: Point, bearing: float, metres: float, interval_s: int, accuracy_m: float
) -> None:
    wrong = gone(home, bearing, metres)
    known: Known | None = Known(Place(NOW, wrong.lat_deg, wrong.lon_deg, accuracy_m))
    refusals: list[Refused | None] = []
    for number in range(1, 8):
        at = NOW + timedelta(seconds=interval_s * number)
        refused, known = judge(
            known,
            lat_deg=home.lat_deg,
            lon_deg=home.lon_deg,
            at=at,
            accuracy_m=accuracy_m,
            known_by="gnss",
            received_at=at,
        )
        refusals.append(refused)

    assert refusals[AGREEING_MIN - 1 :] == [None] * (8 - AGREEING_MIN)


@given(st.floats(), st.floats(), st.one_of(st.none(), st.floats()), st.integers(-(10**9), 10**9))
def test_no_numbers_make_judging_fail(lat: float, lon: float, accuracy_m: float | None, late_s: int) -> None:
    known = Known(Place(NOW, 34.75, 134.84, 10.0))
    at = NOW - timedelta(seconds=late_s)
    refused, after = judge(
        known, lat_deg=lat, lon_deg=lon, at=at, accuracy_m=accuracy_m, known_by=None, received_at=NOW
    )

    assert after is not None
    assert refused is not None or (abs(lat) <= 90 and abs(lon) <= 180)
