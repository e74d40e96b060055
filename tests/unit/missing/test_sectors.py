"""Where to look first; and how well a map had rated the place of the find."""

from itertools import pairwise

import pytest
from h3.api import basic_int as h3

from app.missing import sectors
from app.missing.mapscore import score, score_of
from app.missing.probability import heat_map, most_probable, plain_rings
from tests.build import NOW
from tests.unit.missing.build import known, off, seen

HEAT = heat_map(known(), NOW)


@pytest.mark.parametrize("resolution", sectors.RESOLUTIONS)
def test_sectors_are_ranked_and_hold_the_whole_map(resolution: int) -> None:
    found = sectors.ranked(HEAT, resolution, 10_000)

    assert list(range(1, len(found) + 1)) == [one.rank for one in found]
    assert [one.probability for one in found] == sorted((one.probability for one in found), reverse=True)
    assert found[-1].cumulative == pytest.approx(1.0)
    assert sum(one.cells for one in found) == sum(one > 0 for one in HEAT.probability)
    assert all(one.per_km2 == pytest.approx(one.probability / one.area_km2) for one in found)
    assert max(one.cells for one in found) == {8: 7, 7: 49}[resolution]
    assert {resolution} == {h3.get_resolution(one.cell) for one in found}


def test_only_so_many_as_are_asked_for_and_the_first_is_round_where_she_was() -> None:
    first, *others = sectors.ranked(HEAT, 8, 5)

    assert 4 == len(others)
    assert h3.cell_to_parent(HEAT.grid.cells[0], 8) == first.cell


def test_a_sector_is_called_after_what_stands_nearest_to_its_middle() -> None:
    names = [(*off(0, 0), "home"), (*off(20_000, 0), "far")]
    named = sectors.ranked(HEAT, 7, 3, names)

    assert ["home"] == [one.name for one in named if one.name is not None]
    assert [None] * 3 == [one.name for one in sectors.ranked(HEAT, 7, 3)]


def test_an_outline_is_a_closed_ring_counter_clockwise() -> None:
    ring = sectors.outline(HEAT.grid.cells[0])
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))

    assert (7, ring[0]) == (len(ring), ring[-1])
    assert area > 0


def test_the_most_probable_cells_come_first_and_hold_what_is_asked_for() -> None:
    shown = most_probable(HEAT, 0.8, 5_000)
    held = [HEAT.probability[number] for number in shown]

    assert held == sorted(held, reverse=True)
    assert 0.8 <= sum(held) < 0.8 + held[0]
    assert shown[:10] == most_probable(HEAT, 0.8, 10)
    assert sum(one > 0 for one in HEAT.probability) == len(most_probable(HEAT, 2.0, 5_000))


def test_a_map_that_knew_nothing_rates_nothing() -> None:
    assert 0.0 == score([0.01] * 100, 17)


@pytest.mark.parametrize(
    ("rank", "expected"), [(0, 0.99), (49, 0.01), (99, -0.99)], ids=["first", "in the middle", "last"]
)
def test_a_find_is_rated_by_the_share_of_the_map_that_was_held_more_probable(rank: int, expected: float) -> None:
    ordered = [1.0 / (1 + number) for number in range(100)]

    assert expected == pytest.approx(score(ordered, rank))


def test_those_rated_alike_count_half() -> None:
    """n = 2 higher, m = 4 alike, N = 8: r = (2 + 2) / 8."""
    assert 0.0 == score([0.3, 0.3, 0.1, 0.1, 0.1, 0.1, 0.0, 0.0], 3)


def test_a_find_at_the_point_is_rated_high_and_one_beyond_the_rim_as_bad_as_can_be() -> None:
    rings = plain_rings(seen())

    assert 0.99 < score_of(rings, *off(0, 0))
    assert 0.8 < score_of(rings, *off(2_500, 0)) < score_of(rings, *off(500, 0))
    assert -1.0 == score_of(rings, *off(30_000, 0))


def test_a_find_beyond_her_reach_counts_half_of_all_that_were_excluded() -> None:
    excluded = sum(not one for one in HEAT.probability)
    soon = heat_map(known(last=seen(minutes_ago=30)), NOW)

    assert excluded > 0
    assert score_of(soon, *off(8_000, 0)) == pytest.approx(
        (0.5 - (sum(one > 0 for one in soon.probability) + sum(not one for one in soon.probability) / 2) / 4_921) / 0.5
    )
