"""When each fix of a track is sent again, and what time it is stamped with. Pure.

`now`: the first fix is now, every later one is stamped with the moment at which it is sent; at a higher speed the
person moves faster. `end`: the fixes keep their true distances in time, and the last is stamped with the moment at
which it is sent; at a higher speed the first ones arrive late. `none`: recorded times are sent as they are.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from app.simulator.streets import Origin, Spot
from app.simulator.tracks import TrackFix

Shift = Literal["now", "end", "none"]

SPEED_MPS_MAX = 100.0
"""Faster than this the server takes a fix for impossible (geo/quality)."""
COMPARED_S = 5.0
"""And it takes two fixes to be at least this far apart in time."""


class Planned(Struct, frozen=True):
    """A fix with the time it is stamped with and the real seconds from the start at which it is sent."""

    fix: TrackFix
    stamp: datetime
    after_s: float


def planned(fixes: Iterable[TrackFix], now: datetime, speed: float, shift: Shift) -> list[Planned]:
    """When each fix is sent, and what time it is stamped with."""
    fixes = list(fixes)
    if not fixes:
        return []
    first, last = fixes[0].at, fixes[-1].at
    to_end = now + (last - first) / speed - last

    def stamp(fix: TrackFix) -> datetime:
        match shift:
            case "now":
                return now + (fix.at - first) / speed
            case "end":
                return fix.at + to_end
            case "none":
                return fix.at

    return [Planned(fix, stamp(fix), (fix.at - first).total_seconds() / speed) for fix in fixes]


def hints_of(plan: Sequence[Planned], speed: float, shift: Shift, *, whole_seconds: bool) -> tuple[str, ...]:
    """What people should know who wonder why the server did not make of it what they thought."""
    if shift != "now" or speed <= 1:
        return ()
    hints = []
    too_fast = _too_fast(plan)
    if too_fast:
        hints.append(
            f"At this speed {too_fast} fixes move faster than {SPEED_MPS_MAX:.0f} m/s, which the server takes for"
            " impossible; --shift end keeps their true times."
        )
    same = len(plan) - len({one.stamp.replace(microsecond=0) for one in plan})
    if whole_seconds and same:
        hints.append(f"This format knows whole seconds only: {same} fixes share theirs with another and are lost.")
    return tuple(hints)


def _too_fast(plan: Sequence[Planned]) -> int:
    """How many fixes are farther from one before them than anybody gets in that time."""
    count, earlier = 0, 0
    for index, one in enumerate(plan):
        while earlier + 1 < index and (one.stamp - plan[earlier + 1].stamp).total_seconds() >= COMPARED_S:
            earlier += 1
        count += index > 0 and _speed_mps(plan[earlier], one) > SPEED_MPS_MAX
    return count


def _speed_mps(one: Planned, other: Planned) -> float:
    """Straight speed between two fixes by their stamps, m/s."""
    start = Origin(one.fix.lat_deg, one.fix.lon_deg)
    east_deg = start.degrees(Spot(1.0, 0.0))[1] - start.lon_deg
    north_deg = start.degrees(Spot(0.0, 1.0))[0] - start.lat_deg
    east_m = (other.fix.lon_deg - one.fix.lon_deg) / east_deg
    north_m = (other.fix.lat_deg - one.fix.lat_deg) / north_deg
    seconds = max((other.stamp - one.stamp).total_seconds(), COMPARED_S)
    return float((east_m**2 + north_m**2) ** 0.5 / seconds)
