"""Ways in which somebody goes astray, each with the moment at which it begins. An episode starts on her own way, in a
place where she was on three days or more, at an hour when she goes out, and lasts an hour.

Shapes and figures: pacing, lapping and random walking after Martino-Saltzman; going straight on, beyond one's range and
not turning round as in cases of missing people.
"""

import math
from collections.abc import Callable, Sequence
from random import Random

from msgspec import Struct

from bench.detection.days import DAY_S, Life, Outing
from bench.detection.habits import HABITUAL_DAYS, Habits
from bench.detection.lines import Cursor, Line, Point
from bench.detection.people import Person
from bench.detection.seeds import chance
from bench.detection.streets import Spot

LENGTH_S = 3_600.0
LEAD_S = 2_400.0
"""So long before she leaves home the track begins."""
BORDER = 1.1
"""Beyond this many times her range is beyond it."""
BUS_MPS = (8.0, 10.0)
SILENT_S = 10_800.0
"""After so long a tracker that fell silent says where it is."""
LEG_S = 60.0
DRIFT = 0.25
"""How much the heading of somebody who walks away changes each minute, radians."""


class Episode(Struct, frozen=True, kw_only=True):
    """One time that somebody goes astray. Seconds since the first midnight.

    `silent` is when the tracker is not heard; `border_s` when she crosses the border of her range, in the kinds that
    are about it.
    """

    kind: str
    user: str
    rep: int
    points: list[Point]
    onset_s: float
    end_s: float
    silent: tuple[float, float] | None = None
    border_s: float | None = None

    @property
    def leaves_s(self) -> float:
        """When she leaves home."""
        return self.points[1][0]


class Start(Struct, frozen=True):
    """A way from home to where an episode begins, and the direction in which she came there, radians from north."""

    line: Line
    heading: float


def episode(kind: str, person: Person, life: Life, habits: Habits, rep: int, day: int) -> Episode | None:
    """One of `KINDS` on a day, or None where her habits have no place for it: with so few outings learnt, or a border
    farther than an hour.
    """
    rng = chance("episode", person.user, kind, rep)
    return KINDS[kind](_Making(person, life, habits, rng, kind, rep, day))


class _Making:
    """What an episode is made from."""

    def __init__(self, person: Person, life: Life, habits: Habits, rng: Random, kind: str, rep: int, day: int) -> None:
        self.person, self.life, self.habits, self.rng = person, life, habits, rng
        self._kind, self._rep, self._day = kind, rep, day
        self._outings = [
            one
            for one in life.outings
            if life.hours(one)[1] < day * DAY_S and not one.new and not one.rides and one.arrived > one.first + 3
        ]

    def start(self, choose: Callable[[Sequence[Point], Random], int | None]) -> Start | None:
        """A usual way at a usual hour, as far as the point of it that `choose` names; it is asked for several."""
        if not self._outings:
            return None
        for _ in range(40):
            outing = self.rng.choice(self._outings)
            way = self.life.points[outing.first : outing.arrived + 1]
            index = choose(way, self.rng)
            if index is not None and self.habits.days(way[index][1:]) >= HABITUAL_DAYS:
                leaves_s = self._day * DAY_S + way[0][0] % DAY_S + self.rng.uniform(-600, 600)
                return self._shifted(way[: index + 1], leaves_s)
        return None

    def from_home(self, hours: tuple[float, float]) -> tuple[Start, Outing] | None:
        """A whole usual way there and back, at an hour of the night."""
        outings = [one for one in self._outings if self._is_habitual(one)]
        if not outings:
            return None
        outing = self.rng.choice(outings)
        leaves_s = self._day * DAY_S + self.rng.uniform(*hours) * 3_600
        return self._shifted(self.life.points[outing.first : outing.last + 1], leaves_s), outing

    def made(
        self, line: Line, onset_s: float, silent: tuple[float, float] | None = None, border_s: float | None = None,
        end_s: float | None = None,
    ) -> Episode:  # fmt: skip
        """The episode."""
        return Episode(
            kind=self._kind, user=self.person.user, rep=self._rep, points=line.points, onset_s=onset_s,
            end_s=onset_s + LENGTH_S if end_s is None else end_s, silent=silent, border_s=border_s,
        )  # fmt: skip

    def least_habit(self, spot: Spot, low: float = 0.0, high: float = 2 * math.pi) -> float:
        """The direction in which she goes least."""
        angles = [low + (high - low) * n / 24 for n in range(25)]
        return min(angles, key=lambda angle: (self.habits.along(spot, angle), self.rng.random()))

    def away(self, line: Line, heading: float, until_s: float, mps: float, *, halts: bool) -> None:
        """Walks on and on, never quite straight."""
        rng = self.rng
        halt_s = rng.uniform(line.at_s, until_s) if halts else math.inf
        while line.at_s < until_s:
            if line.at_s >= halt_s:
                line.wait(rng.uniform(300, 900))
                halt_s = math.inf
            east, north = line.spot
            length_m = mps * LEG_S
            line.go((east + length_m * math.sin(heading), north + length_m * math.cos(heading)), mps)
            heading += rng.gauss(0.0, DRIFT)

    def from_home_m(self, spot: Spot) -> float:
        """How far from her door."""
        return math.hypot(spot[0] - self.person.door[0], spot[1] - self.person.door[1])

    def _is_habitual(self, outing: Outing) -> bool:
        way = self.life.points[outing.first : outing.arrived + 1]
        days = [self.habits.days(point[1:]) for point in way]
        return sum(one >= HABITUAL_DAYS for one in days) >= 0.8 * len(days)

    def _shifted(self, way: Sequence[Point], leaves_s: float) -> Start:
        begins_s = max(leaves_s - LEAD_S, self._day * DAY_S)
        line = Line(begins_s, way[0][1:])
        shift_s = leaves_s - way[0][0]
        line.wait(leaves_s - begins_s)
        line.points.extend((at_s + shift_s, east, north) for at_s, east, north in way[1:])
        before, last = line.points[-2], line.points[-1]
        return Start(line, math.atan2(last[1] - before[1], last[2] - before[2]))


def _midway(way: Sequence[Point], rng: Random) -> int | None:
    return rng.randint(len(way) // 4, max(len(way) // 4, 3 * len(way) // 4)) or None


def _pacing(making: _Making) -> Episode | None:
    start, rng = making.start(_midway), making.rng
    if start is None:
        return None
    line, onset_s = start.line, start.line.at_s
    length_m, mps, angle = rng.uniform(40, 160), rng.uniform(0.5, 1.2), rng.uniform(0, 2 * math.pi)
    east, north = line.spot
    ends = [(east + length_m * math.sin(angle), north + length_m * math.cos(angle)), (east, north)]
    turn = 0
    while line.at_s < onset_s + LENGTH_S:
        spot = ends[turn % 2]
        line.go((spot[0] + rng.gauss(0, 4), spot[1] + rng.gauss(0, 4)), mps)
        turn += 1
    return making.made(line, onset_s)


def _lapping(making: _Making) -> Episode | None:
    start, rng = making.start(_midway), making.rng
    if start is None:
        return None
    line, onset_s = start.line, start.line.at_s
    radius_m, mps, angle = rng.uniform(40, 200), rng.uniform(0.7, 1.2), rng.uniform(0, 2 * math.pi)
    corners = rng.choice((4, 16))
    way_round = rng.choice((-1, 1))
    east, north = line.spot
    east, north = east - radius_m * math.sin(angle), north - radius_m * math.cos(angle)
    least_s = 3 * 2 * math.pi * radius_m / mps
    while line.at_s < onset_s + max(LENGTH_S, least_s):
        angle += way_round * 2 * math.pi / corners
        line.go((east + radius_m * math.sin(angle), north + radius_m * math.cos(angle)), mps)
    return making.made(line, onset_s)


def _random(making: _Making) -> Episode | None:
    start, rng = making.start(_midway), making.rng
    if start is None:
        return None
    line, onset_s, middle = start.line, start.line.at_s, start.line.spot
    mps = rng.uniform(0.4, 1.1)
    while line.at_s < onset_s + LENGTH_S:
        angle, length_m = rng.uniform(0, 2 * math.pi), rng.uniform(30, 120)
        spot = line.spot[0] + length_m * math.sin(angle), line.spot[1] + length_m * math.cos(angle)
        if math.hypot(spot[0] - middle[0], spot[1] - middle[1]) <= 350:
            line.go(spot, mps)
    return making.made(line, onset_s)


def _away(making: _Making) -> Episode | None:
    start, rng = making.start(_midway), making.rng
    if start is None:
        return None
    line, onset_s = start.line, start.line.at_s
    heading, mps, halts = making.least_habit(line.spot), rng.uniform(0.7, 1.2), rng.random() < 0.25
    making.away(line, heading, onset_s + LENGTH_S, mps, halts=halts)
    return making.made(line, onset_s)


def _away_streets(making: _Making) -> Episode | None:
    """The same by the streets there are, from corner to corner, without turning round."""
    start, rng = making.start(_midway), making.rng
    if start is None:
        return None
    line, onset_s, streets = start.line, start.line.at_s, making.person.streets
    heading, mps, halts = making.least_habit(line.spot), rng.uniform(0.7, 1.2), rng.random() < 0.25
    halt_s = rng.uniform(onset_s, onset_s + LENGTH_S) if halts else math.inf
    before, here = None, streets.corner(line.spot)
    while line.at_s < onset_s + LENGTH_S:
        if line.at_s >= halt_s:
            line.wait(rng.uniform(300, 900))
            halt_s = math.inf
        line.go(streets.spot(here), mps)
        ways = [one for one, *_ in streets.around(here) if one != before] or [before or here]
        before, here = here, min(ways, key=lambda one: _off(streets.spot(here), streets.spot(one), heading))
        heading += rng.gauss(0.0, DRIFT)
    return making.made(line, onset_s)


def _missed_turn(making: _Making) -> Episode | None:
    """Straight on where she always turns."""

    def turning(way: Sequence[Point], rng: Random) -> int | None:
        turns = [n for n in range(2, len(way) - 1) if _turns(way[n - 1], way[n], way[n + 1])]
        turns.sort(key=lambda n: making.habits.along(way[n][1:], _heading(way[n - 1], way[n]), 700.0))
        return rng.choice(turns[:2]) if turns else None

    start, rng = making.start(turning), making.rng
    if start is None:
        return None
    line, onset_s = start.line, start.line.at_s
    mps = making.person.walks_mps
    east, north = line.spot
    line.go((east + 150 * math.sin(start.heading), north + 150 * math.cos(start.heading)), mps)
    making.away(line, start.heading, onset_s + LENGTH_S, mps, halts=rng.random() < 0.25)
    return making.made(line, onset_s)


def _night(making: _Making) -> Episode | None:
    found = making.from_home((0.7, 4.0))
    if found is None:
        return None
    line = found[0].line
    onset_s = line.points[1][0]
    line.wait(onset_s + LENGTH_S - line.at_s)
    return making.made(line, onset_s)


def _range_foot(making: _Making) -> Episode | None:
    """On foot from the far end of where she goes, on, beyond the border."""

    def far(way: Sequence[Point], rng: Random) -> int | None:
        return max(range(len(way)), key=lambda n: making.from_home_m(way[n][1:])) or None

    best: Start | None = None
    for _ in range(6):
        start = making.start(far)
        if start is not None and (best is None or _far(making, start) > _far(making, best)):
            best = start
    if best is None:
        return None
    line, onset_s, rng = best.line, best.line.at_s, making.rng
    east, north = line.spot[0] - making.person.door[0], line.spot[1] - making.person.door[1]
    outward = math.atan2(east, north)
    heading = making.least_habit(line.spot, outward - 0.7, outward + 0.7)
    making.away(line, heading, onset_s + LENGTH_S, rng.uniform(0.9, 1.2), halts=False)
    border_s = _border_s(making, line, onset_s)
    if border_s is None or border_s > onset_s + LENGTH_S - 600:
        return None
    return making.made(line, onset_s, border_s=border_s)


def _range_vehicle(making: _Making) -> Episode | None:
    """Onto a bus, beyond the border, and on foot from where it stops."""
    start, rng = making.start(_midway), making.rng
    if start is None:
        return None
    line, onset_s = start.line, start.line.at_s
    heading, mps = making.least_habit(line.spot), rng.uniform(*BUS_MPS)
    until_m = BORDER * making.habits.range_m + rng.uniform(1_000, 5_000)
    while making.from_home_m(line.spot) < until_m and line.at_s < onset_s + LENGTH_S:
        making.away(line, heading, line.at_s + LEG_S, mps, halts=False)
        heading += rng.gauss(0.0, 0.1)
        if rng.random() < 0.5:
            line.wait(rng.uniform(15, 45))
    making.away(line, heading, onset_s + LENGTH_S, making.person.walks_mps, halts=False)
    border_s = _border_s(making, line, onset_s)
    return None if border_s is None else making.made(line, onset_s, border_s=border_s)


def _stuck(making: _Making) -> Episode | None:
    start, rng = making.start(_midway), making.rng
    if start is None:
        return None
    line, onset_s = start.line, start.line.at_s
    until_s = onset_s + rng.uniform(600, 2_400)
    making.away(line, making.least_habit(line.spot), until_s, rng.uniform(0.7, 1.2), halts=False)
    line.wait(LENGTH_S)
    return making.made(line, onset_s, end_s=line.at_s)


def _no_signal(making: _Making) -> Episode | None:
    start, rng = making.start(_midway), making.rng
    if start is None:
        return None
    line, onset_s = start.line, start.line.at_s
    silent_s = onset_s + rng.uniform(300, 1_200)
    making.away(line, making.least_habit(line.spot), onset_s + LENGTH_S, rng.uniform(0.7, 1.2), halts=False)
    heard_s = silent_s + SILENT_S
    line.wait(heard_s + 120 - line.at_s)
    return making.made(line, onset_s, silent=(silent_s, heard_s), end_s=line.at_s)


def _border_s(making: _Making, line: Line, from_s: float) -> float | None:
    """When she crosses the border of her range for the first time after a moment."""
    cursor, now_s = Cursor(line.points), from_s
    while now_s < line.at_s:
        if making.from_home_m(cursor.at(now_s)) > BORDER * making.habits.range_m:
            return now_s
        now_s += 10.0
    return None


def _far(making: _Making, start: Start) -> float:
    return making.from_home_m(start.line.spot)


def _heading(a: Point, b: Point) -> float:
    return math.atan2(b[1] - a[1], b[2] - a[2])


def _off(here: Spot, there: Spot, heading: float) -> float:
    """How far a street is off a direction."""
    angle = math.atan2(there[0] - here[0], there[1] - here[1])
    return abs(math.remainder(angle - heading, 2 * math.pi))


def _turns(before: Point, here: Point, after: Point) -> bool:
    """Whether a way turns at a point by 50° or more."""
    if before[1:] == here[1:] or here[1:] == after[1:]:
        return False
    turn = _heading(here, after) - _heading(before, here)
    return abs(math.remainder(turn, 2 * math.pi)) > math.radians(50)


KINDS: dict[str, Callable[[_Making], Episode | None]] = {
    "pacing": _pacing,
    "lapping": _lapping,
    "random": _random,
    "away": _away,
    "away_streets": _away_streets,
    "missed_turn": _missed_turn,
    "night": _night,
    "range_foot": _range_foot,
    "range_vehicle": _range_vehicle,
    "stuck": _stuck,
    "no_signal": _no_signal,
}
"""Every kind, and how one is made."""
