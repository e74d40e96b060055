"""What a line looks like, however it lies."""

import math
from itertools import pairwise

import pytest

from app.watch.movement.shapes import Points, Shape, shape_of

Line = list[tuple[float, float]]


def walked(*corners: tuple[float, float], speed_mps: float = 1.0, step_s: int = 60) -> Points:
    """Points so many seconds apart on the way from corner to corner."""
    legs = list(pairwise(corners))
    total_m = sum(math.dist(*leg) for leg in legs)
    points = []
    for number in range(int(total_m / (speed_mps * step_s)) + 1):
        left_m = number * speed_mps * step_s
        for (from_east, from_north), (to_east, to_north) in legs:
            length_m = math.dist((from_east, from_north), (to_east, to_north))
            if left_m <= length_m:
                share = left_m / length_m
                east, north = from_east + share * (to_east - from_east), from_north + share * (to_north - from_north)
                points.append((number * step_s, round(east), round(north)))
                break
            left_m -= length_m
    return points


def shape(points: Points) -> Shape:
    found = shape_of(points, points[-1][0])
    assert found is not None
    return found


def circle(radius_m: float, laps: float, turn: int = 1) -> Points:
    step = 50.0 / radius_m
    count = int(laps * 2 * math.pi / step)
    return [
        (60 * n, round(radius_m * math.cos(turn * step * n)), round(radius_m * math.sin(turn * step * n)))
        for n in range(count + 1)
    ]


def turned(points: Points, degrees: float, east_m: float = 0.0, north_m: float = 0.0) -> Points:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [
        (time_s, round(east * cos - north * sin + east_m), round(east * sin + north * cos + north_m))
        for time_s, east, north in points
    ]


THERE_AND_BACK = walked(*[(0.0, 0.0), (200.0, 0.0)] * 4, (0.0, 0.0))
TWICE_ROUND = circle(80.0, 2.2)
ANGLES = [0.0, 30.0, 45.0, 90.0, 137.0, 180.0, 271.0]


@pytest.mark.parametrize("angle", ANGLES)
def test_a_straight_line_is_nothing(angle: float) -> None:
    found = shape_of(turned(walked((0.0, 0.0), (430.0, 0.0), speed_mps=0.6), angle), 720)

    assert found is None or (0, 0) == (found.reversals, found.turns)
    assert found is None or found.laps < 0.1


@pytest.mark.parametrize("angle", ANGLES)
def test_back_and_forth_counts_the_turns_back(angle: float) -> None:
    found = shape(turned(THERE_AND_BACK, angle))

    assert 7 == found.reversals
    assert found.width_m < 5.0


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("laps", [1.0, 2.0, 3.0])
def test_a_circle_counts_the_laps_either_way_round(laps: float, turn: int) -> None:
    assert laps == pytest.approx(shape(circle(80.0, laps, turn)).laps, abs=0.25)


@pytest.mark.parametrize("angle", ANGLES)
@pytest.mark.parametrize("moved", [(0.0, 0.0), (3_000.0, -7_000.0)], ids=str)
@pytest.mark.parametrize("points", [THERE_AND_BACK, TWICE_ROUND], ids=["there and back", "twice round"])
def test_it_does_not_matter_where_and_how_a_line_lies(points: Points, moved: tuple[float, float], angle: float) -> None:
    one, other = shape(points), shape(turned(points, angle, *moved))

    assert (one.reversals, one.turns) == (other.reversals, other.turns)
    for name in ("time_s", "path_m", "along_m"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=0.02), name
    if points is TWICE_ROUND:  # On a line through its own middle a hair decides which way round it goes.
        assert one.laps == pytest.approx(other.laps, abs=0.05)
    assert one.width_m == pytest.approx(other.width_m, abs=1.5)


def test_sharp_turns_are_counted() -> None:
    corners = [(0.0, 0.0)]
    for number in range(6):
        heading, (east, north) = math.radians(140.0 * (number % 2)), corners[-1]
        corners.append((east + 120.0 * math.cos(heading), north + 120.0 * math.sin(heading)))

    assert 5 == shape(walked(*corners)).turns


@pytest.mark.parametrize(
    "points",
    [
        [],
        [(0, 0, 0)],
        walked((0.0, 0.0), (200.0, 0.0)),
        walked((0.0, 0.0), (2_000.0, 0.0)),
        walked(*[(0.0, 0.0), (600.0, 0.0)] * 8, speed_mps=4.0),
        walked(*[(0.0, 0.0), (40.0, 0.0)] * 9, speed_mps=0.1, step_s=200),
    ],
    ids=["nothing", "a point", "short", "wide", "fast", "standing about"],
)
def test_what_is_short_or_wide_or_was_not_walked_has_no_shape(points: Points) -> None:
    assert shape_of(points, points[-1][0] if points else 0) is None


def test_what_is_long_ago_does_not_count() -> None:
    assert shape_of(THERE_AND_BACK, THERE_AND_BACK[-1][0] + 3_600) is None
