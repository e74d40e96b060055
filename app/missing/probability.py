"""The map: how probable it is that she is in each cell now, by all that is known. Pure.

What is known before anybody looked (distance laws, her own places, the way she went, the ground) times what was not
found where (`evidence`), made to sum up to 1. The map is of where she is if she is within its rim and, unless she may
have ridden, within what she can have walked: it cannot say that she is elsewhere.
"""

import math
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from app.missing import evidence, mixture, spread, terrain
from app.missing.grid import Grid, grid_round
from app.missing.model import Known, Point


class HeatMap(Struct, frozen=True, kw_only=True):
    """The probability of each cell of the grid, nearest to its middle first; and how far she can have gone (m), None
    where she may have ridden.
    """

    grid: Grid
    probability: tuple[float, ...]
    reach_m: float | None


def heat_map(known: Known, now: datetime) -> HeatMap:
    """The map at a moment. Its probabilities sum up to 1, and are 0 beyond the reach.

    Whatever the evidence says, something remains: no likelihood is 0.
    """
    last = known.last
    grid = grid_round(last.lat_deg, last.lon_deg)
    seconds = (now - last.at).total_seconds()
    reach_m = math.inf if known.rides else spread.reach_m(last.accuracy_m, seconds)
    weights = _before(grid, known, reach_m)
    if known.terrain:
        weights = _times(weights, terrain.factors(grid, known.terrain))
    weights = _times(weights, evidence.silence(grid, last, known.listeners, known.tag_lost, known.rides, now))
    if known.sweeps:
        weights = _times(weights, evidence.swept(grid, last, known.sweeps, now))
    return HeatMap(grid=grid, probability=_normalised(weights), reach_m=None if known.rides else reach_m)


def most_probable(heat: HeatMap, share: float, count: int) -> list[int]:
    """The places in the grid of the most probable cells that hold `share` of the probability together, the most
    probable first, at most `count`; none that she cannot be in. Of two alike the one that is nearer to the middle.
    """
    ordered = sorted(range(len(heat.probability)), key=lambda number: (-heat.probability[number], number))
    found, held = [], 0.0
    for number in ordered[:count]:
        if held >= share or heat.probability[number] <= 0:
            break
        found.append(number)
        held += heat.probability[number]
    return found


def plain_rings(last: Point) -> HeatMap:
    """The map that searchers draw by hand: rings of the distance law round the point last known, and nothing else."""
    grid = grid_round(last.lat_deg, last.lon_deg)
    away_m = spread.distances(grid, *grid.local_m(last.lat_deg, last.lon_deg))
    return HeatMap(grid=grid, probability=_normalised(_law(grid, away_m, last.accuracy_m, math.inf)), reach_m=None)


def _before(grid: Grid, known: Known, reach_m: float) -> list[float]:
    """What is probable before the ground and what was not found are looked at."""
    last = known.last
    east_m, north_m = grid.local_m(last.lat_deg, last.lon_deg)
    away_m = spread.distances(grid, east_m, north_m)
    weights = _law(grid, away_m, last.accuracy_m, reach_m)
    drawn = mixture.drawn(grid, east_m, north_m, known.places, reach_m)
    if drawn is not None:
        part = mixture.SHARE
        weights = [(1 - part) * ring + part * own for ring, own in zip(weights, drawn, strict=True)]
    if known.heading_deg is not None:
        weights = _times(weights, spread.headed(grid, east_m, north_m, known.heading_deg))
    return weights


def _law(grid: Grid, away_m: Sequence[float], accuracy_m: float, reach_m: float) -> list[float]:
    blur_m, corner_m, part = spread.blur_of(accuracy_m), grid.corner_m, spread.AT_THE_POINT
    rings = spread.rings(grid, away_m, spread.URBAN, blur_m, reach_m)
    at_it = spread.at_the_point(grid, away_m, blur_m, reach_m)
    return [
        ((1 - part) * ring if far_m - corner_m <= reach_m else 0.0) + part * at
        for ring, at, far_m in zip(rings, at_it, away_m, strict=True)
    ]


def _times(weights: Sequence[float], factors: Sequence[float]) -> list[float]:
    return [weight * factor for weight, factor in zip(weights, factors, strict=True)]


def _normalised(weights: Sequence[float]) -> tuple[float, ...]:
    total = math.fsum(weights)
    return tuple(weight / total for weight in weights)
