"""How far inside a geofence a point is, how probable it is to be inside, and whether corners make a polygon at all.
Pure geometry.

Plain arithmetic, no geometry library: measured on fences as people draw them (up to 12 corners) it is as fast as one,
needs nothing prepared or kept, and never stops the first position of the day for a third of a second to load it.
"""

import math
from collections.abc import Sequence

from msgspec import Struct

from app.geo.measure import M_PER_DEG, distance_m, to_local_m, turn_deg
from app.geo.model import Geofence, Point

SIGMA_PER_ACCURACY = 1 / 1.515
"""Standard deviation on each axis of a fix whose stated accuracy is the radius that holds it with 68 % probability
(Rayleigh: √(-2 ln 0.32) = 1.51)."""

RADIUS_M_MIN = 20.0
"""Smaller than what a receiver can tell: such a fence would be left while its wearer sits still."""

RADIUS_M_MAX = 50_000.0
CORNERS_MIN = 3
CORNERS_MAX = 100
"""Bounds the time of one position through one fence (0.04 ms); a fence drawn by hand has about ten."""

EXTENT_M_MAX = 100_000.0
"""Corners this far from the first one at most: beyond, the flat map of the corners is no longer true, and no fence
means that."""

SIDE_M_MIN = 1.0
"""Corners nearer to each other are the same corner."""

AREA_M2_MIN = math.pi * RADIUS_M_MIN**2


class CornerFault(Struct, frozen=True):
    """Why corners make no polygon. `corner` is the number of the one at fault, from 0; None where it is all."""

    corner: int | None
    why: str


def signed_distance_m(fence: Geofence, lat_deg: float, lon_deg: float) -> float:
    """Metres from the point to the border of the fence: positive inside, negative outside.

    Sides of a polygon are straight in degrees, as in GeoJSON (RFC 7946); its corners may run either way round, and
    across the antimeridian.
    """
    if fence.centre is not None:
        assert fence.radius_m is not None, "a circle has a radius"
        return fence.radius_m - distance_m(fence.centre.lat_deg, fence.centre.lon_deg, lat_deg, lon_deg)
    return signed_distance_to_polygon_m(fence.corners, lat_deg, lon_deg)


def probability_inside(signed_distance_m: float, accuracy_m: float) -> float:
    """How probable it is at most that the true place is inside: 0 to 1, Φ(distance / σ).

    Exact for a straight border, and never too small for a fence that bulges outwards, because all of such a fence lies
    on one side of the line along its border. So under 5 % is good evidence of being outside; over 50 % of being inside
    is not, when the fix is coarser than the fence: see `probability_inside_min`.

    >>> probability_inside(0.0, 30.0), round(probability_inside(-30.0, 30.0), 3)
    (0.5, 0.065)
    """
    if accuracy_m <= 0:
        return 1.0 if signed_distance_m > 0 else 0.0
    return 0.5 * math.erfc(-signed_distance_m / (SIGMA_PER_ACCURACY * accuracy_m * math.sqrt(2)))


def probability_inside_min(signed_distance_m: float, accuracy_m: float) -> float:
    """How probable it is at least that the true place is inside: 1 - exp(-distance² / 2σ²), and 0 for a point outside.

    It is the probability to be in the largest circle around the fix that the fence holds. A fix known to 2 km in the
    middle of a 100 m fence says nothing about it:

    >>> round(probability_inside(100.0, 2000.0), 2), round(probability_inside_min(100.0, 2000.0), 4)
    (0.53, 0.0029)
    >>> round(probability_inside_min(100.0, 30.0), 4)
    1.0
    """
    if signed_distance_m <= 0:
        return 0.0
    if accuracy_m <= 0:
        return 1.0
    sigmas = signed_distance_m / (SIGMA_PER_ACCURACY * accuracy_m)
    return -math.expm1(-0.5 * sigmas * sigmas)


def corner_fault(corners: Sequence[Point]) -> CornerFault | None:
    """What is wrong with the corners of a polygon, or None. The last is joined to the first and must not repeat it."""
    if len(corners) < CORNERS_MIN:
        return CornerFault(None, f"A polygon has {CORNERS_MIN} corners or more.")
    if len(corners) > CORNERS_MAX:
        return CornerFault(None, f"A polygon has {CORNERS_MAX} corners at most.")
    first = corners[0]
    flat = [to_local_m(first.lat_deg, first.lon_deg, corner.lat_deg, corner.lon_deg) for corner in corners]
    for number, (east_m, north_m) in enumerate(flat):
        if math.hypot(east_m, north_m) > EXTENT_M_MAX:
            return CornerFault(number, f"This corner is more than {EXTENT_M_MAX / 1000:.0f} km from the first.")
        before_east_m, before_north_m = flat[number - 1]
        if math.hypot(east_m - before_east_m, north_m - before_north_m) < SIDE_M_MIN:
            return CornerFault(number, "This corner is the same place as the one before it.")
    crossing = _first_crossing(flat)
    if crossing is not None:
        return CornerFault(crossing, "The side that begins at this corner meets another side.")
    if abs(_area_m2(flat)) < AREA_M2_MIN:
        return CornerFault(None, f"A polygon covers {AREA_M2_MIN:.0f} m² or more.")
    return None


def signed_distance_to_polygon_m(corners: Sequence[Point], lat_deg: float, lon_deg: float) -> float:
    """As `signed_distance_m`: on a flat map whose origin is the point itself, so that it is truest where it matters.

    Longitudes are taken from the first corner, the short way, and that one from the point: so a polygon stays whole on
    both sides of the antimeridian, and on the other side of the Earth. A side counts for being inside where it crosses
    the ray to the east.
    """
    east_m_per_deg = M_PER_DEG * math.cos(math.radians(lat_deg))
    first_lon = corners[0].lon_deg
    shift_deg = turn_deg(first_lon - lon_deg)
    least_m2, inside = math.inf, False
    from_east = from_north = 0.0
    for number in range(-1, len(corners)):
        corner = corners[number]
        turned_deg = corner.lon_deg - first_lon
        if turned_deg > 180.0:
            turned_deg -= 360.0
        elif turned_deg < -180.0:
            turned_deg += 360.0
        to_east = (turned_deg + shift_deg) * east_m_per_deg
        to_north = (corner.lat_deg - lat_deg) * M_PER_DEG
        if number >= 0:
            side_east, side_north = to_east - from_east, to_north - from_north
            cross = from_east * side_north - from_north * side_east
            along = -(from_east * side_east + from_north * side_north)
            if along <= 0.0:  # Nearest to where the side begins.
                distance_m2 = from_east * from_east + from_north * from_north
            else:
                side_m2 = side_east * side_east + side_north * side_north
                # Where its end is nearest, the next side begins there.
                distance_m2 = cross * cross / side_m2 if along < side_m2 else math.inf
            if distance_m2 < least_m2:
                least_m2 = distance_m2
            if (from_north > 0.0) != (to_north > 0.0) and (cross > 0.0) == (side_north > 0.0):
                inside = not inside
        from_east, from_north = to_east, to_north
    distance = math.sqrt(least_m2)
    return distance if inside else -distance


def _first_crossing(flat: Sequence[tuple[float, float]]) -> int | None:
    """The number of the first side that meets one that is not its neighbour, or folds back on the one before it."""
    count = len(flat)
    for one in range(count):
        a, b = flat[one], flat[(one + 1) % count]
        if _folds_back(flat[one - 1], a, b):
            return one
        for other in range(one + 2, count):
            if (other + 1) % count != one and _meet(a, b, flat[other], flat[(other + 1) % count]):
                return one
    return None


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    """Twice the area of the triangle, positive where it turns left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _folds_back(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    """Whether the way from `b` to `c` lies upon the way from `a` to `b`, to within `SIDE_M_MIN` at the end of the
    shorter."""
    back = (a[0] - b[0]) * (c[0] - b[0]) + (a[1] - b[1]) * (c[1] - b[1])
    longer_m = max(math.dist(a, b), math.dist(b, c))
    return back > 0.0 and abs(_turn(a, b, c)) < SIDE_M_MIN * longer_m


def _meet(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], d: tuple[float, float]) -> bool:
    """Whether the sides a-b and c-d have a point in common."""
    if max(a[0], b[0]) < min(c[0], d[0]) or max(c[0], d[0]) < min(a[0], b[0]):
        return False
    if max(a[1], b[1]) < min(c[1], d[1]) or max(c[1], d[1]) < min(a[1], b[1]):
        return False
    return _turn(a, b, c) * _turn(a, b, d) <= 0.0 and _turn(c, d, a) * _turn(c, d, b) <= 0.0


def _area_m2(flat: Sequence[tuple[float, float]]) -> float:
    """The area by the shoelace formula, positive where the corners run against the clock."""
    pairs = zip(flat, [*flat[1:], flat[0]], strict=True)
    return 0.5 * sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)
