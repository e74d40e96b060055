"""How well a map had rated the place of the find. Pure.

MapScore rates a map by Rossmo's r: the share of its cells that it held more probable than the cell of the find, and
half the share of those that it held as probable; the score is (0.5 - r) / 0.5. So 1 is a map that had the find first, 0
one that knew nothing, and less than 0 one that sent searchers elsewhere. Where searchers take cell after cell in the
order of the map, r is the share of it that they search before they find her.

Source: Sava, Twardy, Koester, Sonwalkar, Evaluating Lost Person Behavior Models, Transactions in GIS 20 (2016), and the
page "Metric description" of its server (zenodo.org/records/5579128, templates/metric_description.html); the distance
rings of ISRID rate 0.78 there (95 % between 0.74 and 0.82, 376 cases, maps of 25 by 25 km), their best model 0.81.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.missing.grid import cell_at
from app.missing.model import Find, Known, Search
from app.missing.probability import HeatMap, heat_map, plain_rings

JUST_BEFORE = timedelta(minutes=1)
"""What was known of the place itself because she was found there does not count for the map."""


def score(probabilities: Sequence[float], find: int) -> float:
    """The score of a map in which the find has place `find`; the cell of the find counts as rated equal to itself, so
    that the best score of N cells is 1 - 1/N and a map of one probability everywhere rates exactly 0.

    >>> score([0.25, 0.25, 0.25, 0.25], 2), score([0.7, 0.1, 0.1, 0.1], 0), score([0.7, 0.1, 0.1, 0.1], 3)
    (0.0, 0.75, -0.25)
    """
    rated = probabilities[find]
    higher = sum(one > rated for one in probabilities)
    equal = sum(one == rated for one in probabilities)
    return (0.5 - (higher + equal / 2) / len(probabilities)) / 0.5


def score_of(heat: HeatMap, lat_deg: float, lon_deg: float) -> float:
    """The score of a map for somebody found there: all of its cells count, also those beyond her reach. A find beyond
    the rim of the map is rated -1: every cell was searched for nothing.
    """
    number = heat.grid.place.get(cell_at(lat_deg, lon_deg))
    return -1.0 if number is None else score(heat.probability, number)


def rated(search: Search, known: Known | None, at: datetime, lat_deg: float, lon_deg: float) -> Find:
    """A find with what the map of `known`, as it was just before, had rated its place, and what rings round the first
    and round the newest place would have; None for each where nobody knew where she was last seen.
    """
    if known is None:
        return Find(
            at=at, lat_deg=lat_deg, lon_deg=lon_deg, score=None, score_first_rings=None, score_newest_rings=None
        )
    by_map = score_of(heat_map(known, at - JUST_BEFORE), lat_deg, lon_deg)
    newest = score_of(plain_rings(known.last), lat_deg, lon_deg)
    first = None if search.last is None else score_of(plain_rings(search.last), lat_deg, lon_deg)
    return Find(
        at=at, lat_deg=lat_deg, lon_deg=lon_deg, score=round(by_map, 4),
        score_first_rings=None if first is None else round(first, 4), score_newest_rings=round(newest, 4),
    )  # fmt: skip
