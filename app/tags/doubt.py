"""Whether one tag can have been heard at two places: a copy of it, or a clock that is wrong, gives itself away by
being in two places at once. Pure.
"""

from typing import Final

from msgspec import Struct

SPEED_MPS_MAX: Final = 40.0
"""144 km/h: nobody in a town goes faster, save in an express train, which no detector hears."""

CLOCKS_S: Final = 30.0
"""How far the clocks of two detectors that are believed may be apart without telling anything."""

MARGIN_M: Final = 200.0
"""On top of how far both hear: a stated range is an estimate, and radio sometimes carries."""


class At(Struct, frozen=True):
    """A time in which a tag was heard around a place; seconds since 1970, metres."""

    first_s: float
    last_s: float
    range_m: float


def apart_s(one: At, other: At) -> float:
    """Seconds from the end of the earlier to the beginning of the later; negative while both hear it.

    >>> apart_s(At(0, 10, 50), At(25, 30, 50)), apart_s(At(0, 10, 50), At(4, 30, 50))
    (15, -6)
    """
    return max(one.first_s, other.first_s) - min(one.last_s, other.last_s)


def is_impossible(one: At, other: At, distance_m: float) -> bool:
    """Whether nobody gets from one place to the other in the time between.

    >>> is_impossible(At(0, 10, 50), At(70, 80, 50), 3_000), is_impossible(At(0, 10, 50), At(70, 80, 50), 9_000)
    (False, True)
    """
    travel_s = max(0.0, apart_s(one, other) + CLOCKS_S)
    return distance_m > one.range_m + other.range_m + MARGIN_M + SPEED_MPS_MAX * travel_s
