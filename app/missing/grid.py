"""The H3 cells round a point last known, in local metres: what every layer of the map is laid on. Pure.

Source of the size: reference 3.4, resolution 9 and rings up to 40. H3 cells differ in size over the globe, so that
theirs is taken where the map is: 0.087 km² in Kakogawa, where the disk reaches 11 to 13 km; 0.105 km² on the average,
where it reaches 12 to 14 km.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

from h3.api import basic_int as h3
from msgspec import Struct

from app.geo.measure import to_local_m

# h3 comes without types.
_cell: Callable[[float, float, int], int] = h3.latlng_to_cell
_centre: Callable[[int], tuple[float, float]] = h3.cell_to_latlng
_disk: Callable[[int, int], Sequence[int]] = h3.grid_disk
_area: Callable[..., float] = h3.cell_area

RESOLUTION = 9
RINGS = 40
CELLS = 3 * RINGS * (RINGS + 1) + 1
"""Cells of a map: 4,921."""


class Grid(Struct, frozen=True, kw_only=True):
    """Cells round the one in the middle, nearest first.

    `east_m` and `north_m` are their centres on the flat map round the middle of the map, `beside` the places of each
    one's neighbours in the list, `inner` those of them that are nearer to the middle: the ways by which one comes there
    from it.
    """

    lat_deg: float
    lon_deg: float
    cells: tuple[int, ...]
    place: dict[int, int]
    east_m: tuple[float, ...]
    north_m: tuple[float, ...]
    beside: tuple[tuple[int, ...], ...]
    inner: tuple[tuple[int, ...], ...]
    area_m2: float
    spacing_m: float

    @property
    def corner_m(self) -> float:
        """Metres from a cell's centre to its corners."""
        return self.spacing_m / math.sqrt(3)

    def local_m(self, lat_deg: float, lon_deg: float) -> tuple[float, float]:
        """Metres east and north of the middle."""
        return to_local_m(self.lat_deg, self.lon_deg, lat_deg, lon_deg)


def cell_at(lat_deg: float, lon_deg: float) -> int:
    """The cell of a map that holds a point.

    >>> f"{cell_at(35.681236, 139.767125):x}"
    '892f5a32d97ffff'
    """
    return _cell(lat_deg, lon_deg, RESOLUTION)


def grid_round(lat_deg: float, lon_deg: float) -> Grid:
    """The grid whose middle is the cell of a point."""
    return _grid(cell_at(lat_deg, lon_deg))


@lru_cache(32)  # A search is asked for again and again, and its middle is one of few.
def _grid(middle: int) -> Grid:
    lat_deg, lon_deg = _centre(middle)
    measured = []
    for cell in _disk(middle, RINGS):
        east_m, north_m = to_local_m(lat_deg, lon_deg, *_centre(cell))
        measured.append((math.hypot(east_m, north_m), cell, east_m, north_m))
    measured.sort()
    place = {one[1]: number for number, one in enumerate(measured)}
    beside = tuple(
        tuple(sorted(place[near] for near in _disk(one[1], 1) if near != one[1] and near in place)) for one in measured
    )
    area_m2 = float(_area(middle, unit="m^2"))
    return Grid(
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        cells=tuple(one[1] for one in measured),
        place=place,
        east_m=tuple(one[2] for one in measured),
        north_m=tuple(one[3] for one in measured),
        beside=beside,
        # They are in order of distance: whatever stands before is nearer.
        inner=tuple(tuple(near for near in nears if near < number) for number, nears in enumerate(beside)),
        area_m2=area_m2,
        spacing_m=math.sqrt(2 * area_m2 / math.sqrt(3)),
    )
