"""A track with fewer points must look the same, in place and in time."""

import math
import random
from datetime import timedelta

import pytest

from app.geo.measure import distance_m, to_local_m, travelled
from app.history.model import KnownBy, TrackPoint
from app.history.thinning import thinned
from tests.build import HOME, NOW


def point(seconds: float, metres_east: float, metres_north: float = 0.0) -> TrackPoint:
    lat, lon = travelled(HOME.lat_deg, HOME.lon_deg, 90.0, metres_east)
    lat, lon = travelled(lat, lon, 0.0, metres_north)
    at = NOW + timedelta(seconds=seconds)
    return TrackPoint(at, lat, lon, 10.0, KnownBy.GNSS, at)


def wandering(count: int, seed: int) -> list[TrackPoint]:
    draw = random.Random(seed)
    east = north = 0.0
    points = []
    for number in range(count):
        east, north = east + draw.gauss(0, 20), north + draw.gauss(0, 20)
        points.append(point(60.0 * number, east, north))
    return points


def errands(count: int) -> list[TrackPoint]:
    """A walk around a block of another size each time, a fix every 20 s, with a rest at home after each."""
    points = [point(0, 0)]
    for number in range(count):
        side = 5 + number % 7
        for east, north in [(1, 0)] * side + [(0, 1)] * side + [(-1, 0)] * side + [(0, -1)] * side + [(0, 0)] * 30:
            seconds, (x, y) = 20.0 * len(points), _metres(points[-1])
            points.append(point(seconds, x + 22 * east, y + 22 * north))
    return points


def _metres(one: TrackPoint) -> tuple[float, float]:
    return to_local_m(HOME.lat_deg, HOME.lon_deg, one.lat_deg, one.lon_deg)


def worst_m(whole: list[TrackPoint], shown: list[TrackPoint]) -> float:
    """How far the line through `shown` is, at most, from where she was at that time."""
    worst = 0.0
    for one in whole:
        after = next(number for number, other in enumerate(shown) if other.at >= one.at)
        if shown[after].at == one.at:
            continue
        a, b = shown[after - 1], shown[after]
        share = (one.at - a.at) / (b.at - a.at)
        east, north = to_local_m(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)
        x, y = to_local_m(a.lat_deg, a.lon_deg, one.lat_deg, one.lon_deg)
        worst = max(worst, math.hypot(share * east - x, share * north - y))
    return worst


def test_a_short_track_is_left_alone() -> None:
    track = wandering(5, seed=1)

    assert thinned(track, 5) == track
    assert thinned([], 2) == []


@pytest.mark.parametrize("most", [2, 3, 10, 99])
def test_the_number_is_kept_and_the_first_and_last_stay(most: int) -> None:
    track = wandering(100, seed=2)
    shown = thinned(track, most)

    assert most == len(shown)
    assert (track[0], track[-1]) == (shown[0], shown[-1])


def test_what_is_shown_is_what_was_stored_in_its_order() -> None:
    track = wandering(200, seed=3)
    shown = thinned(track, 40)

    assert shown == [one for one in track if one in shown]


def test_an_even_walk_needs_only_its_ends_and_its_turn() -> None:
    track = [point(60 * minute, 60 * minute) for minute in range(20)]
    track += [point(60 * (20 + minute), 1_200, 60 * minute) for minute in range(20)]

    assert thinned(track, 3)[1].at == NOW + timedelta(minutes=20)


def test_a_short_way_out_and_back_is_not_lost() -> None:
    track = [point(60 * minute, 0) for minute in range(500)]
    track[250] = point(60 * 250, 700)

    assert track[250] in thinned(track, 5)


def test_a_stay_keeps_its_end_as_well_as_its_beginning() -> None:
    """There for four hours: the line must not creep away from the moment of arrival on."""
    walk_there = [point(60 * minute, 100 * minute) for minute in range(10)]
    stay = [point(60 * (10 + minute), 1_000 + minute % 3) for minute in range(240)]
    walk_on = [point(60 * (250 + minute), 1_000 + 100 * minute) for minute in range(10)]
    shown = thinned([*walk_there, *stay, *walk_on], 6)

    assert any(abs((one.at - stay[0].at).total_seconds()) <= 120 for one in shown)
    assert any(abs((one.at - stay[-1].at).total_seconds()) <= 120 for one in shown)


def test_more_points_bend_the_line_less() -> None:
    track = wandering(1_000, seed=4)
    worst = [worst_m(track, thinned(track, most)) for most in (1_000, 500, 100, 10)]

    assert worst == sorted(worst)
    assert worst[0] == 0.0
    assert worst[1] < 45.0


def test_it_is_much_better_than_taking_every_tenth() -> None:
    track = errands(20)
    every_tenth = [*track[::10], track[-1]]

    assert worst_m(track, thinned(track, len(every_tenth))) < worst_m(track, every_tenth) * 0.2


def test_fixes_of_one_moment_do_no_harm() -> None:
    track = [point(0, metres) for metres in range(50)]

    assert len(thinned(track, 5)) == 5


def test_the_places_themselves_are_never_changed() -> None:
    track = wandering(50, seed=6)

    for shown in thinned(track, 10):
        assert any(distance_m(one.lat_deg, one.lon_deg, shown.lat_deg, shown.lon_deg) == 0 for one in track)
