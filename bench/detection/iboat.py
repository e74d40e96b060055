"""iBOAT, after Chen and others (2013), on one person's own trips: an isolation test on the cells of the running trip,
in a window that adapts. She has no known destination, so all her trips are asked; a cell's neighbours count as the
cell; what is summed is metres travelled anomalously within a time, so that an early detour does not ring for ever.
"""

import math
from bisect import bisect_left
from collections import deque
from datetime import datetime
from typing import Self

from bench.detection.cells import around, between, cell_of
from bench.detection.learning import HOME_M, Baseline, minutes
from bench.detection.said import Fix, Options

THETA = 0.05
ALPHA = 150.0
SCORE_M = 500.0
WITHIN_MIN = 25.0
TRIPS_MAX = 150
BREAK_MIN = 30.0
"""A silence so long ends a trip."""


class Trip:
    """A trip that was: for each cell, and for its neighbours, at which places of the trip it was passed."""

    def __init__(self, cells: list[int]) -> None:
        self.at: dict[int, list[int]] = {}
        for place, cell in enumerate(cells):
            for near in around(cell, 1):
                self.at.setdefault(near, []).append(place)

    def next(self, cell: int, place: int) -> int | None:
        """The first place from `place` on at which a cell was passed."""
        places = self.at.get(cell)
        if places is None:
            return None
        index = bisect_left(places, place)
        return places[index] if index < len(places) else None


class Iboat(Baseline):
    """The running trip against those that were."""

    rule = "iboat"

    def __init__(self, user: str, options: Options) -> None:
        super().__init__(user, options)
        self._trips: list[Trip] = []
        self._fresh: list[Trip] = []
        self._cells: list[int] = []
        self._last: tuple[datetime, float, float] | None = None
        self._inside = 0
        self._supporting: list[tuple[Trip, int]] | None = None
        self._anomalous: deque[tuple[datetime, float]] = deque()

    def copy(self) -> Self:
        """Another in the same state; trips that are over are shared, they do not change."""
        other = type(self)(self._user, self._options)
        other.__dict__.update(self.__dict__)
        other._cells_of_home = self._cells_of_home.copy()
        other._trips, other._fresh, other._cells = list(self._trips), list(self._fresh), list(self._cells)
        other._anomalous = self._anomalous.copy()
        return other

    def day_over(self) -> None:
        """The trips of the day are learnt."""
        if self.learning or self._options.rolling:
            self._trips = (self._trips + self._fresh)[-TRIPS_MAX:]
        self._fresh = []

    def look(self, fix: Fix, east_m: float, north_m: float) -> bool:
        """Whether she has come so far, anomalously, that it rings."""
        if self._last is not None and minutes(fix.at, self._last[0]) > BREAK_MIN:
            self._end()
        self._inside = self._inside + 1 if math.hypot(east_m, north_m) < HOME_M else 0
        if self._inside >= 2 or (self._inside and not self._cells):
            self._end()
            self._last = None
            return False
        cell = cell_of(fix.lat_deg, fix.lon_deg)
        if not self._cells or cell != self._cells[-1]:
            self._enter(cell, fix, east_m, north_m)
            self._last = fix.at, east_m, north_m
        while self._anomalous and minutes(fix.at, self._anomalous[0][0]) > WITHIN_MIN:
            self._anomalous.popleft()
        return sum(metres for _, metres in self._anomalous) >= SCORE_M

    def _enter(self, cell: int, fix: Fix, east_m: float, north_m: float) -> None:
        way = between(self._cells[-1], cell) if self._cells else (cell,)
        length_m = 0.0 if self._last is None else math.hypot(east_m - self._last[1], north_m - self._last[2])
        for one in way:
            self._cells.append(one)
            share = self._share(one)
            weight = 1 / (1 + math.exp(min(60.0, ALPHA * (share - THETA))))
            if weight > 0.01:
                self._anomalous.append((fix.at, length_m / len(way) * weight))

    def _share(self, cell: int) -> float:
        """How many of the trips that agree with the window agree with one cell more; the window shrinks to that cell
        when they are too few.
        """
        if self._supporting is None:
            self._supporting = [(trip, 0) for trip in self._trips]
        found = [(trip, to) for trip, at in self._supporting if (to := trip.next(cell, at)) is not None]
        share = len(found) / len(self._supporting) if self._supporting else 0.0
        if share < THETA:
            found = [(trip, to) for trip in self._trips if (to := trip.next(cell, 0)) is not None]
            self._supporting = found or None
        else:
            self._supporting = found
        return share

    def _end(self) -> None:
        if len(self._cells) > 2:
            self._fresh.append(Trip(self._cells))
        self._cells = []
        self._supporting = None
        self._anomalous.clear()
