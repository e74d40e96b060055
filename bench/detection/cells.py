"""H3 cells of 130 m from middle to middle (resolution 10), and metres on the flat map around a person's town."""

import math
from collections.abc import Callable, Sequence

from h3._cy.error_system import H3BaseException
from h3.api import basic_int as h3

from app.geo.measure import M_PER_DEG
from bench.detection.streets import Spot

RESOLUTION = 10

# h3 comes without types.
_cell: Callable[[float, float, int], int] = h3.latlng_to_cell
middle_of: Callable[[int], tuple[float, float]] = h3.cell_to_latlng
"""Latitude and longitude of the middle of a cell."""
around: Callable[[int, int], Sequence[int]] = h3.grid_disk
"""A cell and those within so many steps of it."""
_steps: Callable[[int, int], int] = h3.grid_distance
_path: Callable[[int, int], Sequence[int]] = h3.grid_path_cells

FILLED_MAX = 40
"""Jumps over more cells are not filled."""


def cell_of(lat_deg: float, lon_deg: float) -> int:
    """The cell of a place."""
    return _cell(lat_deg, lon_deg, RESOLUTION)


def between(start: int, end: int) -> Sequence[int]:
    """The cells after `start` up to and including `end`, each beside the one before it; only `end` when that is far."""
    try:
        return _path(start, end)[1:] if _steps(start, end) <= FILLED_MAX else (end,)
    except H3BaseException:  # Far apart, or a pentagon is between.
        return (end,)


def degrees(origin: tuple[float, float], spot: Spot) -> tuple[float, float]:
    """Latitude and longitude of a place, metres east and north of an origin."""
    return origin[0] + spot[1] / M_PER_DEG, origin[1] + spot[0] / (M_PER_DEG * math.cos(math.radians(origin[0])))


def metres(origin: tuple[float, float], lat_deg: float, lon_deg: float) -> Spot:
    """Metres east and north of an origin."""
    east_m = (lon_deg - origin[1]) * M_PER_DEG * math.cos(math.radians(origin[0]))
    return east_m, (lat_deg - origin[0]) * M_PER_DEG
