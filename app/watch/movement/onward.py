"""How straight somebody walks: as the crow flies, over the way she took. Pure."""

import math

from app.watch.movement.shapes import Points


def straight_since(points: Points, from_s: float) -> float:
    """Of the line since a moment: 1 is as straight as can be, 0 is back at the beginning; 1 where there is no way."""
    begin = len(points) - 1
    while begin > 0 and points[begin - 1][0] >= from_s:
        begin -= 1
    return _straight(points, begin)


def straight_over(points: Points, over_m: float, least_m: float) -> float:
    """Of the last metres of the line; 0 where she has not walked `least_m` yet."""
    begin, path_m = len(points) - 1, 0.0
    while begin > 0 and path_m < over_m:
        path_m += math.dist(points[begin][1:], points[begin - 1][1:])
        begin -= 1
    return _straight(points, begin) if path_m >= least_m else 0.0


def _straight(points: Points, begin: int) -> float:
    path_m = sum(math.dist(points[n][1:], points[n - 1][1:]) for n in range(begin + 1, len(points)))
    return math.dist(points[begin][1:], points[-1][1:]) / path_m if path_m > 0.0 else 1.0
