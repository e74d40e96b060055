"""What a tracker reports of where somebody truly is: errors that last, outliers, jumps, gaps, stated accuracies."""

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from random import Random

from msgspec import Struct

from bench.detection.cells import degrees
from bench.detection.lines import Cursor, Line, Point
from bench.detection.people import Person
from bench.detection.said import Fix, at
from bench.detection.streets import Spot

SIGMA_M, RHO, RHO_S = 8.0, 0.7, 60.0
"""An error that lasts: its size, and how much of it is left after so many seconds."""
OUTLIERS, OUTLIER_M = 0.02, 90.0
JUMP_M, JUMP_SIGMA = 2_500.0, 0.7
JUMPS, HONEST = 0.01, 0.8
"""Share of fixes that are elsewhere altogether, and share of those whose stated accuracy says so; the others look as
good as any."""
HOME_JUMPS, HOME_HONEST, HOME_OUTLIERS = 0.0006, 0.4, 0.0006
"""At home. With drifts, 0.07 exits a night from a circle of 100 m, 0.035 from 200 m and 0.02 from 500 m at a fix each
15 minutes, and of two fixes 0.006, 0.002 and none: 1,820 nights of students with phones had 0.053, 0.040 and 0.018, and
0.008, 0.002 and none."""
JUMP_AGAIN = 0.1
"""How likely a jump lasts a minute more."""
ACCURACIES = ((0.0, 12.0), (0.05, 20.0), (0.5, 31.0), (0.9, 65.0), (0.95, 92.0), (0.99, 2_488.0), (1.0, 4_000.0))
"""Quantiles of accuracies that phones state, metres."""
DRIFT_EVERY_S, DRIFT_S, DRIFT_M, DRIFT_SIGMA = 86_400.0, 600.0, 55.0, 0.9
"""Indoors a receiver sees walls: spells in which the place drifts off and comes back."""
GAP_EVERY_S, GAP_S, GAP_SIGMA = 86_400.0, 600.0, 0.9
HOME_M = 30.0
OFF_AFTER_S, ON_BEFORE_S = 120.0, 60.0
LEFT_AT_HOME, OFF_ELSEWHERE, STAYS_S, LATE_S = 0.2, 0.5, 1_200.0, 240.0
"""Of casual wearers of a logger: shares of outings and of stays without it, and how late it finds itself."""


class Spell(Struct, frozen=True):
    """A drift or a gap: from, until, and by how much the place is off at its height, which it comes to little by little
    or `at_once`.
    """

    from_s: float
    until_s: float
    off: Spot = (0.0, 0.0)
    at_once: bool = False


def report(
    person: Person,
    points: Sequence[Point],
    rng: Random,
    step_s: float,
    from_s: float,
    until_s: float,
    offs: Sequence[Spell] = (),
    asked_s: Callable[[datetime], float | None] = lambda _now: None,
) -> Iterator[Fix]:
    """The fixes of a tracker that sends every so many seconds and is off in some spells, which are in order. It knows
    at any moment how often it is asked to send, None for as it likes, and does so from then on.
    """
    cursor = Cursor(points)
    offs = list(reversed(offs))
    noise = _Noise(rng, from_s, until_s)
    origin = person.lat_deg, person.lon_deg
    now_s, time_s = from_s + rng.uniform(0, step_s), step_s
    while now_s < until_s:
        east, north = cursor.at(now_s)
        if noise.heard(now_s) and _during(offs, now_s) is None:
            error_east, error_north, accuracy_m = noise.error(now_s, time_s, at_home=_near(person, (east, north)))
            lat_deg, lon_deg = degrees(origin, (east + error_east, north + error_north))
            yield Fix(at(math.floor(now_s)), round(lat_deg, 6), round(lon_deg, 6), accuracy_m)
        wanted_s = asked_s(at(now_s))
        time_s = step_s if wanted_s is None else min(step_s, wanted_s)
        now_s += time_s


def at_home(person: Person, from_s: float, until_s: float) -> list[Point]:
    """Somebody who stays at home."""
    line = Line(from_s, person.door)
    line.wait(until_s - from_s)
    return line.points


def indoors(person: Person, points: Sequence[Point], rng: Random) -> list[Spell]:
    """When a logger is off that is for outdoors: at home, but for the last minute before she goes and the first two
    after she is back. Those who go about as they like also switch it off elsewhere when they stay, and leave it at
    home sometimes, as in public collections of tracks.
    """
    found: list[Spell] = []
    casual = person.population == "irregular"
    left = False
    for before, after in pairwise(points):
        home = before[1:] == after[1:] == person.door
        if home:
            left = casual and rng.random() < LEFT_AT_HOME
        stays_s = after[0] - before[0]
        elsewhere = casual and before[1:] == after[1:] and stays_s > STAYS_S and rng.random() < OFF_ELSEWHERE
        if left or ((home or elsewhere) and stays_s > OFF_AFTER_S + ON_BEFORE_S):
            start_s = before[0] + (OFF_AFTER_S if found else 0.0)
            late_s = rng.expovariate(1 / LATE_S) if casual else 0.0
            end_s = after[0] if left else min(after[0] - ON_BEFORE_S + late_s, after[0] + 1_800)
            found.append(Spell(max(start_s, found[-1].until_s) if found else start_s, end_s))
    return found


class _Noise:
    """The errors of one tracker, asked for in order of time."""

    def __init__(self, rng: Random, from_s: float, until_s: float) -> None:
        self._rng = rng
        self._east, self._north = rng.gauss(0, SIGMA_M), rng.gauss(0, SIGMA_M)
        self._drifts = _spells(rng, from_s, until_s, DRIFT_EVERY_S, _drift)
        self._gaps = _spells(rng, from_s, until_s, GAP_EVERY_S, _gap)
        self._jump: tuple[float, float, float] | None = None

    def heard(self, now_s: float) -> bool:
        """Whether the tracker is heard at all."""
        return _during(self._gaps, now_s) is None

    def error(self, now_s: float, time_s: float, *, at_home: bool) -> tuple[float, float, float]:
        """Metres that a fix is off to the east and to the north so long after the last one, and its stated accuracy."""
        rng = self._rng
        rho = RHO ** (time_s / RHO_S)
        fresh_m = math.sqrt(1 - rho * rho) * SIGMA_M
        self._east = rho * self._east + fresh_m * rng.gauss(0.0, 1.0)
        self._north = rho * self._north + fresh_m * rng.gauss(0.0, 1.0)
        east, north = self._east, self._north
        if self._jump is not None:
            jump, self._jump = self._jump, None
            return jump
        chance = rng.random()
        jumps = HOME_JUMPS if at_home else JUMPS
        if chance < jumps:
            return self._jumped(HOME_HONEST if at_home else HONEST, time_s)
        if chance < jumps + (HOME_OUTLIERS if at_home else OUTLIERS):
            east += rng.gauss(0.0, OUTLIER_M)
            north += rng.gauss(0.0, OUTLIER_M)
        spell = _during(self._drifts, now_s) if at_home else None
        if spell is not None:
            share = (
                1.0 if spell.at_once else math.sin(math.pi * (now_s - spell.from_s) / (spell.until_s - spell.from_s))
            )
            east, north = east + share * spell.off[0], north + share * spell.off[1]
        return east, north, stated_m(rng.random())

    def _jumped(self, honest: float, time_s: float) -> tuple[float, float, float]:
        rng = self._rng
        far_m, angle = rng.lognormvariate(math.log(JUMP_M), JUMP_SIGMA), rng.uniform(0, 2 * math.pi)
        accuracy_m = stated_m(rng.uniform(0.985, 1.0) if rng.random() < honest else rng.random())
        jump = (far_m * math.sin(angle), far_m * math.cos(angle), accuracy_m)
        if rng.random() < JUMP_AGAIN ** (time_s / 60.0):
            self._jump = jump
        return jump


def stated_m(share: float) -> float:
    """The stated accuracy at a quantile, metres; logarithms are joined by straight lines.

    >>> stated_m(0.5), stated_m(0.99)
    (31.0, 2488.0)
    """
    for (low, low_m), (high, high_m) in pairwise(ACCURACIES):
        if share <= high:
            part = (share - low) / (high - low)
            return round(math.exp(math.log(low_m) + part * (math.log(high_m) - math.log(low_m))), 1)
    return ACCURACIES[-1][1]


def _spells(
    rng: Random, from_s: float, until_s: float, every_s: float, make: Callable[[Random, float], Spell]
) -> list[Spell]:
    found = []
    now_s = from_s + rng.expovariate(1 / every_s)
    while now_s < until_s:
        spell = make(rng, now_s)
        found.append(spell)
        now_s = spell.until_s + rng.expovariate(1 / every_s)
    found.reverse()
    return found


def _drift(rng: Random, now_s: float) -> Spell:
    far_m, angle = rng.lognormvariate(math.log(DRIFT_M), DRIFT_SIGMA), rng.uniform(0, 2 * math.pi)
    until_s = now_s + 60.0 + rng.expovariate(1 / DRIFT_S)
    return Spell(now_s, until_s, (far_m * math.sin(angle), far_m * math.cos(angle)), rng.random() < 0.5)


def _gap(rng: Random, now_s: float) -> Spell:
    return Spell(now_s, now_s + rng.lognormvariate(math.log(GAP_S), GAP_SIGMA))


def _during(spells: list[Spell], now_s: float) -> Spell | None:
    """The spell that holds a moment; `spells` are in reverse order and lose those that are over."""
    while spells and spells[-1].until_s <= now_s:
        spells.pop()
    return spells[-1] if spells and spells[-1].from_s <= now_s else None


def _near(person: Person, spot: Spot) -> bool:
    return abs(spot[0] - person.door[0]) < HOME_M and abs(spot[1] - person.door[1]) < HOME_M
