"""What the baselines have in common: which days are learnt from, where home is, which trips there were."""

import copy
import math
from collections import Counter
from datetime import date, datetime
from typing import Self

from msgspec import structs

from app.geo.measure import distance_m
from bench.detection.cells import cell_of, metres, middle_of
from bench.detection.said import ACCURACY_MAX_M, MOVEMENT, Fix, Options, Spoken

HOME_M = 150.0
SPIKE_MPS = 2.0


class Baseline:
    """Hears fixes; `look` is called with each that is not too coarse and no spike, as metres east and north of where
    home is. Whether a fix is a spike shows at the next one, at whose time it is spoken: nobody walks out and back so
    fast, and the paper's methods are for tracks that were cleaned.

    A day is learnt from when it is among the first `learn_days` that have fixes. Home is the middle of the cell in
    which most fixes of those days were.
    """

    rule = "baseline"

    def __init__(self, user: str, options: Options) -> None:
        self._user, self._options = user, options
        self._day: date | None = None
        self._days = 0
        self._cells_of_home: Counter[int] = Counter()
        self._home: tuple[float, float] | None = None
        self._standing = False
        self._kept: Fix | None = None
        self._waiting: Fix | None = None

    @property
    def learning(self) -> bool:
        """Whether the running day is one that is learnt from."""
        return self._days <= self._options.learn_days

    def take(self, fix: Fix) -> list[Spoken]:
        """What is said because of a fix."""
        if fix.accuracy_m is not None and fix.accuracy_m > ACCURACY_MAX_M:
            return []
        before, here, self._waiting = self._kept, self._waiting, fix
        if here is None or (before is not None and is_spike(before, here, fix)):
            return []
        self._kept = here
        said = self._heard(here)
        return [structs.replace(one, at=fix.at) for one in said]

    def _heard(self, fix: Fix) -> list[Spoken]:
        day = fix.at.astimezone(self._options.zone).date()
        if day != self._day:
            self._day = day
            self._days += 1
            self.day_over()
        if self.learning:
            self._cells_of_home[cell_of(fix.lat_deg, fix.lon_deg)] += 1
        if self._home is None or (self.learning and self._cells_of_home.total() % 500 == 0):
            self._home = middle_of(self._cells_of_home.most_common(1)[0][0])
        lost = self.look(fix, *metres(self._home, fix.lat_deg, fix.lon_deg))
        if not lost or self._standing or self.learning:
            self._standing = lost and not self.learning
            return []
        self._standing = True
        said = Spoken(
            user=self._user, at=fix.at, kind=MOVEMENT, rule=self.rule, level="notice", reason="", lat_deg=fix.lat_deg,
            lon_deg=fix.lon_deg,
        )  # fmt: skip
        return [said]

    def copy(self) -> Self:
        """Another in the same state."""
        return copy.deepcopy(self)

    def day_over(self) -> None:
        """A day is over; another has begun."""

    def look(self, fix: Fix, east_m: float, north_m: float) -> bool:
        """Whether she is lost, it seems."""
        raise NotImplementedError


def is_spike(before: Fix, here: Fix, after: Fix) -> bool:
    """Whether a fix is far from both of its neighbours, which are near to each other.

    >>> from bench.detection.said import at
    >>> home, far = (34.75, 134.84), (34.75, 134.85)
    >>> is_spike(Fix(at(0), *home), Fix(at(60), *far), Fix(at(120), *home))
    True
    >>> is_spike(Fix(at(0), *home), Fix(at(60), *far), Fix(at(120), *far))
    False
    """
    there_m = distance_m(before.lat_deg, before.lon_deg, here.lat_deg, here.lon_deg)
    back_m = distance_m(here.lat_deg, here.lon_deg, after.lat_deg, after.lon_deg)
    walked_s = min((here.at - before.at).total_seconds(), (after.at - here.at).total_seconds())
    if min(there_m, back_m) <= SPIKE_MPS * walked_s:
        return False
    return distance_m(before.lat_deg, before.lon_deg, after.lat_deg, after.lon_deg) < min(there_m, back_m) / 2


def minutes(later: datetime, earlier: datetime) -> float:
    """Minutes from one moment to another."""
    return (later - earlier).total_seconds() / 60


class Circle(Baseline):
    """Out of a circle around home, on two fixes in a row."""

    def __init__(self, user: str, options: Options, radius_m: float) -> None:
        super().__init__(user, options)
        self.rule = f"circle_{radius_m:g}m"
        self._radius_m = radius_m
        self._other = 0
        self._out = False

    def look(self, fix: Fix, east_m: float, north_m: float) -> bool:
        """Whether she is out of the circle; two fixes are asked for either way."""
        out = math.hypot(east_m, north_m) > self._radius_m
        self._other = self._other + 1 if out != self._out else 0
        if self._other >= 2:
            self._out, self._other = out, 0
        return self._out
