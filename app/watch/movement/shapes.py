"""What the line of the last half hour looks like: how long, how wide, how it turns. Pure.

The patterns are those of Martino-Saltzman for the outdoors (Jafarpournaser 2023): pacing goes back and forth between
two places, lapping goes round, random changes its direction without a pattern (detection notes, section 1.1).
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

WINDOW_S: Final = 30 * 60
LAPS_S: Final = 45 * 60
LONG_S: Final = 45 * 60
"""Who walks half as fast turns half as often: a line that is looked at for longer."""
LATELY_S: Final = 15 * 60
POINTS_MIN: Final = 8
PATH_M_MIN: Final = 320.0
EXTENT_M_MAX: Final = 620.0
SPEED_MPS_MIN: Final = 0.3
SPEED_MPS_MAX: Final = 2.2
SHARP_RAD: Final = math.radians(70)
"""Of lines of half an hour seven turns of 70° told who wandered from who walked better than fewer of 100°."""
ROUND: Final = 0.3
"""What is slimmer goes round nothing."""
SLIM: Final = 0.5
SLIM_M: Final = 22.0
"""A slim line is at most so wide for its length, or as wide as a street with the errors of a receiver."""
STOOD_S: Final = 200
"""So long between two points of the line, and she did not walk there: the slowest walk is one in a minute and a half,
and a fix or two may be missing."""
AGAIN_SHARE: Final = 0.5
"""Who paces has turned when she is back by this share of the length of her way."""

Points = Sequence[tuple[int, int, int]]


class Shape(Struct, frozen=True, gc=False):
    """The line of the last half hour. `extent_m`: from end to end of its box. `width_m`: how far its points are from
    its long axis (root of the mean square), `along_m`: from its middle along it. `reversals`: how often it turns back
    along that axis where the line, or its second half, is slim, whatever is more. `turns`: how often it turns by more
    than 70°. `laps`: how often it goes round, in the last 45 minutes. `stood`: the share of its time that she stayed
    somewhere.
    """

    time_s: float
    path_m: float
    extent_m: float
    along_m: float
    width_m: float
    reversals: int
    turns: int
    laps: float
    stood: float = 0.0

    @property
    def tangle(self) -> float:
        """How many times as long as it is wide."""
        return self.path_m / max(self.extent_m, 40.0)


def shape_of(points: Points, now_s: float, window_s: float = WINDOW_S) -> Shape | None:
    """The shape of a line that ends at `now_s`; None of one that is short, wide, or was not walked."""
    begin = bisect_left(points, (now_s - window_s,))
    if len(points) - begin < POINTS_MIN or _is_wide(points, begin):
        return None
    recent = points[begin:]
    time_s = recent[-1][0] - recent[0][0]
    easts, norths = [one[1] for one in recent], [one[2] for one in recent]
    extent_m = math.hypot(max(easts) - min(easts), max(norths) - min(norths))
    if extent_m > EXTENT_M_MAX or time_s <= 0:
        return None
    path_m = _path_m(recent)
    if path_m < PATH_M_MIN or not SPEED_MPS_MIN <= path_m / time_s <= SPEED_MPS_MAX:
        return None
    along_m, width_m, projected = _axis(easts, norths)
    back = _reversals(projected) if _is_slim(along_m, width_m) else 0
    return Shape(
        time_s=time_s,
        path_m=path_m,
        extent_m=extent_m,
        along_m=along_m,
        width_m=width_m,
        reversals=max(back, _lately(points, now_s)),
        turns=_turns(recent),
        laps=_laps([one for one in points if one[0] >= now_s - LAPS_S]) if width_m >= ROUND * along_m else 0.0,
        stood=_stood_s(recent) / time_s,
    )


def long_shape_of(points: Points, now_s: float) -> Shape | None:
    """The same of the last three quarters of an hour; None where the line is no older than `shape_of` looks."""
    if not points or points[0][0] >= now_s - WINDOW_S:
        return None
    return shape_of(points, now_s, LONG_S)


def _is_slim(along_m: float, width_m: float) -> bool:
    return width_m <= max(SLIM_M, SLIM * along_m)


def _lately(points: Points, now_s: float) -> int:
    """Reversals of a slim line in the last quarter of an hour: the way that led there makes the whole one wide."""
    lately = points[bisect_left(points, (now_s - LATELY_S,)) :]
    if len(lately) < POINTS_MIN:
        return 0
    along_m, width_m, projected = _axis([one[1] for one in lately], [one[2] for one in lately])
    return _reversals(projected) if _is_slim(along_m, width_m) else 0


def _is_wide(points: Points, begin: int) -> bool:
    """Whether three points are enough to see that the line is wide: who walks somewhere is spared the rest."""
    _, east, north = points[-1]
    return any(
        math.hypot(one[1] - east, one[2] - north) > EXTENT_M_MAX
        for one in (points[begin], points[(begin + len(points)) // 2])
    )


def _stood_s(points: Points) -> int:
    return sum(after[0] - before[0] for before, after in pairwise(points) if after[0] - before[0] > STOOD_S)


def _path_m(points: Points) -> float:
    total, (_, east, north) = 0.0, points[0]
    for _, to_east, to_north in points:
        total += math.hypot(to_east - east, to_north - north)
        east, north = to_east, to_north
    return total


def _axis(easts: Sequence[int], norths: Sequence[int]) -> tuple[float, float, list[float]]:
    """Spread along the long axis and across it (root of the mean square, metres), and the points along it."""
    count = len(easts)
    east, north = sum(easts) / count, sum(norths) / count
    xx = yy = xy = 0.0
    for x, y in zip(easts, norths, strict=True):
        xx += (x - east) ** 2
        yy += (y - north) ** 2
        xy += (x - east) * (y - north)
    angle = 0.5 * math.atan2(2 * xy, xx - yy)
    cos, sin = math.cos(angle), math.sin(angle)
    half, root = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    projected = [(x - east) * cos + (y - north) * sin for x, y in zip(easts, norths, strict=True)]
    return math.sqrt((half + root) / count), math.sqrt(max(half - root, 0.0) / count), projected


def _reversals(projected: Sequence[float]) -> int:
    """How often a line turns back by a good part of its own length."""
    need = AGAIN_SHARE * (max(projected) - min(projected))
    count, direction, extreme = 0, 0, projected[0]
    for place in projected[1:]:
        if (direction >= 0 and place > extreme) or (direction <= 0 and place < extreme):
            if direction == 0 and abs(place - projected[0]) >= need:
                direction = 1 if place > projected[0] else -1
            if direction:
                extreme = place
        elif direction and abs(place - extreme) >= need:
            count, direction, extreme = count + 1, -direction, place
    return count


def _turns(points: Points) -> int:
    count = 0
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        turn = _turn(before, here, after)
        if turn is not None and abs(turn) >= SHARP_RAD:
            count += 1
    return count


def _turn(before: tuple[int, int, int], here: tuple[int, int, int], after: tuple[int, int, int]) -> float | None:
    to_east, to_north = here[1] - before[1], here[2] - before[2]
    on_east, on_north = after[1] - here[1], after[2] - here[2]
    return math.atan2(to_east * on_north - to_north * on_east, to_east * on_east + to_north * on_north)


def _laps(points: Points) -> float:
    """How often the line goes round the middle of its points, all in one direction."""
    count = len(points)
    east = sum(one[1] for one in points) / count
    north = sum(one[2] for one in points) / count
    angle = 0.0
    for before, after in pairwise(points):
        a_east, a_north = before[1] - east, before[2] - north
        b_east, b_north = after[1] - east, after[2] - north
        angle += math.atan2(a_east * b_north - a_north * b_east, a_east * b_east + a_north * b_north)
    return abs(angle) / (2 * math.pi)
