"""Where a town is, as the places of its detectors tell. Pure."""

from collections.abc import Collection
from statistics import median
from typing import Final

from app.geo.measure import distance_m

TOWN_M: Final = 30_000
PLACES_MIN: Final = 3
"""Fewer places than this have no middle."""

Place = tuple[float, float]
"""Degrees north and east (WGS 84)."""


def middle(registered: Collection[Place], news: Collection[Place] = ()) -> Place | None:
    """The middle of the registered places, as far as there are enough of them, else of those and the new ones together;
    None for too few. A median stays where most are, and what is new does not move a town that is known.

    >>> middle([(34.7, 134.8)], [(34.8, 134.9), (35.7, 139.7)]), middle([(34.7, 134.8)])
    ((34.8, 134.9), None)
    """
    places = [*registered] if len(registered) >= PLACES_MIN else [*registered, *news]
    if len(places) < PLACES_MIN:
        return None
    return median(place[0] for place in places), median(place[1] for place in places)


def is_out_of_town(place: Place, town: Place | None) -> bool:
    """Whether a place is too far from the middle of a town to be in it."""
    return town is not None and distance_m(*town, *place) > TOWN_M
