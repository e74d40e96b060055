"""Passing through a small fence between two fixes, neither of which is inside: a school gate, a river bank.

With a fix every few minutes somebody walks further than such a fence is wide. The straight line between two fixes
tells, but the way is not straight and both places have errors; so the middle of a long line says little, and what it
cannot say is not said: fixes every 2 minutes on foot show a fence of 30 m, every 5 minutes one of 60 m.

To have passed is no evidence of being inside, and ends nothing.
"""

import math
from datetime import timedelta
from typing import Final

from app.geo.fences import SIGMA_PER_ACCURACY, signed_distance_m
from app.geo.measure import distance_m, to_local_m, turn_deg
from app.geo.model import Geofence
from app.geo.quality import Place as Fixed
from app.watch.leaving import SPEED_MAX_MPS
from app.watch.model import FenceState, Seen, Side

GAP_MAX: Final = timedelta(minutes=10)
LENGTH_M_MAX: Final = 2_000.0
"""Over a longer time or way the straight line says nothing about where she was in between."""

DETOUR_SHARE: Final = 0.2
"""How far from the middle of the straight line the way leads in 68 of 100 cases, as a share of its length: an
assumption. Nearer to its ends it is less, as of a way that is tied to both (a Brownian bridge)."""

SIGMAS: Final = math.sqrt(2 * math.log(2))
"""So many standard deviations inside, a place is inside with at least even chances
(`app.geo.fences.probability_inside_min`)."""

STEP_M: Final = 5.0
"""Of a polygon the line is looked at in pieces not shorter than this."""

AGAIN_AFTER: Final = timedelta(minutes=10)
"""Whoever walks up and down before a gate is told once in this time."""


def crosses(kept: FenceState, fence: Geofence, before: Fixed, seen: Seen, beyond_m: float) -> bool:
    """Whether she passed through the fence since the fix before; notes that it is told. The newer fix is outside,
    `beyond_m` from the border.
    """
    gap = seen.at - before.at
    if kept.side is not Side.OUTSIDE or not timedelta() < gap <= GAP_MAX:
        return False
    if kept.crossed_at is not None and seen.at < kept.crossed_at + AGAIN_AFTER:
        return False
    length_m = distance_m(before.lat_deg, before.lon_deg, seen.lat_deg, seen.lon_deg)
    if length_m <= beyond_m or length_m > min(LENGTH_M_MAX, SPEED_MAX_MPS * gap.total_seconds()):
        return False  # The usual case: the fence is further off than she came.
    if not leads_through(fence, before, seen, length_m):
        return False
    kept.crossed_at = seen.at
    return True


def leads_through(fence: Geofence, before: Fixed, seen: Seen, length_m: float) -> bool:
    """Whether the line between two fixes, `length_m` long, is anywhere so deep in the fence that she was inside with at
    least even chances.
    """
    accuracies_m = (before.accuracy_m, seen.accuracy_m)
    if fence.centre is None:
        return _leads_through_polygon(fence, before, seen, length_m, accuracies_m)
    assert fence.radius_m is not None, "a circle has a radius"
    lat_deg, lon_deg = fence.centre.lat_deg, fence.centre.lon_deg
    east, north = to_local_m(lat_deg, lon_deg, before.lat_deg, before.lon_deg)
    to_east, to_north = to_local_m(lat_deg, lon_deg, seen.lat_deg, seen.lon_deg)
    by_east, by_north = to_east - east, to_north - north
    square = by_east * by_east + by_north * by_north
    share = 0.0 if square == 0.0 else min(1.0, max(0.0, -(east * by_east + north * by_north) / square))
    depth_m = fence.radius_m - math.hypot(east + share * by_east, north + share * by_north)
    return depth_m >= needed_m(share, length_m, accuracies_m)


def needed_m(share: float, length_m: float, accuracies_m: tuple[float, float]) -> float:
    """How deep in a fence the line must be at this share of its length (0 to 1) to say that she was inside, metres."""
    first_m, second_m = (1.0 - share) * accuracies_m[0], share * accuracies_m[1]
    detour_m = 2.0 * DETOUR_SHARE * length_m * math.sqrt(share * (1.0 - share))
    return SIGMAS * SIGMA_PER_ACCURACY * math.hypot(first_m, second_m, detour_m)


def _leads_through_polygon(
    fence: Geofence, before: Fixed, seen: Seen, length_m: float, accuracies_m: tuple[float, float]
) -> bool:
    """By halves, leaving out every piece that cannot be deep enough anywhere: one metre along the line is at most one
    metre deeper.
    """

    by_lat, by_lon = seen.lat_deg - before.lat_deg, turn_deg(seen.lon_deg - before.lon_deg)

    def at(share: float) -> tuple[float, float, float]:
        lat_deg, lon_deg = before.lat_deg + share * by_lat, before.lon_deg + share * by_lon
        return share, signed_distance_m(fence, lat_deg, lon_deg), needed_m(share, length_m, accuracies_m)

    one_m, other_m = accuracies_m
    # What is needed, squared, is a parabola in the share: where it opens downwards, least at the ends of a piece.
    is_least_at_ends = (2 * DETOUR_SHARE * length_m) ** 2 >= one_m * one_m + other_m * other_m
    least_m = SIGMAS * SIGMA_PER_ACCURACY * one_m * other_m / max(math.hypot(one_m, other_m), 1e-9)
    first, last = at(0.0), at(1.0)
    if first[1] >= first[2] or last[1] >= last[2]:
        return True
    pieces = [(first, last)]
    while pieces:
        (start, start_m, start_needed_m), (end, end_m, end_needed_m) = pieces.pop()
        piece_m = (end - start) * length_m
        bound_m = min(start_needed_m, end_needed_m) if is_least_at_ends else least_m
        if piece_m < STEP_M or (start_m + end_m + piece_m) / 2 < bound_m:
            continue
        middle = at((start + end) / 2)
        if middle[1] >= middle[2]:
            return True
        pieces += [(middle, (end, end_m, end_needed_m)), ((start, start_m, start_needed_m), middle)]
    return False
