"""What lies on the ground, where it was given: by how much it makes a cell more or less probable. Pure.

Facts (reference 3.2): half of those found lay within 15 m of a line on the map, half within 30 m of a road; two thirds
cross or leave roads; canals and rivers are where four of ten of the dead in Japan were found in 2024. The factors are
those of reference 3.4 and assumptions.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence

from app.geo.measure import to_local_m
from app.missing.grid import Grid, cell_at
from app.missing.model import Ground, Terrain

FACTOR: Mapping[Ground, float] = {Ground.ROAD: 3.0, Ground.EDGE: 2.0, Ground.WATER: 0.2}
STEP_M = 50.0
"""A line is looked at every so many metres: much less than a cell."""


def factors(grid: Grid, terrain: Iterable[Terrain]) -> list[float]:
    """The factor of each cell of the grid; 1 where nothing is known. Of lines the one that draws most counts; the
    middle of water counts before them, and its bank is an edge.
    """
    lines: dict[int, float] = {}
    water: set[int] = set()
    for one in terrain:
        is_water = one.ground is Ground.WATER
        outline = _cells_of_line([*one.corners, one.corners[0]] if is_water else one.corners)
        factor = FACTOR[Ground.EDGE if is_water else one.ground]
        for cell in outline:
            lines[cell] = max(factor, lines.get(cell, factor))
        if is_water:
            water |= _cells_within(grid, one.corners) - outline
    return [
        FACTOR[Ground.WATER] if cell in water and cell not in lines else lines.get(cell, 1.0) for cell in grid.cells
    ]


def along(
    begin: tuple[float, float], end: tuple[float, float], step_m: float
) -> Iterable[tuple[float, float, float, float]]:
    """Pieces of the leg between two points, none longer than `step_m`: latitude and longitude of the middle of each,
    how long it is (m), and how far along the leg its middle is, 0 to 1.
    """
    (a_lat, a_lon), (b_lat, b_lon) = begin, end
    length_m = math.hypot(*to_local_m(a_lat, a_lon, b_lat, b_lon))
    pieces = max(1, math.ceil(length_m / step_m))
    for piece in range(pieces):
        share = (piece + 0.5) / pieces
        yield a_lat + share * (b_lat - a_lat), a_lon + share * (b_lon - a_lon), length_m / pieces, share


def _cells_of_line(corners: Sequence[tuple[float, float]]) -> set[int]:
    found = {cell_at(*corner) for corner in corners}
    for begin, end in itertools.pairwise(corners):
        found.update(cell_at(lat, lon) for lat, lon, _, _ in along(begin, end, STEP_M))
    return found


def _cells_within(grid: Grid, corners: Sequence[tuple[float, float]]) -> set[int]:
    """The cells whose centre lies within the outline, by crossings of a line to the east."""
    flat = [grid.local_m(*corner) for corner in corners]
    west, farthest_east = min(east for east, _ in flat), max(east for east, _ in flat)
    south, farthest_north = min(north for _, north in flat), max(north for _, north in flat)
    found = set()
    for cell, east, north in zip(grid.cells, grid.east_m, grid.north_m, strict=True):
        inside = False
        if not (west <= east <= farthest_east and south <= north <= farthest_north):
            continue
        for (a_east, a_north), (b_east, b_north) in zip(flat, [*flat[1:], flat[0]], strict=True):
            if (a_north > north) != (b_north > north):
                crossing = a_east + (north - a_north) / (b_north - a_north) * (b_east - a_east)
                inside ^= crossing > east
        if inside:
            found.add(cell)
    return found
