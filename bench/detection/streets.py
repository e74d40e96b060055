"""The streets of a town without end: corners on a bent grid, what joins them, and ways. Pure; nothing is drawn twice.

A corner is two whole numbers, column and row. Some pieces of street are missing, every eighth street is a larger road
that is not, and a river runs along one row, crossed by a bridge every few streets. Metres east and north of corner
(0, 0).
"""

import heapq
import math
from random import Random

Corner = tuple[int, int]
Spot = tuple[float, float]

BLOCK_M = 95.0
BENT_M = 20.0
"""How far a corner is off its grid at most, each way."""
MISSING = 0.14
"""Share of the pieces of smaller streets that are not there."""
ROAD_EVERY = 8
BRIDGE_EVERY = 7
LIKING_SIGMA = 0.25
"""How much one walker's liking for a piece of street varies: the logarithm of its felt length, the same every day."""
LIKING_MAX = 3 * LIKING_SIGMA
ROAD_FACTOR = 0.45
"""A driver feels larger roads so much shorter."""
MARGIN = 7
"""So many corners around the box of start and end a way may go out of its way."""

_MASK = (1 << 64) - 1


class Streets:
    """The streets that follow from a number."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._spots: dict[Corner, Spot] = {}
        self._around: dict[Corner, list[tuple[Corner, float, float, bool]]] = {}
        self._road = (int(self._draw(0, 0, 1) * ROAD_EVERY), int(self._draw(0, 0, 2) * ROAD_EVERY))
        self._bridge = int(self._draw(0, 0, 3) * BRIDGE_EVERY)
        self.river_row = (4 + int(self._draw(0, 0, 4) * 6)) * (1 if self._draw(0, 0, 5) < 0.5 else -1)
        """The river is between this row and the next."""

    def spot(self, corner: Corner) -> Spot:
        """Where a corner is."""
        found = self._spots.get(corner)
        if found is None:
            column, row = corner
            east = column * BLOCK_M + (2 * self._draw(column, row, 6) - 1) * BENT_M
            north = row * BLOCK_M + (2 * self._draw(column, row, 7) - 1) * BENT_M
            if row > self.river_row:
                north += 80.0
            found = self._spots[corner] = (east, north)
        return found

    def corner(self, spot: Spot) -> Corner:
        """A corner near a place."""
        north = spot[1] - (80.0 if spot[1] > (self.river_row + 1) * BLOCK_M else 0.0)
        return round(spot[0] / BLOCK_M), round(north / BLOCK_M)

    def is_road(self, corner: Corner) -> bool:
        """Whether a larger road passes."""
        return corner[0] % ROAD_EVERY == self._road[0] or corner[1] % ROAD_EVERY == self._road[1]

    def road_near(self, corner: Corner) -> Corner:
        """The nearest corner at a larger road, along the column or the row: where a bus stops."""
        column, row = corner
        across = _nearest(column, self._road[0])
        along = _nearest(row, self._road[1])
        return (across, row) if abs(across - column) < abs(along - row) else (column, along)

    def way(self, start: Corner, end: Corner, sigma: float, rng: Random, *, drives: bool = False) -> list[Corner]:
        """The way somebody takes: the shortest by felt length. `sigma` is how much today differs from every day, as
        the logarithm of felt lengths. Empty when there is none.
        """
        factor = math.exp(-LIKING_MAX - 3 * sigma) * (ROAD_FACTOR if drives else 1.0)
        low = (min(start[0], end[0]) - MARGIN, min(start[1], end[1]) - MARGIN)
        high = (max(start[0], end[0]) + MARGIN, max(start[1], end[1]) + MARGIN)
        target = self.spot(end)
        # The bound may be a little over the truth: a felt length far below the median is rare, and a way that is not
        # quite the shortest is a way all the same.
        factor = max(factor, 0.3 if drives else 0.6)
        felt: dict[Corner, float] = {start: 0.0}
        came: dict[Corner, Corner] = {}
        done: set[Corner] = set()
        queue = [(0.0, start)]
        while queue:
            _, here = heapq.heappop(queue)
            if here == end:
                return _unwound(came, end)
            if here in done:
                continue
            done.add(here)
            for there, length_m, liking, road in self.around(here):
                if there in done or not (low[0] <= there[0] <= high[0] and low[1] <= there[1] <= high[1]):
                    continue
                cost = length_m * (ROAD_FACTOR if road else 1.0) if drives else length_m * liking
                if sigma:
                    cost *= math.exp(sigma * max(-3.0, min(3.0, rng.gauss(0.0, 1.0))))
                cost += felt[here]
                if cost < felt.get(there, math.inf):
                    felt[there], came[there] = cost, here
                    east, north = self.spot(there)
                    heapq.heappush(queue, (cost + factor * math.hypot(target[0] - east, target[1] - north), there))
        return []

    def around(self, corner: Corner) -> list[tuple[Corner, float, float, bool]]:
        """The corners that a corner is joined to, how far each is, how much longer it feels, and whether the piece is
        of a larger road.
        """
        found = self._around.get(corner)
        if found is None:
            column, row = corner
            found = []
            for there in ((column + 1, row), (column, row + 1), (column - 1, row), (column, row - 1)):
                first, second = min(corner, there), max(corner, there)
                if self._joined(first, second):
                    a, b = self.spot(first), self.spot(second)
                    way = 8 if first[0] != second[0] else 9
                    liking = math.exp(LIKING_SIGMA * _normal(self._draw(*first, way), self._draw(*first, way + 2)))
                    road = self._road_between(first, second)
                    found.append((there, math.hypot(a[0] - b[0], a[1] - b[1]), liking, road))
            self._around[corner] = found
        return found

    def _joined(self, first: Corner, second: Corner) -> bool:
        if first[0] == second[0] and first[1] == self.river_row:
            return first[0] % BRIDGE_EVERY == self._bridge or self._road_between(first, second)
        if self._road_between(first, second):
            return True
        return self._draw(*first, 12 if first[0] != second[0] else 13) >= MISSING

    def _road_between(self, first: Corner, second: Corner) -> bool:
        if first[0] == second[0]:
            return first[0] % ROAD_EVERY == self._road[0]
        return first[1] % ROAD_EVERY == self._road[1]

    def _draw(self, column: int, row: int, what: int) -> float:
        """A number from 0 up to 1 that belongs to a corner (splitmix64's mixing, public domain)."""
        x = (self._number + column * 0x9E3779B97F4A7C15 + row * 0xC2B2AE3D27D4EB4F + what * 0x165667B19E3779F9) & _MASK
        x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & _MASK
        x = ((x ^ x >> 27) * 0x94D049BB133111EB) & _MASK
        return ((x ^ x >> 31) >> 11) / (1 << 53)


def _nearest(here: int, rest: int) -> int:
    below = here - (here - rest) % ROAD_EVERY
    return below if here - below <= ROAD_EVERY // 2 else below + ROAD_EVERY


def _normal(one: float, other: float) -> float:
    """Box and Muller, cut at three."""
    return max(-3.0, min(3.0, math.sqrt(-2 * math.log(1 - one)) * math.cos(2 * math.pi * other)))


def _unwound(came: dict[Corner, Corner], end: Corner) -> list[Corner]:
    way = [end]
    while way[-1] in came:
        way.append(came[way[-1]])
    way.reverse()
    return way
