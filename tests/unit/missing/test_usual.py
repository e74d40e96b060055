"""Where she usually is draws the map, by the days before she was lost."""

import math
from datetime import timedelta
from itertools import combinations

import pytest
from msgspec.structs import replace

from app.geo.measure import distance_m
from app.missing.probability import heat_map
from app.missing.usual import PLACES_MAX, usual_places
from app.watch.movement.habits import Day, Habits, cell_at, learn
from tests.build import NOW
from tests.unit.missing.build import at, known, off

TODAY = NOW.date().toordinal()


def went(*days: tuple[float, float], count: int = 28) -> Habits:
    """So many days, on each of which she was at home and at these spots, metres east and north of it."""
    habits = Habits()
    for number in range(count, 0, -1):
        cells = {cell_at(*off(*spot), 10): 1 for spot in ((0.0, 0.0), *days)}
        learn(habits, Day(ordinal=TODAY - number, cells=cells))
    return habits


def test_the_map_rises_where_she_usually_is_and_its_mass_is_1() -> None:
    plain = heat_map(known(), NOW)
    drawn = heat_map(known(places=tuple(usual_places(went((2_000.0, 0.0)), TODAY, 10))), NOW)

    assert at(drawn, 2_000.0, 0.0) > 3 * at(plain, 2_000.0, 0.0)
    assert at(drawn, -2_000.0, 0.0) < at(plain, -2_000.0, 0.0)
    assert math.fsum(drawn.probability) == pytest.approx(1.0)
    assert min(drawn.probability) >= 0.0


def test_the_more_days_the_more() -> None:
    habits = went((2_000.0, 0.0), count=28)
    for number in range(3, 0, -1):
        learn(habits, Day(ordinal=TODAY - number, cells={cell_at(*off(-2_000.0, 0.0), 10): 1}))
    drawn = heat_map(known(places=tuple(usual_places(habits, TODAY, 10))), NOW)

    assert at(drawn, 2_000.0, 0.0) > 3 * at(drawn, -2_000.0, 0.0) > 0.0


def test_where_she_is_at_this_hour_draws_more() -> None:
    habits = Habits()
    for number in range(28, 0, -1):
        shop, daughter = (cell_at(*off(east, 0.0), 10) for east in (2_000.0, -2_000.0))
        learn(habits, Day(ordinal=TODAY - number, cells={shop: 1 << 3, daughter: 1 << 6}))
    morning, evening = (heat_map(known(places=tuple(usual_places(habits, TODAY, hour))), NOW) for hour in (10, 19))

    assert at(morning, 2_000.0, 0.0) > 1.5 * at(evening, 2_000.0, 0.0)
    assert at(evening, -2_000.0, 0.0) > 1.5 * at(morning, -2_000.0, 0.0)


def test_what_she_did_since_she_was_lost_is_no_habit() -> None:
    habits = went((2_000.0, 0.0))
    for number in range(3):
        learn(habits, Day(ordinal=TODAY + number, cells={cell_at(*off(-2_000.0, 0.0), 10): 1}))

    west = off(-2_000.0, 0.0)
    assert all(distance_m(one.lat_deg, one.lon_deg, *west) > 1_000.0 for one in usual_places(habits, TODAY, 10))
    assert any(distance_m(one.lat_deg, one.lon_deg, *west) < 200.0 for one in usual_places(habits, TODAY + 4, 10))


def test_one_day_is_no_habit_and_who_is_not_known_has_no_places() -> None:
    assert [] == usual_places(went((2_000.0, 0.0), count=1), TODAY, 10)
    assert [] == usual_places(Habits(), TODAY, 10)


def test_they_are_few_apart_and_weigh_together_as_one_place() -> None:
    ways = [(400.0 * east, 400.0 * north) for east in range(-8, 9) for north in range(-8, 9)]
    found = usual_places(went(*ways), TODAY, 10)

    assert PLACES_MAX == len(found)
    assert math.fsum(one.weight for one in found) == pytest.approx(1.0)
    for one, other in combinations(found, 2):
        assert distance_m(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg) > 500.0


def test_what_somebody_named_still_counts() -> None:
    """The family says that she may be at her former home: as much as all that is usual."""
    usual = usual_places(went(*((1_000.0 * east, 1_500.0) for east in range(-5, 6))), TODAY, 10)
    former = replace(usual[0], lat_deg=off(0.0, -2_500.0)[0], lon_deg=off(0.0, -2_500.0)[1], weight=1.0)
    hours = known(last=replace(known().last, at=NOW - timedelta(hours=3)), places=(*usual, former))
    heat = heat_map(hours, NOW)

    assert at(heat, 0.0, -2_500.0) > at(heat, 1_000.0, 1_500.0)
