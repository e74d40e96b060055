"""The days of a synthetic person, one after the other, as one line in time."""

import math
from random import Random

from msgspec import Struct

from bench.detection.lines import Line, Point
from bench.detection.people import Person, Place, reached
from bench.detection.seeds import chance
from bench.detection.streets import Corner, Spot

DAY_S = 86_400.0
DAYS = 60
LATEST = {"regular": 17.5 / 24, "irregular": 22.5 / 24}
"""Nobody goes out after this hour; what is left of the day is let be."""


class Outing(Struct, frozen=True, kw_only=True):
    """One time that somebody was out. `first`, `arrived` and `last` are points of the line: at the door, at the first
    place, back at the door.
    """

    first: int
    arrived: int
    last: int
    rides: bool
    new: bool
    accompanied: bool


class Life(Struct, frozen=True):
    """Where somebody was, and her outings in order."""

    points: list[Point]
    outings: list[Outing]

    def hours(self, outing: Outing) -> tuple[float, float]:
        """When an outing began and ended, seconds since the first midnight."""
        return self.points[outing.first][0], self.points[outing.last][0]


def live(person: Person, days: int = DAYS) -> Life:
    """All days from the first midnight on."""
    rng = chance("life", person.user)
    line = Line(0.0, person.door)
    outings: list[Outing] = []
    for day in range(days):
        for start_s in sorted(_departures(person, rng, day)):
            start_s = max(start_s, line.at_s + rng.uniform(900, 3_600))
            if start_s > (day + LATEST[person.population]) * DAY_S:
                continue
            line.wait(start_s - line.at_s)
            outings.append(_Out(person, line, rng).whole())
        if rng.random() < person.away and line.at_s < (day + 0.9) * DAY_S:
            line.wait(max((day + rng.uniform(0.75, 0.9)) * DAY_S - line.at_s, 0.0))
            outings.append(_Out(person, line, rng).night())
    line.wait(days * DAY_S - line.at_s)
    return Life(line.points, outings)


def _departures(person: Person, rng: Random, day: int) -> list[float]:
    """When she goes out on a day: mornings and afternoons, seconds since the first midnight."""
    found = []
    for _ in range(_poisson(person.outings, rng)):
        turn = rng.random()
        if turn < person.evening:
            hour = rng.uniform(17.5, 22.0)
        elif person.population == "irregular":
            hour = rng.uniform(7.5, 17.0)
        elif turn < 0.5:
            hour = rng.gauss(10.4, 0.7)
        elif turn < 0.95:
            hour = rng.gauss(14.4, 0.7)
        else:
            hour = rng.uniform(8.0, 17.0)
        found.append(day * DAY_S + max(6.0, hour) * 3_600)
    return found


class _Out:
    """An outing that is being made."""

    def __init__(self, person: Person, line: Line, rng: Random) -> None:
        self._person, self._line, self._rng = person, line, rng
        self._streets = person.streets
        self._first = len(line.points) - 1
        self._accompanied = rng.random() < person.accompanied
        self._here = person.home
        self._rides = self._new = False
        self._mps = person.walks_mps * rng.uniform(0.92, 1.08)
        usual = rng.random() >= person.detours
        self._sigma = person.daily_sigma if usual else 0.45

    def whole(self) -> Outing:
        """Somewhere and back."""
        person, rng = self._person, self._rng
        turn = rng.random()
        if turn < person.new:
            arrived = self._errand()
        elif turn < person.new + person.strolling:
            arrived = self._stroll()
        else:
            arrived = self._visit(rng.choices(person.places, person.weights)[0])
            if rng.random() < 0.25:
                self._visit(rng.choices(person.places, person.weights)[0])
        if person.evening and self._line.at_s % DAY_S > 18 * 3_600 and rng.random() < 0.5:
            self._line.potter(rng.uniform(1.0, 5.0) * 3_600, 8.0, rng)
        return self._back(arrived)

    def night(self) -> Outing:
        """A night at a friend's."""
        place = self._person.places[-1]
        arrived = self._to(place.corner, place.door, rides=place.rides)
        self._line.wait(self._rng.uniform(9.0, 15.0) * 3_600)
        return self._back(arrived)

    def _back(self, arrived: int) -> Outing:
        self._to(self._person.home, self._person.door, rides=self._rides and self._is_far())
        return Outing(
            first=self._first, arrived=arrived, last=len(self._line.points) - 1, rides=self._rides, new=self._new,
            accompanied=self._accompanied,
        )  # fmt: skip

    def _visit(self, place: Place) -> int:
        rng = self._rng
        arrived = self._to(place.corner, place.door, rides=place.rides)
        if place.laps_m:
            self._laps(place)
        stay_min = place.stay_min * rng.lognormvariate(0.0, 0.35)
        self._line.potter(stay_min * 60, place.roam_m, rng)
        return arrived

    def _laps(self, place: Place) -> None:
        """Rounds in a park, as every time."""
        rng, (east, north) = self._rng, place.door
        for step in range(rng.randint(3, 6) * 12):
            angle = math.pi * step / 6
            spot = east + place.laps_m * (1 - math.cos(angle)), north + place.laps_m * math.sin(angle)
            self._line.go(spot, self._mps * rng.uniform(0.9, 1.1))

    def _stroll(self) -> int:
        arrived = 0
        for number, corner in enumerate(self._rng.choice(self._person.strolls)):
            at = self._to(corner, self._streets.spot(corner), rides=False)
            arrived = arrived if number else at
        return arrived

    def _errand(self) -> int:
        """To where she has not been."""
        person, rng = self._person, self._rng
        self._new = True
        if rng.random() >= person.new_rides:
            corner = reached(self._streets, person.home, rng, 250, 1_100)
            arrived = self._to(corner, self._beside(corner), rides=False)
            self._line.potter(rng.lognormvariate(math.log(1_500), 0.5), 10.0, rng)
            return arrived
        far = rng.random() < person.far_new
        corner = reached(self._streets, person.home, rng, 2_000, 8_000 if far else 5_000)
        arrived = self._to(corner, self._beside(corner), rides=True)
        if far:
            self._explore(rng.uniform(30.0, 100.0) * 60)
        else:
            self._line.potter(rng.lognormvariate(math.log(2_700), 0.5), 20.0, rng)
        return arrived

    def _explore(self, seconds: float) -> None:
        """On foot from corner to corner of a quarter, with stops, back to where the ride began."""
        until_s, start = self._line.at_s + seconds, self._here
        while self._line.at_s < until_s:
            corner = (self._here[0] + self._rng.randint(-5, 5), self._here[1] + self._rng.randint(-5, 5))
            if corner != self._here and self._streets.way(self._here, corner, 0.0, self._rng):
                self._to(corner, self._streets.spot(corner), rides=False)
                if self._rng.random() < 0.4:
                    self._line.potter(self._rng.uniform(300, 2_400), 12.0, self._rng)
        self._to(start, self._streets.spot(start), rides=False)

    def _to(self, corner: Corner, door: Spot, *, rides: bool) -> int:
        """Goes there, by the streets, and says which point of the line is the arrival."""
        if rides and corner != self._here:
            self._rides = True
            self._ride(corner)
        elif corner != self._here:
            self._walk(corner)
        self._line.go(door, self._mps)
        return len(self._line.points) - 1

    def _walk(self, corner: Corner) -> None:
        way = self._streets.way(self._here, corner, self._sigma, self._rng)
        self._line.walk([self._streets.spot(one) for one in way], self._mps, self._rng)
        self._here = corner

    def _ride(self, corner: Corner) -> None:
        """By car or bicycle from door to door, else by bus from a larger road to a larger road."""
        car = self._person.has_car or self._person.rides_mps < 6
        stops = (self._here, corner) if car else (self._streets.road_near(self._here), self._streets.road_near(corner))
        if stops[0] != self._here:
            self._walk(stops[0])
            self._line.wait(self._rng.uniform(60, 480))
        way = self._streets.way(stops[0], stops[1], 0.0, self._rng, drives=True)
        self._line.ride([self._streets.spot(one) for one in way], self._person.rides_mps, self._rng)
        self._here = stops[1]
        if self._here != corner:
            self._walk(corner)

    def _is_far(self) -> bool:
        here, home = self._streets.spot(self._here), self._streets.spot(self._person.home)
        return math.hypot(here[0] - home[0], here[1] - home[1]) > 1_600

    def _beside(self, corner: Corner) -> Spot:
        east, north = self._streets.spot(corner)
        return east + self._rng.uniform(-25, 25), north + self._rng.uniform(-25, 25)


def _poisson(mean: float, rng: Random) -> int:
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count
