"""Sharp turns and rounds, after the theta_WD of Lin and others (2012): whether a walker, in a small area, turns sharply
again and again, or goes round. Knows nothing of habits. The paper's exact thresholds are not readable; these are ours.
"""

import math
from collections import deque
from datetime import datetime
from itertools import pairwise

from bench.detection.learning import Baseline, minutes
from bench.detection.said import Fix, Options

WITHIN_MIN = 20.0
MERGED_M = 25.0
EXTENT_M = 500.0
PATH_MIN_M = 400.0
SHARP_DEG = 90.0
SHARP_MIN = 4
ROTATION_DEG = 720.0
CALM_MIN = 10.0
"""After so long without a reason an alarm is over."""

Step = tuple[datetime, float, float]


class Turning(Baseline):
    """Counts turns of 90° or more between points that are 25 m apart or more."""

    rule = "theta_wd"

    def __init__(self, user: str, options: Options) -> None:
        super().__init__(user, options)
        self._steps: deque[Step] = deque()
        self._until: datetime | None = None

    def look(self, fix: Fix, east_m: float, north_m: float) -> bool:
        """Whether she wanders."""
        if not self._steps or math.dist((east_m, north_m), self._steps[-1][1:]) >= MERGED_M:
            self._steps.append((fix.at, east_m, north_m))
        while self._steps and minutes(fix.at, self._steps[0][0]) > WITHIN_MIN:
            self._steps.popleft()
        if len(self._steps) > SHARP_MIN and wanders([step[1:] for step in self._steps]):
            self._until = fix.at
        return self._until is not None and minutes(fix.at, self._until) < CALM_MIN


def wanders(spots: list[tuple[float, float]]) -> bool:
    """Whether a way, merged, in metres, turns sharply four times or goes round twice in a small area.

    >>> back_and_forth = [(0.0, 0.0), (80.0, 0.0)] * 4
    >>> wanders(back_and_forth), wanders([(100.0 * n, 0.0) for n in range(5)])
    (True, False)
    """
    east, north = [spot[0] for spot in spots], [spot[1] for spot in spots]
    if math.hypot(max(east) - min(east), max(north) - min(north)) > EXTENT_M:
        return False
    sharp = 0
    path_m = rotation_deg = 0.0
    before: float | None = None
    for (a_east, a_north), (b_east, b_north) in pairwise(spots):
        path_m += math.hypot(b_east - a_east, b_north - a_north)
        heading_deg = math.degrees(math.atan2(b_east - a_east, b_north - a_north))
        if before is not None:
            turn_deg = (heading_deg - before + 180) % 360 - 180
            sharp += abs(turn_deg) >= SHARP_DEG
            if abs(turn_deg) < 170:  # Straight back is neither to the left nor to the right.
                rotation_deg += turn_deg
        before = heading_deg
    return path_m >= PATH_MIN_M and (sharp >= SHARP_MIN or abs(rotation_deg) >= ROTATION_DEG)
