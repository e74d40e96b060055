"""What was not found where: detectors that heard nothing of her tag, and searchers who saw nothing. Pure.

Each gives every cell a likelihood, from 0 (excluded) to 1 (says nothing): how probable it is that nothing was heard, or
seen, if she is there now. They are multiplied, so that the order in which facts come changes nothing, and no fact ever
speaks for what it speaks against.

A person moves, so that what was true earlier may be so no more. When she came to a cell is not known: as likely at any
moment between the first at which she can have been there on foot and now. What was looked at before that says nothing,
what was looked at just now says all, and an old sweep fades as time goes on. That is on the careful side: people with
dementia "go until they get stuck" (reference 3.2), so that most have lain there for longer.

A detector speaks against the cells that it reaches: of those who are in such a cell now, half have come as far as to
cross its middle. It speaks against what lies behind as well, seen from the point last known: whoever went there came
by; but half of the ways are taken to have gone round it. Both halves are assumptions, and so is the probability to hear
a tag that comes by (reference 5: 0.8).
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from datetime import datetime

from app.geo.measure import distance_m
from app.missing.grid import Grid, cell_at
from app.missing.model import Listener, Point, Sweep
from app.missing.spread import ACCURACIES, WALK_MPS, distances
from app.missing.terrain import along

HEARS = 0.8
"""How probable it is that a detector that listens hears a tag that comes within its range."""

ACROSS = 0.5
"""So many of those who are in a cell have crossed its middle."""

THROUGH = 0.5
"""So many of the ways to what lies behind a cell are taken to lead through it; no more than `ACROSS`, so that no
detector speaks louder against what lies behind than against where it stands.
"""

LATELY_S = 120.0
"""What a detector heard in the last two minutes may still be on its way to us: it says nothing yet."""

RIDE_MPS = 10.0
"""How fast she may come by where she may have taken a bus."""

POD_MAX = 0.95
"""Nobody finds everything: no sweep excludes a cell."""

STEP_M = 50.0
"""A searcher's way is laid on cells in pieces of so many metres."""


def silence(
    grid: Grid, last: Point, listeners: Sequence[Listener], tag_lost: float, rides: bool, now: datetime
) -> list[float]:
    """How probable it is for each cell that no detector heard her tag since the point last known, if she is there now.

    Where she may have ridden, a detector says nothing of what lies behind it.
    """
    if tag_lost >= 1.0 or not listeners:
        return [1.0] * len(grid.cells)
    missed, passed = [1.0] * len(grid.cells), [1.0] * len(grid.cells)
    east_m, north_m = grid.local_m(last.lat_deg, last.lon_deg)
    for one in listeners:
        at_east, at_north = grid.local_m(one.lat_deg, one.lon_deg)
        away_m = math.hypot(at_east - east_m, at_north - north_m)
        heard = HEARS * listened(one, last, away_m - one.range_m, rides, now)
        if heard > 0:
            for number, share in _covered(grid, one, at_east, at_north):
                # Who is in a cell is within range wherever all of it is.
                missed[number] *= 1 - heard * max(ACROSS * share, share * share)
                passed[number] *= 1 - heard * THROUGH * share
    ways = [1.0] * len(grid.cells) if rides else _ways(grid, passed)
    kept = 1 - tag_lost
    return [tag_lost + kept * here * way for here, way in zip(missed, ways, strict=True)]


def listened(one: Listener, last: Point, away_m: float, rides: bool, now: datetime) -> float:
    """The share of the time in which a detector listened, from the first moment at which she can have come into its
    range, `away_m` metres from the point last known, until what it heard must have reached us; 0 where she cannot have
    come there yet.
    """
    speed_mps = RIDE_MPS if rides else WALK_MPS
    first_s = last.at.timestamp() + max(0.0, away_m - ACCURACIES * last.accuracy_m) / speed_mps
    last_s = now.timestamp() - LATELY_S
    if first_s >= last_s:
        return 0.0
    spans = sorted((begin.timestamp(), last_s if end is None else end.timestamp()) for begin, end in one.away)
    away_s, until_s = 0.0, first_s
    for begin_s, end_s in spans:
        begin_s, end_s = max(begin_s, until_s), min(end_s, last_s)
        if end_s > begin_s:
            away_s, until_s = away_s + end_s - begin_s, end_s
    return 1 - away_s / (last_s - first_s)


def heard_nothing(last: Point, listeners: Iterable[Listener], rides: bool, now: datetime) -> tuple[int, int]:
    """How many detectors she can have come to since the point last known listened for at least half of that time, and
    how many for less: what they did not hear says little.
    """
    speed_mps = RIDE_MPS if rides else WALK_MPS
    reach_m = ACCURACIES * last.accuracy_m + speed_mps * ((now - last.at).total_seconds() - LATELY_S)
    well, ill = 0, 0
    for one in listeners:
        away_m = distance_m(last.lat_deg, last.lon_deg, one.lat_deg, one.lon_deg) - one.range_m
        if away_m < reach_m:
            if listened(one, last, away_m, rides, now) >= 0.5:
                well += 1
            else:
                ill += 1
    return well, ill


def _covered(grid: Grid, one: Listener, east_m: float, north_m: float) -> Iterable[tuple[int, float]]:
    """The cells that a detector reaches, and the share of the ways across each that come within its range; none where
    it stands beyond the rim.
    """
    half_m, range_m = grid.spacing_m / 2, one.range_m
    middle = grid.place.get(cell_at(one.lat_deg, one.lon_deg))
    seen = set() if middle is None else {middle}
    waiting = list(seen)
    while waiting:
        number = waiting.pop()
        away_m = math.hypot(grid.east_m[number] - east_m, grid.north_m[number] - north_m)
        share = (min(away_m + range_m, half_m) - max(away_m - range_m, -half_m)) / (2 * half_m)
        if share > 0:
            yield number, min(1.0, share)
        if away_m <= range_m + half_m:
            fresh = [near for near in grid.beside[number] if near not in seen]
            seen.update(fresh)
            waiting += fresh


def _ways(grid: Grid, passed: Sequence[float]) -> list[float]:
    """How probable it is that nobody was heard on the way to each cell: on the average over the cells before it, each
    with what it takes to get there and to come through it. The cell in the middle does not count: she was seen there.
    """
    ways = [1.0] * len(grid.cells)
    for number in range(1, len(ways)):
        before = grid.inner[number]
        if before:
            ways[number] = sum(ways[one] * (passed[one] if one else 1.0) for one in before) / len(before)
    return ways


def swept(grid: Grid, last: Point, sweeps: Iterable[Sweep], now: datetime) -> list[float]:
    """How probable it is for each cell that no searcher saw her, if she is there now.

    Of a cell the part that was looked at is 1 - exp(-width · length / area): searchers who do not walk on a ruler look
    at some of it twice (Koopman's random search). Each sweep multiplies, so that passes add up.
    """
    found = [1.0] * len(grid.cells)
    walked_m = distances(grid, *grid.local_m(last.lat_deg, last.lon_deg))
    last_s, now_s = last.at.timestamp(), now.timestamp()
    for one in sweeps:
        pod = min(one.pod, POD_MAX)
        for cell, (looked_m2, at_s) in _looked_at(one).items():
            number = grid.place.get(cell)
            if number is None or not last_s < at_s <= now_s:
                continue
            nearest_m = walked_m[number] - grid.corner_m - ACCURACIES * last.accuracy_m
            first_s = last_s + max(0.0, nearest_m) / WALK_MPS
            if first_s < at_s:
                was_there = (at_s - first_s) / (now_s - first_s)
                found[number] *= 1 - pod * (1 - math.exp(-looked_m2 / grid.area_m2)) * was_there
    return found


def _looked_at(sweep: Sweep) -> dict[int, tuple[float, float]]:
    """Square metres that a sweep looked at in each cell, what was looked at twice counted twice, and when, as seconds
    since 1970. One point alone is a look round it.
    """
    points = sweep.points
    looked: dict[int, tuple[float, float]] = {}

    def add(cell: int, area_m2: float, at_s: float) -> None:
        before_m2, before_s = looked.get(cell, (0.0, at_s))
        total_m2 = before_m2 + area_m2
        looked[cell] = total_m2, before_s + (at_s - before_s) * area_m2 / total_m2 if total_m2 else at_s

    if len(points) == 1:
        (only,) = points
        add(cell_at(only.lat_deg, only.lon_deg), math.pi * (sweep.width_m / 2) ** 2, only.at.timestamp())
    for begin, end in itertools.pairwise(points):
        begin_s, end_s = begin.at.timestamp(), end.at.timestamp()
        leg = along((begin.lat_deg, begin.lon_deg), (end.lat_deg, end.lon_deg), STEP_M)
        for lat_deg, lon_deg, length_m, share in leg:
            add(cell_at(lat_deg, lon_deg), sweep.width_m * length_m, begin_s + share * (end_s - begin_s))
    return looked
