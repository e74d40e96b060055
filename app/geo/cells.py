"""H3 cells of points and of areas, as integers that sort by place, and the hours that history is filed under.

Source: H3 index layout (h3geo.org, "Indexing"): one reserved bit that is 0, so a cell is positive in a signed 64-bit
column; 4 bits mode, 3 reserved, 4 resolution, 7 base cell, then 15 digits of 3 bits, one a resolution, 7 where unused.
All cells of one resolution under a coarser cell differ from it only in later digits: they are one range.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from h3.api import basic_int as h3

from app.geo.measure import distance_m

# h3 comes without types.
_cell: Callable[[float, float, int], int] = h3.latlng_to_cell
_centre: Callable[[int], tuple[float, float]] = h3.cell_to_latlng
_corners: Callable[[int], Sequence[tuple[float, float]]] = h3.cell_to_boundary
_ring: Callable[[int, int], Sequence[int]] = h3.grid_ring
_base_cells: Callable[[], Sequence[int]] = h3.get_res0_cells
_is_cell: Callable[[int], bool] = h3.is_valid_cell

RESOLUTION = 12
"""Of stored cells: edges of about 10 m, as fine as a good fix."""

RANGES_MAX = 50
"""So many scans of the index may one hour of an area question cost (DESIGN section 6)."""

_CELLS_MAX = 400
"""Coarse cells that are looked at one by one for one cover: bounds the work, and what gives 50 ranges at most has
hardly more."""

_REACH = 1.2
"""How far the fine cells under a coarse cell reach from its centre, in units of its farthest corner. They overlap its
border: for regular hexagons, seven to a parent, by less than 5.3 % (the sum of √(3/7) · 7^(-n/2)); the rest is for
cells that are not quite regular."""

_DIGIT_BITS = 3
_RESOLUTION_SHIFT = 52
_BASE_CELL_SHIFT = 45


def cell_of(lat_deg: float, lon_deg: float) -> int:
    """The H3 cell of a point at resolution 12, positive and below 2^63.

    >>> f"{cell_of(35.681236, 139.767125):x}"
    '8c2f5a32d95bdff'
    """
    return _cell(lat_deg, lon_deg, RESOLUTION)


def is_cell(cell: int) -> bool:
    """Whether a number is an H3 cell, of any resolution.

    >>> is_cell(0x872E618C9FFFFFF), is_cell(0x8FFFFFFFFFFFFFF)
    (True, False)
    """
    return _is_cell(cell)


def is_under(cell: int, lat_deg: float, lon_deg: float) -> bool:
    """Whether a point lies in a cell, of any resolution. False for what is no cell.

    >>> is_under(_cell(34.757, 134.841, 7), 34.757, 134.841), is_under(_cell(34.757, 134.841, 7), 35.0, 135.0)
    (True, False)
    """
    return _cell(lat_deg, lon_deg, cell >> _RESOLUTION_SHIFT & 0xF) == cell


def hour_of(moment: datetime) -> int:
    """Whole hours since 1970-01-01 00:00 UTC.

    >>> from datetime import UTC
    >>> hour_of(datetime(1970, 1, 2, 0, 59, 59, tzinfo=UTC))
    24
    """
    return int(moment.timestamp() // 3600)


def ranges_around(lat_deg: float, lon_deg: float, radius_m: float) -> list[tuple[int, int]]:
    """Ranges of stored cells, first and last included, in order and apart, that hold every point within `radius_m`
    metres, and some around.

    At the finest resolution that gives at most `RANGES_MAX` of them: about 40 at resolution 10 for 1 km.
    """
    assert radius_m >= 0, "a radius is a length"
    return list(_ranges_around(lat_deg, lon_deg, radius_m))


def joined(ranges: Sequence[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    """At most `count` ranges that hold all of `ranges`, which are in order, and what lies between some of them: the
    narrowest gaps are closed.

    >>> joined([(0, 4), (6, 9), (20, 30)], 2)
    [(0, 9), (20, 30)]
    """
    assert count > 0, "everything is at least one range"
    if not ranges:
        return []
    gaps = sorted(range(1, len(ranges)), key=lambda n: ranges[n - 1][1] - ranges[n][0])
    begins = [0, *sorted(gaps[: count - 1])]
    ends = [*begins[1:], len(ranges)]
    return [(ranges[begin][0], ranges[end - 1][1]) for begin, end in zip(begins, ends, strict=True)]


@lru_cache(64)  # Positions and passages are asked for around the same point.
def _ranges_around(lat_deg: float, lon_deg: float, radius_m: float) -> tuple[tuple[int, int], ...]:
    ranges: list[tuple[int, int]] = []
    for resolution in range(_finest(lat_deg, lon_deg, radius_m), -1, -1):
        cells = _disk(lat_deg, lon_deg, radius_m, resolution)
        ranges = _merged(cells, resolution)
        if len(ranges) <= RANGES_MAX:
            break
    return tuple(ranges)


def _finest(lat_deg: float, lon_deg: float, radius_m: float) -> int:
    """The finest resolution at which the disk is covered by `_CELLS_MAX` cells or fewer, by their area."""
    for resolution in range(RESOLUTION, 0, -1):
        edge_m = _corner_m(_cell(lat_deg, lon_deg, resolution))
        cell_m2 = 2.6 * edge_m * edge_m  # 3√3 / 2, a regular hexagon
        if 3.15 * (radius_m + _REACH * edge_m) ** 2 <= _CELLS_MAX * cell_m2:
            return resolution
    return 0


def _disk(lat_deg: float, lon_deg: float, radius_m: float, resolution: int) -> list[int]:
    """The cells of `resolution` any of whose fine cells may lie within `radius_m`, in order."""
    if resolution == 0:
        return sorted(_base_cells())
    middle = _cell(lat_deg, lon_deg, resolution)
    reach_m = radius_m + _REACH * _corner_m(middle)
    # Neighbours differ a little in size and shape, so rings are added until one lies wholly out of reach.
    found: list[int] = [middle]
    ring = 0
    while True:
        ring += 1
        near = [cell for cell in _ring(middle, ring) if _centre_within(cell, lat_deg, lon_deg, reach_m)]
        if not near:
            return sorted(found)
        found += near


def _centre_within(cell: int, lat_deg: float, lon_deg: float, limit_m: float) -> bool:
    centre_lat, centre_lon = _centre(cell)
    return distance_m(lat_deg, lon_deg, centre_lat, centre_lon) <= limit_m


def _corner_m(cell: int) -> float:
    """Metres from the centre of a cell to its farthest corner."""
    lat, lon = _centre(cell)
    return max(distance_m(lat, lon, corner_lat, corner_lon) for corner_lat, corner_lon in _corners(cell))


def _merged(cells: Iterable[int], resolution: int) -> list[tuple[int, int]]:
    """The ranges of stored cells under `cells`, neighbours in the order of the index as one."""
    ranges: list[tuple[int, int]] = []
    last_place: int | None = None
    for cell in cells:
        place, (first, last) = _place_in_order(cell, resolution), _span(cell, resolution)
        if last_place is not None and place == last_place + 1:
            ranges[-1] = (ranges[-1][0], last)
        else:
            ranges.append((first, last))
        last_place = place
    return ranges


def _place_in_order(cell: int, resolution: int) -> int:
    """The number of a cell among all of its resolution: digits go from 0 to 6, so 6 of one parent is next to 0 of the
    following."""
    place = cell >> _BASE_CELL_SHIFT & 0x7F
    for index in range(1, resolution + 1):
        place = place * 7 + (cell >> (15 - index) * _DIGIT_BITS & 0x7)
    return place


def _span(cell: int, resolution: int) -> tuple[int, int]:
    """The first and the last stored cell that may lie under a coarser one."""
    first = cell & ~(0xF << _RESOLUTION_SHIFT) | RESOLUTION << _RESOLUTION_SHIFT
    last = first
    for index in range(resolution + 1, RESOLUTION + 1):
        shift = (15 - index) * _DIGIT_BITS
        first &= ~(0x7 << shift)
        last = last & ~(0x7 << shift) | 6 << shift
    return first, last
