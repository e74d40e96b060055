"""A town on a flat sheet: somebody's home in the middle of it, places so many metres east and north, days and walks."""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

from app.geo.measure import M_PER_DEG
from app.watch.movement.habits import Habits
from app.watch.replaying import Fix, Options, Replay, Spoken

ZONE = ZoneInfo("Asia/Tokyo")
HOME_LAT_DEG, HOME_LON_DEG = 34.757, 134.841
SHOP = (600.0, 0.0)
"""Where she goes on foot every morning."""
FIRST_DAY = datetime(2026, 4, 1, tzinfo=ZONE)
LEARN_DAYS = 28
ACCURACY_M = 12.0

Spot = tuple[float, float]
"""Metres east and north of home."""


def degrees(east_m: float, north_m: float) -> tuple[float, float]:
    """Latitude and longitude of a spot."""
    east_m_per_deg = M_PER_DEG * math.cos(math.radians(HOME_LAT_DEG))
    return HOME_LAT_DEG + north_m / M_PER_DEG, HOME_LON_DEG + east_m / east_m_per_deg


def fix(at: datetime, east_m: float, north_m: float, accuracy_m: float | None = ACCURACY_M) -> Fix:
    """One at a spot."""
    lat_deg, lon_deg = degrees(east_m, north_m)
    return Fix(at.astimezone(UTC), lat_deg, lon_deg, accuracy_m)


def clock(day: int, text: str) -> datetime:
    """The moment at which her clock shows this on the so manyeth day, the first being 0."""
    hour, minute = (int(part) for part in text.split(":"))
    return FIRST_DAY + timedelta(days=day, hours=hour, minutes=minute)


class Way:
    """Where somebody is, one fix a step: she walks to spots and stays there."""

    def __init__(self, at: datetime, spot: Spot = (0.0, 0.0), step_s: int = 60) -> None:
        self.at, self.spot, self.step_s = at, spot, step_s
        self.fixes: list[Fix] = [fix(at, *spot)]

    def to(self, *spots: Spot, speed_mps: float = 1.1) -> Self:
        """On straight lines to one spot after the other, on and on."""
        ahead = list(spots)
        while ahead:
            here, left_m = self.spot, speed_mps * self.step_s
            while ahead and left_m > 0.01:
                apart_m = math.dist(here, ahead[0])
                if apart_m <= left_m + 0.01:
                    here, left_m = ahead.pop(0), left_m - apart_m
                    continue
                (east, north), (to_east, to_north), share = here, ahead[0], left_m / apart_m
                here, left_m = (east + (to_east - east) * share, north + (to_north - north) * share), 0.0
            self._next(here)
        return self

    def stay(self, minutes: float, step_s: int | None = None) -> Self:
        """Where she is."""
        until = self.at + timedelta(minutes=minutes)
        before, self.step_s = self.step_s, step_s or self.step_s
        while self.at + timedelta(seconds=self.step_s) <= until:
            self._next(self.spot)
        self.step_s = before
        return self

    def until(self, at: datetime, step_s: int | None = None) -> Self:
        """Where she is, until then."""
        return self.stay((at - self.at).total_seconds() / 60, step_s)

    def _next(self, spot: Spot) -> None:
        self.at, self.spot = self.at + timedelta(seconds=self.step_s), spot
        self.fixes.append(fix(self.at, *spot))


def ordinary_day(day: int, step_s: int = 60) -> list[Fix]:
    """At home, in the morning to the shop and back, at home: from four to four."""
    at_home_s = 600
    morning = Way(clock(day, "04:00"), step_s=step_s).until(clock(day, "09:00"), at_home_s)
    walk = morning.to(SHOP).stay(10).to((0.0, 0.0))
    return walk.until(clock(day + 1, "03:50"), at_home_s).fixes


def ordinary_days(count: int, step_s: int = 60) -> Iterator[Fix]:
    """So many, one after the other."""
    for day in range(count):
        yield from ordinary_day(day, step_s)


def said(replay: Replay, fixes: Sequence[Fix]) -> list[Spoken]:
    """All that is said because of these."""
    return [one for each in fixes for one in replay.take(each)]


def at_home(step_s: int = 60, days: int = LEARN_DAYS) -> Replay:
    """Somebody whose days are known, at four in the morning of the day after them."""
    return _learnt(step_s, days).copy()


def known_days(step_s: int = 60) -> Habits:
    """What is known of her after all of her days."""
    replay = at_home(step_s)
    replay.take(fix(clock(LEARN_DAYS, "04:00"), 0.0, 0.0))
    assert LEARN_DAYS == replay.habits.days
    return replay.habits


@lru_cache(8)
def _learnt(step_s: int, days: int) -> Replay:
    replay = Replay("hana", Options(zone=ZONE, step_s=step_s, learn_days=LEARN_DAYS))
    assert [] == said(replay, list(ordinary_days(days, step_s))), "ordinary days are no news"
    return replay


def on_day(text: str, step_s: int = 60) -> Way:
    """The day after her known ones, at home since four until then; from `24:00` on it is the night."""
    way = Way(clock(LEARN_DAYS, "04:00"), step_s=step_s)
    return way.until(clock(LEARN_DAYS, text), 600)
