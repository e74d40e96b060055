"""Where somebody truly is, second by second: points in time with straight lines between them."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from random import Random

from bench.detection.streets import Spot

Point = tuple[float, float, float]
"""Seconds since the first midnight, metres east, metres north."""


class Line:
    """A line in time that grows at its end."""

    def __init__(self, at_s: float, spot: Spot) -> None:
        self.points: list[Point] = [(at_s, *spot)]

    @property
    def at_s(self) -> float:
        """When it ends."""
        return self.points[-1][0]

    @property
    def spot(self) -> Spot:
        """Where it ends."""
        return self.points[-1][1:]

    def go(self, spot: Spot, mps: float) -> None:
        """Straight on to a place."""
        at_s, east, north = self.points[-1]
        length_m = math.hypot(spot[0] - east, spot[1] - north)
        if length_m > 0:
            self.points.append((at_s + length_m / mps, *spot))

    def wait(self, seconds: float) -> None:
        """Stands still."""
        if seconds > 0:
            at_s, east, north = self.points[-1]
            self.points.append((at_s + seconds, east, north))

    def walk(self, spots: Sequence[Spot], mps: float, rng: Random, halts: float = 0.06) -> None:
        """Along corners, not quite evenly; at some of them a light is red or somebody says good morning."""
        for spot in spots:
            self.go(spot, mps * rng.uniform(0.88, 1.12))
            if rng.random() < halts:
                self.wait(rng.uniform(10.0, 60.0))

    def ride(self, spots: Sequence[Spot], mps: float, rng: Random) -> None:
        """Along corners by bus, car or bicycle, with stops."""
        self.walk(spots, mps, rng, halts=0.10)

    def potter(self, seconds: float, roam_m: float, rng: Random) -> None:
        """Here and there around a place, mostly standing."""
        until_s, (east, north) = self.at_s + seconds, self.spot
        while self.at_s < until_s:
            self.wait(min(until_s - self.at_s, rng.expovariate(1 / 240.0)))
            if self.at_s < until_s and roam_m > 0:
                angle, far = rng.uniform(0, 2 * math.pi), roam_m * math.sqrt(rng.random())
                self.go((east + far * math.cos(angle), north + far * math.sin(angle)), 0.5)


class Cursor:
    """Where a line is at times that are asked for in order."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._points = points
        self._index = 0

    def at(self, at_s: float) -> Spot:
        """The place at a time; before the first point, the first, after the last, the last."""
        points, index = self._points, self._index
        if at_s < points[index][0]:
            index = max(bisect_right(points, (at_s, math.inf, math.inf)) - 1, 0)
        while index + 1 < len(points) and points[index + 1][0] <= at_s:
            index += 1
        self._index = index
        start_s, east, north = points[index]
        if index + 1 == len(points) or at_s <= start_s:
            return east, north
        end_s, to_east, to_north = points[index + 1]
        share = (at_s - start_s) / (end_s - start_s)
        return east + share * (to_east - east), north + share * (to_north - north)
