"""What lies on the ground."""

from app.missing.grid import cell_at, grid_round
from app.missing.model import Ground, Terrain
from app.missing.probability import heat_map
from app.missing.terrain import along, factors
from tests.build import HOME, NOW
from tests.unit.missing.build import at, known, off

GRID = grid_round(HOME.lat_deg, HOME.lon_deg)
ROAD = Terrain(ground=Ground.ROAD, corners=(off(0, 1_000), off(4_000, 1_000)))
DITCH = Terrain(ground=Ground.EDGE, corners=(off(2_000, 0), off(2_000, 2_000)))
LAKE = Terrain(
    ground=Ground.WATER, corners=(off(-4_000, 1_000), off(-1_000, 1_000), off(-1_000, 4_000), off(-4_000, 4_000))
)


def factor(east_m: float, north_m: float, *terrain: Terrain) -> float:
    return factors(GRID, terrain)[GRID.place[cell_at(*off(east_m, north_m))]]


def test_roads_draw_most_then_edges_and_the_middle_of_water_keeps_off() -> None:
    everything = (ROAD, DITCH, LAKE)

    assert [3.0, 3.0, 2.0, 1.0] == [
        factor(*where, *everything) for where in ((500, 1_000), (2_000, 1_000), (2_000, 1_700), (500, -2_000))
    ]
    assert (0.2, 2.0, 1.0) == (
        factor(-2_500, 2_500, *everything), factor(-2_500, 1_000, *everything), factor(-2_500, 6_000, *everything)
    )  # fmt: skip


def test_a_road_over_water_is_a_road() -> None:
    bridge = Terrain(ground=Ground.ROAD, corners=(off(-5_000, 2_500), off(0, 2_500)))

    assert 3.0 == factor(-2_500, 2_500, LAKE, bridge) == factor(-2_500, 2_500, bridge, LAKE)


def test_the_map_follows_the_road() -> None:
    plain, drawn = heat_map(known(), NOW), heat_map(known(terrain=(ROAD,)), NOW)

    assert at(drawn, 1_500, 1_000) > 2 * at(plain, 1_500, 1_000)
    assert at(drawn, 1_500, -1_000) < at(plain, 1_500, -1_000)


def test_a_leg_is_cut_into_pieces_that_add_up() -> None:
    pieces = list(along(off(0, 0), off(300, 400), 50.0))

    assert 10 == len(pieces)
    assert 500.0 == round(sum(length for _, _, length, _ in pieces), 0)
    assert [round(share, 2) for *_, share in pieces[:2]] == [0.05, 0.15]
    assert 1 == len(list(along(off(0, 0), off(0, 0), 50.0)))
