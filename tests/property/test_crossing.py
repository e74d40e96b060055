"""What must hold of ways through fences, whatever their shape."""

import math
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.geo.fences import probability_inside_min, signed_distance_m
from app.geo.measure import distance_m
from app.geo.model import Geofence, Point
from app.geo.quality import Place
from app.watch.crossing import leads_through, needed_m
from app.watch.model import Seen
from tests.build import NOW
from tests.property.test_geo import bearings, gone, in_japan, star, stars
from tests.unit.watch.build import DEVICE, GARDEN

accuracies = st.floats(3.0, 60.0)
lengths = st.floats(1.0, 1_900.0)
shares = st.floats(0.0, 1.0)


def line(start: Point, bearing: float, length_m: float, accuracies_m: tuple[float, float]) -> tuple[Place, Seen, float]:
    end = gone(start, bearing, length_m)
    before = Place(NOW, start.lat_deg, start.lon_deg, accuracies_m[0])
    seen = Seen(
        device_id=DEVICE,
        at=NOW + timedelta(minutes=5),
        received_at=NOW + timedelta(minutes=5),
        lat_deg=end.lat_deg,
        lon_deg=end.lon_deg,
        accuracy_m=accuracies_m[1],
    )
    return before, seen, distance_m(start.lat_deg, start.lon_deg, end.lat_deg, end.lon_deg)


def margins_m(fence: Geofence, before: Place, seen: Seen, length_m: float, count: int = 400) -> list[float]:
    """By how much the line is deeper in the fence than it must be, at many places along it."""
    found = []
    for number in range(count + 1):
        share = number / count
        lat_deg = before.lat_deg + share * (seen.lat_deg - before.lat_deg)
        lon_deg = before.lon_deg + share * (seen.lon_deg - before.lon_deg)
        needed = needed_m(share, length_m, (before.accuracy_m, seen.accuracy_m))
        found.append(signed_distance_m(fence, lat_deg, lon_deg) - needed)
    return found


@given(in_japan, stars, bearings, st.floats(0.0, 1_500.0), bearings, lengths, accuracies, accuracies)
def test_a_line_through_a_polygon_agrees_with_walking_it(
    middle: Point,
    sides: list[float],
    turned: float,
    off_m: float,
    bearing: float,
    length_m: float,
    a_m: float,
    b_m: float,
) -> None:
    fence = star(middle, sides, turned, 1)
    before, seen, way_m = line(gone(middle, turned, off_m), bearing, length_m, (a_m, b_m))
    deepest = max(margins_m(fence, before, seen, way_m))

    if abs(deepest) > 6.0:  # Pieces of 5 m are not looked into.
        assert leads_through(fence, before, seen, way_m) is (deepest > 0)


@given(in_japan, st.floats(20.0, 300.0), bearings, st.floats(0.0, 900.0), bearings, lengths, accuracies, accuracies)
def test_a_line_said_to_lead_through_a_circle_does(
    middle: Point, radius_m: float, turned: float, off_m: float, bearing: float, length_m: float, a_m: float, b_m: float
) -> None:
    fence = replace(GARDEN, centre=middle, radius_m=radius_m)
    before, seen, way_m = line(gone(middle, turned, off_m), bearing, length_m, (a_m, b_m))

    if leads_through(fence, before, seen, way_m):
        assert max(margins_m(fence, before, seen, way_m)) > -2.0


@given(in_japan, st.floats(20.0, 300.0), bearings, lengths, accuracies, accuracies)
def test_a_line_that_never_touches_a_fence_never_leads_through(
    middle: Point, radius_m: float, bearing: float, length_m: float, a_m: float, b_m: float
) -> None:
    fence = replace(GARDEN, centre=middle, radius_m=radius_m)
    before, seen, way_m = line(gone(middle, bearing, radius_m + 1.0), bearing, length_m, (a_m, b_m))

    assert not leads_through(fence, before, seen, way_m)


@given(lengths, accuracies, accuracies, shares)
def test_what_is_needed_is_even_chances_and_grows_with_the_way(
    length_m: float, a_m: float, b_m: float, share: float
) -> None:
    needed = needed_m(share, length_m, (a_m, b_m))

    assert needed_m(share, length_m + 100.0, (a_m, b_m)) >= needed
    assert needed_m(share, length_m, (a_m + 1.0, b_m + 1.0)) > needed
    assert math.isclose(0.5, probability_inside_min(needed_m(0.0, length_m, (a_m, b_m)), a_m), rel_tol=1e-9)
