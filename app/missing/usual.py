"""Places where she usually is, out of her habit map: where somebody who is lost may be, or be on the way to. Pure.

A map of habits has hundreds of cells, most of them parts of ways. Taken are the cells with most days, each standing for
what lies around it; that she comes by every day draws her as a shop does, which is an assumption (`mixture.SHARE` says
how many go to places of their own at all). All of them together count as much as one place that somebody named.
"""

from collections.abc import Callable, Sequence
from typing import Final

from h3.api import basic_int as h3

from app.missing.model import Place
from app.watch.movement.habits import Habits

PLACES_MAX: Final = 12
"""Each costs half a millisecond a map."""

DAYS_MIN: Final = 2
"""Where she was on one day alone is no habit."""

AT_THIS_HOUR: Final = 2
"""So much more it counts where she is in this part of the day: her shop in the morning, her daughter in the evening. An
assumption."""

PARTS: Final = 8
HOURS_OF_A_PART: Final = 24 // PARTS
"""The parts of a day, as bits of `Habits.bands`."""

APART: Final = 5
"""Cells of 131 m: so near to a place is that place."""

# h3 comes without types.
_disk: Callable[[int, int], Sequence[int]] = h3.grid_disk
_centre: Callable[[int], tuple[float, float]] = h3.cell_to_latlng


def usual_places(habits: Habits, before: int, hour: int) -> list[Place]:
    """Up to `PLACES_MAX` places, the most usual ones first, by the days before the one with this ordinal
    (`date.toordinal`): what she did since she was lost is no habit. `hour` is that of her clock when she was last seen.
    Their weights sum up to 1.
    """
    mask = sum(1 << bit for bit, ordinal in enumerate(habits.ordinals) if ordinal < before)
    part = 1 << hour // HOURS_OF_A_PART
    found = []
    for cell, days, bands in zip(habits.cells, habits.masks, habits.bands, strict=True):
        count = (days & mask).bit_count()
        if count >= DAYS_MIN:
            found.append((count * (AT_THIS_HOUR if (bands | bands >> PARTS) & part else 1), cell))
    chosen: list[tuple[int, int]] = []
    covered: set[int] = set()
    for counts, cell in sorted(found, key=lambda one: (-one[0], one[1])):
        if len(chosen) == PLACES_MAX:
            break
        if cell not in covered:
            chosen.append((counts, cell))
            covered.update(_disk(cell, APART))
    total = sum(counts for counts, _ in chosen)
    return [_place(cell, counts / total) for counts, cell in chosen]


def _place(cell: int, weight: float) -> Place:
    lat_deg, lon_deg = _centre(cell)
    return Place(lat_deg=lat_deg, lon_deg=lon_deg, weight=weight)
