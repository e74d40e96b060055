"""Where to look first: the cells of a map gathered into sectors that a team can be given, the most probable one first.
Pure.

A sector is a coarser H3 cell: at resolution 8 seven cells of the map (0.6 to 0.8 km²), at resolution 7 forty-nine.
"""

import math
from collections.abc import Callable, Iterable, Sequence

from h3.api import basic_int as h3
from msgspec import Struct

from app.geo.measure import M_PER_DEG, distance_m
from app.missing.probability import HeatMap

_parent: Callable[[int, int], int] = h3.cell_to_parent
_centre: Callable[[int], tuple[float, float]] = h3.cell_to_latlng
_corners: Callable[[int], Sequence[tuple[float, float]]] = h3.cell_to_boundary

RESOLUTIONS = (7, 8)
RESOLUTION = 8
NAMED_WITHIN_M = {7: 1_200.0, 8: 450.0}
"""A sector is called after what stands so near to its middle: about in it."""


class Sector(Struct, frozen=True, kw_only=True):
    """An area to be searched: its rank, its middle, the size of the cells in it that she can have reached, how probable
    it is that she is there, and that together with all sectors before it.
    """

    rank: int
    cell: int
    lat_deg: float
    lon_deg: float
    cells: int
    area_km2: float
    probability: float
    per_km2: float
    cumulative: float
    name: str | None


def ranked(heat: HeatMap, resolution: int, count: int, names: Iterable[tuple[float, float, str]] = ()) -> list[Sector]:
    """The `count` most probable sectors, the most probable first. `names` are latitude, longitude and name of what
    people know; each sector gets the one nearest to its middle that is in it, if any.
    """
    held: dict[int, list[float]] = {}
    for cell, probability in zip(heat.grid.cells, heat.probability, strict=True):
        if probability > 0:
            held.setdefault(_parent(cell, resolution), []).append(probability)
    # Of equal ones the lower cell first, so that the same map gives the same list.
    ordered = sorted(held.items(), key=lambda one: (-sum(one[1]), one[0]))[:count]
    known = list(names)
    found: list[Sector] = []
    before = 0.0
    for rank, (cell, parts) in enumerate(ordered, start=1):
        probability, area_km2 = sum(parts), len(parts) * heat.grid.area_m2 / 1e6
        before += probability
        lat_deg, lon_deg = _centre(cell)
        found.append(
            Sector(
                rank=rank,
                cell=cell,
                lat_deg=lat_deg,
                lon_deg=lon_deg,
                cells=len(parts),
                area_km2=area_km2,
                probability=probability,
                per_km2=probability / area_km2,
                cumulative=min(1.0, before),
                name=_name(lat_deg, lon_deg, NAMED_WITHIN_M[resolution], known),
            )
        )
    return found


def outline(cell: int) -> list[tuple[float, float]]:
    """Longitude and latitude of the corners of a cell, counter-clockwise, the first once more at the end, as GeoJSON
    (RFC 7946) writes a ring; to a metre.
    """
    corners = [(round(lon_deg, 5), round(lat_deg, 5)) for lat_deg, lon_deg in _corners(cell)]
    return [*corners, corners[0]]


def _name(lat_deg: float, lon_deg: float, within_m: float, names: Sequence[tuple[float, float, str]]) -> str | None:
    band_deg = within_m / M_PER_DEG  # Most names of a town are farther north or south than that.
    around = [one for one in names if abs(one[0] - lat_deg) <= band_deg]
    near = [(distance_m(lat_deg, lon_deg, lat, lon), name) for lat, lon, name in around]
    nearest = min(near, default=(math.inf, ""))
    return nearest[1] if nearest[0] <= within_m else None
