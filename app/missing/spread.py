"""How far people with dementia are found from where they were last seen, and what that says of each cell. Pure.

Source: Koester, Lost Person Behavior (ISRID, n = 1,051), dementia, urban: 25 % within 0.32 km, 50 % within 1.13, 75 %
within 3.22, 95 % within 12.55. The lognormal that fits them (mean -0.1587, deviation 1.6523 of ln km) leaves out the
tenth that is found at the point itself: so F(d) = 0.10 + 0.90 Φ((ln d + 0.1587) / 1.6523), reference 3.1. Half of the
deaths in Japan in 2024 were within 1 km and 78 % within 5 km; F says 58 and 87 % of all who are found.
"""

import math
from collections.abc import Sequence

from msgspec import Struct

from app.geo.fences import SIGMA_PER_ACCURACY
from app.missing.grid import Grid

AT_THE_POINT = 0.10
"""So many are found within 50 m of where they were last seen."""

WALK_MPS = 1.3
"""Nobody is taken to walk faster for long (4.7 km/h)."""

ACCURACIES = 2.0
"""The true point lies within so many stated accuracies: that is the radius of 68 %, twice that holds 99 %."""

SPOT_M = 50.0
"""How far from the point those lie who are found at it."""

KAPPA = 1.0
"""How much a heading counts (von Mises). An assumption: no figures were found, and a person turns corners."""


class Law(Struct, frozen=True):
    """A lognormal law of distances: mean and deviation of ln km."""

    mean: float
    deviation: float

    def within(self, distance_m: float) -> float:
        """The share that is found within a distance, 0 to 1.

        >>> [round(0.1 + 0.9 * URBAN.within(metres), 2) for metres in (1_000, 5_000, 12_600)]
        [0.58, 0.87, 0.95]
        """
        if distance_m <= 0:
            return 0.0
        return 0.5 * math.erfc((self.mean - math.log(distance_m / 1000)) / (self.deviation * math.sqrt(2)))


URBAN = Law(-0.1587, 1.6523)


def reach_m(accuracy_m: float, seconds: float) -> float:
    """How far from the point last known she can be by now on foot, metres."""
    return ACCURACIES * accuracy_m + WALK_MPS * max(0.0, seconds)


def distances(grid: Grid, east_m: float, north_m: float) -> list[float]:
    """Metres from a point of the grid's map to the centre of each cell."""
    hypot = math.hypot
    return [hypot(east - east_m, north - north_m) for east, north in zip(grid.east_m, grid.north_m, strict=True)]


def rings(grid: Grid, distances_m: Sequence[float], law: Law, blur_m: float, reach_m: float) -> list[float]:
    """What a law of distances gives each cell: the share of the ring as wide as a cell, or as the point is blurred, in
    whose middle the cell lies, divided evenly among all that lies in that ring. Nothing beyond the reach.
    """
    half_m, per_m2 = max(grid.spacing_m / 2, blur_m), grid.area_m2 / math.pi
    return [ring_share(law, distance_m, half_m, reach_m) * per_m2 for distance_m in distances_m]


def ring_share(law: Law, distance_m: float, half_m: float, reach_m: float) -> float:
    """The share within the ring from `half_m` nearer to `half_m` farther, per square metre over π; of the part of the
    ring that is out of reach nothing.
    """
    begin_m, end_m = max(0.0, distance_m - half_m), distance_m + half_m
    if begin_m >= reach_m:
        return 0.0
    share = law.within(min(end_m, reach_m)) - law.within(begin_m)
    return share / (end_m * end_m - begin_m * begin_m)


def at_the_point(grid: Grid, distances_m: Sequence[float], blur_m: float, reach_m: float) -> list[float]:
    """The share of each cell in those who are found where they were last seen: a bell as wide as the point is blurred.
    The nearest cell is always in it.
    """
    sigma_m, corner_m = max(SPOT_M, blur_m), grid.corner_m
    nearest = min(range(len(distances_m)), key=lambda number: distances_m[number])
    found = [0.0] * len(distances_m)
    for number, distance_m in enumerate(distances_m):
        if number == nearest or distance_m - corner_m <= min(reach_m, 4 * sigma_m):
            found[number] = math.exp(-0.5 * (distance_m / sigma_m) ** 2)
    total = sum(found)
    return [one / total for one in found]


def blur_of(accuracy_m: float) -> float:
    """The standard deviation on each axis of a point that is known so well, metres."""
    return SIGMA_PER_ACCURACY * accuracy_m


def headed(grid: Grid, east_m: float, north_m: float, heading_deg: float) -> list[float]:
    """By how much a heading makes each cell more or less probable: exp(κ cos) of the angle between the heading and the
    way there, 1 on the average of all directions and in the cell of the point itself.
    """
    mean = _mean_of_headings(KAPPA)
    towards_east, towards_north = math.sin(math.radians(heading_deg)), math.cos(math.radians(heading_deg))
    found = []
    for east, north in zip(grid.east_m, grid.north_m, strict=True):
        away_m = math.hypot(east - east_m, north - north_m)
        if away_m < grid.spacing_m / 2:
            found.append(1.0)
        else:
            cosine = ((east - east_m) * towards_east + (north - north_m) * towards_north) / away_m
            found.append(math.exp(KAPPA * cosine) / mean)
    return found


def _mean_of_headings(kappa: float) -> float:
    """The mean of exp(κ cos) over all directions: the modified Bessel function I₀, by its series."""
    term, total = 1.0, 1.0
    for number in range(1, 30):
        term *= (kappa / 2 / number) ** 2
        total += term
    return total
