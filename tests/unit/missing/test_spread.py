"""How far she is, by the distances at which people with dementia are found."""

import math
from datetime import timedelta

import pytest

from app.missing import spread
from app.missing.grid import CELLS, cell_at, grid_round
from app.missing.probability import heat_map, plain_rings
from tests.build import HOME, NOW
from tests.unit.missing.build import at, known, near, off, place, seen


@pytest.mark.parametrize(
    ("km", "share"),
    [(0.32, 0.25), (1.13, 0.50), (3.22, 0.75), (12.55, 0.95)],
    ids=["quarter", "half", "most", "nearly all"],
)
def test_the_law_is_that_of_the_table_of_isrid(km: float, share: float) -> None:
    """The lognormal was fitted to it, and leaves out those who are found at the point."""
    assert share == pytest.approx(spread.URBAN.within(km * 1000), abs=0.07)


@pytest.mark.parametrize(("km", "share"), [(1, 0.58), (5, 0.87), (12.6, 0.95)])
def test_with_those_at_the_point_it_is_the_law_of_the_reference(km: float, share: float) -> None:
    whole = spread.AT_THE_POINT + (1 - spread.AT_THE_POINT) * spread.URBAN.within(km * 1000)

    assert share == pytest.approx(whole, abs=0.005)
    assert spread.URBAN.within(0) == spread.URBAN.within(-1) == 0.0


def test_a_map_has_4921_cells_the_nearest_first_and_each_comes_from_nearer_ones() -> None:
    grid = grid_round(HOME.lat_deg, HOME.lon_deg)
    away = [math.hypot(*one) for one in zip(grid.east_m, grid.north_m, strict=True)]

    assert CELLS == len(grid.cells) == len(set(grid.cells))
    assert away == sorted(away)
    assert grid.cells[0] == cell_at(HOME.lat_deg, HOME.lon_deg)
    assert 10_500 < max(away) < 14_500
    assert all(inner for inner in grid.inner[1:])
    assert all(before < number for number, inner in enumerate(grid.inner) for before in inner)
    assert {6} == {len(beside) for beside in grid.beside[:1000]}


def test_rings_hold_what_the_law_says() -> None:
    heat = plain_rings(seen())
    rim = spread.AT_THE_POINT + (1 - spread.AT_THE_POINT) * spread.URBAN.within(11_500)

    for within_m in (1_000, 3_000, 6_000):
        law = (spread.AT_THE_POINT + (1 - spread.AT_THE_POINT) * spread.URBAN.within(within_m)) / rim
        assert law == pytest.approx(near(heat, 0, 0, within_m), abs=0.035)


def test_nobody_is_farther_than_she_can_have_walked() -> None:
    heat = heat_map(known(last=seen(minutes_ago=30)), NOW)

    assert heat.reach_m == pytest.approx(2 * 15 + 1.3 * 1800)
    assert near(heat, 0, 0, 2_700) == pytest.approx(1.0)
    assert at(heat, 3_200, 0) == 0.0


def test_who_was_seen_this_moment_is_there() -> None:
    heat = heat_map(known(last=seen(minutes_ago=0)), NOW)

    assert 0.9 < near(heat, 0, 0, 450)


def test_as_time_goes_by_the_map_widens() -> None:
    shares = [near(heat_map(known(last=seen(minutes_ago=minutes)), NOW), 0, 0, 1_000) for minutes in (20, 60, 180, 600)]

    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1] + 0.2


def test_who_may_have_ridden_can_be_anywhere_on_the_map() -> None:
    on_foot = heat_map(known(last=seen(minutes_ago=20)), NOW)
    rides = heat_map(known(last=seen(minutes_ago=20), rides=True), NOW)

    assert (0.0, None) == (at(on_foot, 8_000, 0), rides.reach_m)
    assert 0 < at(rides, 8_000, 0)


def test_a_place_known_to_two_kilometres_is_no_peak() -> None:
    sharp, blurred = (heat_map(known(last=seen(accuracy_m=accuracy_m)), NOW) for accuracy_m in (15.0, 2_000.0))

    assert max(blurred.probability) < max(sharp.probability) / 5


def test_a_heading_draws_the_map_that_way_and_leaves_the_distances() -> None:
    plain, east = (heat_map(known(heading_deg=heading), NOW) for heading in (None, 90.0))

    assert at(east, 2_000, 0) == pytest.approx(at(plain, 2_000, 0) * math.e / 1.2661, rel=0.05)
    assert at(east, -2_000, 0) < at(plain, -2_000, 0) / 2
    assert near(east, 0, 0, 2_000) == pytest.approx(near(plain, 0, 0, 2_000), abs=0.01)


def test_her_own_place_draws_a_quarter_of_the_map() -> None:
    plain, drawn = (heat_map(known(places=places), NOW) for places in ((), (place(0, 3_000),)))

    assert near(drawn, 0, 3_000, 1_000) == pytest.approx(near(plain, 0, 3_000, 1_000) + 0.23, abs=0.03)


def test_a_place_out_of_reach_or_where_she_was_last_draws_nobody() -> None:
    soon = known(last=seen(minutes_ago=10))
    plain = heat_map(soon, NOW).probability
    for one in (place(0, 5_000), place(50, 50), place(0, 40_000)):
        drawn = heat_map(known(last=seen(minutes_ago=10), places=(one,)), NOW).probability

        assert plain == pytest.approx(drawn, abs=1e-3)


def test_of_two_places_the_heavier_draws_more() -> None:
    heat = heat_map(known(places=(place(0, 3_000, 3.0), place(0, -3_000))), NOW)

    assert near(heat, 0, 3_000, 800) > 2 * near(heat, 0, -3_000, 800)


def test_the_map_is_made_of_the_moment_that_is_asked_for() -> None:
    now = NOW + timedelta(hours=1)
    one = known()

    assert heat_map(one, now).reach_m == pytest.approx((heat_map(one, NOW).reach_m or 0) + 1.3 * 3600)
    assert off(0, 0) == pytest.approx((HOME.lat_deg, HOME.lon_deg))
