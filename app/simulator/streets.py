"""The streets of a town: corners, what joins them, and the way from one to another. Pure.

An irregular grid, turned a little, with gaps where there is a pond or a school yard. Places are metres east and north
of the town's centre.
"""

import heapq
import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from random import Random

from msgspec import Struct

M_PER_DEG = 6_371_008.8 * math.pi / 180
"""Metres of one degree of latitude on a sphere of the Earth's mean radius (IUGG)."""

COLUMNS, ROWS = 27, 21
BLOCK_M, BLOCK_SIGMA = 78.0, 0.22
"""Median length of a block, and how much the logarithms of lengths vary."""
TURN_DEG = 11.0
GAPS = 0.08
"""Share of the street pieces that are missing."""
LIKING_SIGMA = 0.25
"""How much a walker's liking for a street varies, as the logarithm of its felt length."""


class Spot(Struct, frozen=True):
    """A place, metres east and north of the centre."""

    east_m: float
    north_m: float


class Origin(Struct, frozen=True):
    """The centre of a town, WGS-84 degrees."""

    lat_deg: float
    lon_deg: float

    def degrees(self, spot: Spot) -> tuple[float, float]:
        """Latitude and longitude of a place near the centre (equirectangular: off by centimetres within 3 km)."""
        lat_deg = self.lat_deg + spot.north_m / M_PER_DEG
        return lat_deg, self.lon_deg + spot.east_m / (M_PER_DEG * math.cos(math.radians(self.lat_deg)))


class Streets(Struct, frozen=True):
    """Corners and, for each, the numbers of those it is joined to."""

    corners: tuple[Spot, ...]
    joined: tuple[tuple[int, ...], ...]


class Path(Struct, frozen=True):
    """A line along streets. `along_m` is the distance of each of its points from the first."""

    spots: tuple[Spot, ...]
    along_m: tuple[float, ...]

    @property
    def length_m(self) -> float:
        """How long it is, metres."""
        return self.along_m[-1]

    def at(self, distance_m: float) -> tuple[Spot, float]:
        """The place so far along the line, and the direction of the line there, degrees from north to the east."""
        index = min(max(bisect_right(self.along_m, distance_m) - 1, 0), len(self.spots) - 2)
        start, end = self.spots[index], self.spots[index + 1]
        piece_m = self.along_m[index + 1] - self.along_m[index]
        share = min(max((distance_m - self.along_m[index]) / piece_m, 0.0), 1.0)
        east_m, north_m = end.east_m - start.east_m, end.north_m - start.north_m
        heading_deg = math.degrees(math.atan2(east_m, north_m)) % 360
        return Spot(start.east_m + share * east_m, start.north_m + share * north_m), heading_deg

    def nearest_m(self, spot: Spot) -> float:
        """How near the line comes to a place.

        >>> path((Spot(0, 0), Spot(0, 100))).nearest_m(Spot(30, 40))
        30.0
        """
        return min(_beside_m(spot, start, end) for start, end in pairwise(self.spots))

    def backwards(self) -> "Path":
        """The same line the other way round."""
        return path(self.spots[::-1])


def apart_m(one: Spot, other: Spot) -> float:
    """Straight distance, metres.

    >>> apart_m(Spot(0, 0), Spot(30, 40))
    50.0
    """
    return math.hypot(other.east_m - one.east_m, other.north_m - one.north_m)


def _beside_m(spot: Spot, start: Spot, end: Spot) -> float:
    """How far a place is from a straight piece of street."""
    east_m, north_m = end.east_m - start.east_m, end.north_m - start.north_m
    along = (spot.east_m - start.east_m) * east_m + (spot.north_m - start.north_m) * north_m
    share = min(max(along / (east_m**2 + north_m**2), 0.0), 1.0)
    return apart_m(spot, Spot(start.east_m + share * east_m, start.north_m + share * north_m))


def path(spots: Sequence[Spot]) -> Path:
    """The line through these places, two or more."""
    assert len(spots) > 1, "a line has two ends"
    return Path(tuple(spots), tuple(accumulate((apart_m(*pair) for pair in pairwise(spots)), initial=0.0)))


def laid_out(random: Random) -> Streets:
    """The streets of a new town. Every corner can be reached from every other."""
    easts, norths = _lines(random, COLUMNS), _lines(random, ROWS)
    sine, cosine = math.sin(math.radians(TURN_DEG)), math.cos(math.radians(TURN_DEG))
    corners = tuple(
        Spot(east_m * cosine + north_m * sine, north_m * cosine - east_m * sine)
        for north_m in norths
        for east_m in easts
    )
    pieces = [
        (row * COLUMNS + column, row * COLUMNS + column + 1) for row in range(ROWS) for column in range(COLUMNS - 1)
    ]
    pieces += [
        (row * COLUMNS + column, (row + 1) * COLUMNS + column) for row in range(ROWS - 1) for column in range(COLUMNS)
    ]
    joined: list[set[int]] = [set() for _ in corners]
    for one, other in pieces:
        joined[one].add(other)
        joined[other].add(one)
    for one, other in random.sample(pieces, round(GAPS * len(pieces))):
        joined[one].discard(other)
        joined[other].discard(one)
        if not _all_reached(joined):
            joined[one].add(other)
            joined[other].add(one)
    return Streets(corners, tuple(tuple(sorted(others)) for others in joined))


def way(streets: Streets, start: int, end: int, random: Random) -> Path:
    """The way from one corner to another that this walker likes best: the shortest by felt length.

    Liking is drawn anew for each street by `random`; the same state of it gives the same way.
    """
    assert start != end, "who is there already needs no way"
    felt_m: dict[int, float] = {start: 0.0}
    before: dict[int, int] = {}
    waiting = [(0.0, start)]
    while waiting:
        so_far_m, corner = heapq.heappop(waiting)
        if corner == end:
            break
        if so_far_m > felt_m[corner]:
            continue
        for following in streets.joined[corner]:
            liking = random.lognormvariate(0, LIKING_SIGMA)
            reached_m = so_far_m + liking * apart_m(streets.corners[corner], streets.corners[following])
            if reached_m < felt_m.get(following, math.inf):
                felt_m[following], before[following] = reached_m, corner
                heapq.heappush(waiting, (reached_m, following))
    corners = [end]
    while corners[-1] != start:
        corners.append(before[corners[-1]])
    return path([streets.corners[corner] for corner in reversed(corners)])


def corners_between(streets: Streets, centre: Spot, nearest_m: float, farthest_m: float) -> list[int]:
    """The numbers of the corners that are so far from a place."""
    return [
        number for number, corner in enumerate(streets.corners) if nearest_m <= apart_m(centre, corner) <= farthest_m
    ]


def _lines(random: Random, count: int) -> list[float]:
    """Where parallel streets run, metres from the middle of all of them."""
    blocks_m = [BLOCK_M * random.lognormvariate(0, BLOCK_SIGMA) for _ in range(count - 1)]
    lines_m = list(accumulate(blocks_m, initial=0.0))
    return [line_m - lines_m[-1] / 2 for line_m in lines_m]


def _all_reached(joined: Sequence[set[int]]) -> bool:
    reached, waiting = {0}, [0]
    while waiting:
        for corner in joined[waiting.pop()] - reached:
            reached.add(corner)
            waiting.append(corner)
    return len(reached) == len(joined)
