"""Cells and hours that history is filed under."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from app.geo.cells import RANGES_MAX, cell_of, hour_of, ranges_around
from app.geo.measure import travelled

HOME = (34.757, 134.841)


def test_a_cell_fits_a_signed_64_bit_column() -> None:
    assert all(0 < cell_of(lat, lon) < 2**63 for lat in (-90.0, -35.0, 0.0, 35.0, 90.0) for lon in (-180.0, 0.0, 139.0))


def test_places_a_metre_apart_mostly_share_a_cell_and_a_hundred_metres_apart_never() -> None:
    assert cell_of(*HOME) == cell_of(HOME[0] + 1e-7, HOME[1])
    assert cell_of(*HOME) != cell_of(*travelled(*HOME, 45.0, 100.0))


def test_hours_are_counted_from_1970_and_change_on_the_hour() -> None:
    noon = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)

    assert hour_of(noon) == hour_of(noon + timedelta(minutes=59, seconds=59)) == 493_059
    assert hour_of(noon - timedelta(microseconds=1)) == 493_058
    assert hour_of(datetime(1969, 12, 31, 23, 59, tzinfo=UTC)) == -1


@pytest.mark.parametrize("radius_m", [0, 30, 100, 300, 1_000, 3_000, 10_000, 100_000, 3_000_000])
def test_an_area_is_at_most_fifty_ranges_in_order_and_apart(radius_m: float) -> None:
    ranges = ranges_around(*HOME, radius_m)

    assert 1 <= len(ranges) <= RANGES_MAX
    assert all(first <= last for first, last in ranges)
    assert all(before[1] < after[0] for before, after in pairwise(ranges))


@pytest.mark.parametrize("radius_m", [100, 300, 1_000, 3_000, 10_000])
def test_ranges_that_touch_are_one(radius_m: float) -> None:
    """Between two ranges there is always a cell that is in neither."""
    ranges = ranges_around(*HOME, radius_m)

    assert not any(_following(before[1]) == after[0] for before, after in pairwise(ranges))


def _following(cell: int) -> int:
    """The next cell of resolution 12 in the order of the index: its 12 digits, 0 to 6, count like a number."""
    digits = [cell >> 3 * (15 - index) & 7 for index in range(1, 13)]
    number = sum(digit * 7 ** (12 - index) for index, digit in enumerate(digits, 1)) + 1
    following = cell >> 45 << 45 | 0o777
    for index in range(1, 13):
        following |= number // 7 ** (12 - index) % 7 << 3 * (15 - index)
    return following


def test_what_is_far_away_is_not_in_the_ranges() -> None:
    """The cover is not much larger than the disk: nothing at 1.6 radii is in it."""
    ranges = ranges_around(*HOME, 1_000)
    around = [cell_of(*travelled(*HOME, bearing, 1_600)) for bearing in range(0, 360, 5)]

    assert not any(first <= cell <= last for cell in around for first, last in ranges)


def test_the_whole_earth_is_one_range() -> None:
    ((first, last),) = ranges_around(*HOME, 20_100_000)

    assert all(first <= cell_of(lat, lon) <= last for lat in (-89.0, -20.0, 70.0) for lon in (-179.0, 10.0, 100.0))
