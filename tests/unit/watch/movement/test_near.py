"""Whether anything she knows is near is answered as by looking at every cell."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from app.watch.movement.habits import RESOLUTION, Habits, cell_at, is_known_within, rings_to_known

spots = st.tuples(st.integers(0, 300), st.integers(0, 300))


def cell(spot: tuple[int, int]) -> int:
    """Within some 3 km, in steps of 10 m."""
    return cell_at(34.757 + spot[0] / 11_000, 134.841 + spot[1] / 9_000, RESOLUTION)


@given(st.lists(spots, max_size=12), spots, st.integers(0, 4))
def test_near_is_what_is_so_many_rings_away_or_fewer(
    known: list[tuple[int, int]], spot: tuple[int, int], rings: int
) -> None:
    habits = Habits(cells=array("Q", sorted({cell(one) for one in known})))

    assert is_known_within(habits, cell(spot), rings) == (rings_to_known(habits, cell(spot), rings + 1) <= rings)
