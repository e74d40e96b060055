"""Ways through the town that begin anew for ever: a bus line, a walk. Pure."""

import itertools
from random import Random

from app.simulator.streets import Path, Spot, Streets, corners_between, path, way

WITHIN_M = 900.0
"""Of the centre of the town; nobody of it lives farther out."""


def wandering(streets: Streets, corners: int, random: Random) -> Path:
    """The way from one corner to another and on, to so many corners chosen at random."""
    return through(streets, random.sample(corners_between(streets, Spot(0.0, 0.0), 0.0, WITHIN_M), corners), random)


def through(streets: Streets, corners: list[int], random: Random) -> Path:
    """The way through these corners in order, two or more."""
    spots = [streets.corners[corners[0]]]
    for start, end in itertools.pairwise(corners):
        spots += way(streets, start, end, random).spots[1:]
    return path(spots)


def there_and_back(line: Path, distance_m: float) -> tuple[Spot, float]:
    """Where one is who has gone so far up and down a line, and in which direction, degrees.

    >>> there_and_back(path((Spot(0, 0), Spot(0, 100))), 130.0)
    (Spot(east_m=0.0, north_m=70.0), 180.0)
    """
    along_m = distance_m % (2 * line.length_m)
    if along_m <= line.length_m:
        return line.at(along_m)
    spot, heading_deg = line.at(2 * line.length_m - along_m)
    return spot, (heading_deg + 180.0) % 360
