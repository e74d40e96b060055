"""What a synthetic person truly does every day, without any error of a receiver: for placing episodes, and for saying
how regular she is. Detectors know nothing of this.
"""

import math
from collections import defaultdict

from bench.detection.cells import cell_of, degrees
from bench.detection.days import DAY_S, Life
from bench.detection.lines import Cursor
from bench.detection.people import Person
from bench.detection.streets import Spot

HABITUAL_DAYS = 3
OUT_M = 150.0
STEP_S = 60.0


class Habits:
    """The cells in which somebody was while she was watched, on how many days each, and how far she goes."""

    def __init__(self, person: Person, life: Life, days: int) -> None:
        self._origin = person.lat_deg, person.lon_deg
        cells: defaultdict[int, set[int]] = defaultdict(set)
        far: list[float] = []
        cursor = Cursor(life.points)
        for outing in life.outings:
            start_s, end_s = life.hours(outing)
            if start_s >= days * DAY_S:
                break
            now_s = start_s
            while now_s < end_s:
                spot = cursor.at(now_s)
                cells[self.cell(spot)].add(int(now_s // DAY_S))
                far_m = math.hypot(spot[0] - person.door[0], spot[1] - person.door[1])
                if far_m > OUT_M:
                    far.append(far_m)
                now_s += STEP_S
        self._days = {cell: len(found) for cell, found in cells.items()}
        far.sort()
        self.range_m = far[int(0.99 * (len(far) - 1))] if far else 0.0
        """Of the minutes that she is out, 99 of 100 are nearer to home."""

    def cell(self, spot: Spot) -> int:
        """The cell of a place."""
        return cell_of(*degrees(self._origin, spot))

    def days(self, spot: Spot) -> int:
        """On how many days she was in the cell of a place."""
        return self._days.get(self.cell(spot), 0)

    def along(self, spot: Spot, angle: float, until_m: float = 1_500.0) -> float:
        """How much habit there is in a direction: days of the cells there, near ones counted more."""
        total, far_m = 0.0, 120.0
        while far_m <= until_m:
            there = spot[0] + far_m * math.sin(angle), spot[1] + far_m * math.cos(angle)
            total += self.days(there) / far_m
            far_m += 60.0
        return total


def predictability(person: Person, life: Life, first_day: int, days: int) -> tuple[float, float]:
    """Shares of minutes, of all and of those she is out, in cells where she was on two earlier days or more."""
    habits = Habits(person, life, 0)
    seen: defaultdict[int, set[int]] = defaultdict(set)
    out = known = 0
    cursor = Cursor(life.points)
    for outing in life.outings:
        now_s, end_s = life.hours(outing)
        while now_s < min(end_s, days * DAY_S):
            day, cell = int(now_s // DAY_S), habits.cell(cursor.at(now_s))
            if day >= first_day:
                out += 1
                known += len(seen[cell] - {day}) >= 2
            seen[cell].add(day)
            now_s += STEP_S
    minutes = (days - first_day) * DAY_S / STEP_S
    return 1 - (out - known) / minutes, known / max(out, 1)
