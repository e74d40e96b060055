"""Places of her own: a part of those who are lost are on the way to somewhere they know. Pure.

Source: Virginia's series (reference 3.2): they aim for a former home or a place they like, and go until they get stuck.
How many do was not found: a quarter is the assumption of reference 3.4. How near they come to it is ours too.
"""

import math
from collections.abc import Sequence

from app.missing.grid import Grid
from app.missing.model import Place
from app.missing.spread import Law, distances, ring_share

SHARE = 0.25
"""So many of those who have a place of their own are taken to be there or on the last part of the way."""

NEAR = Law(math.log(0.2), 1.0)
"""How far from the place they are: half within 200 m, 95 % within 1 km. An assumption."""

FAR_M = 3_000.0
"""Nobody is laid farther from the place than this: 0.3 % would be."""

APART_M = 300.0
"""A place nearer to the point last known than this is that point: the rings have it already."""


def drawn(grid: Grid, east_m: float, north_m: float, places: Sequence[Place], reach_m: float) -> list[float] | None:
    """The share of each cell in those who go to places of their own, 1 in all but what is out of reach; None where
    there is no such place. `east_m` and `north_m` are the point last known.
    """
    lying = [(*grid.local_m(one.lat_deg, one.lon_deg), one.weight) for one in places if one.weight > 0]
    lying = [one for one in lying if math.hypot(one[0] - east_m, one[1] - north_m) >= APART_M]
    total = sum(weight for _, _, weight in lying)
    if not total:
        return None
    found = [0.0] * len(grid.cells)
    half_m, corner_m, per_m2 = grid.spacing_m / 2, grid.corner_m, grid.area_m2 / math.pi
    walked_m = distances(grid, east_m, north_m)
    for place_east, place_north, weight in lying:
        for number, (east, north) in enumerate(zip(grid.east_m, grid.north_m, strict=True)):
            if abs(east - place_east) > FAR_M or abs(north - place_north) > FAR_M:
                continue
            if walked_m[number] - corner_m <= reach_m:
                away_m = math.hypot(east - place_east, north - place_north)
                found[number] += ring_share(NEAR, away_m, half_m, math.inf) * per_m2 * weight / total
    return found
