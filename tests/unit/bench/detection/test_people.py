"""Synthetic persons: the same each time, on streets, about as regular and as often out as was asked for."""

import math
from collections import Counter
from itertools import pairwise

import pytest

from bench.detection import episodes
from bench.detection.cells import metres
from bench.detection.days import DAY_S, Life, live
from bench.detection.episodes import KINDS, LENGTH_S, Episode, episode
from bench.detection.habits import HABITUAL_DAYS, Habits
from bench.detection.lines import Cursor
from bench.detection.people import POPULATIONS, Person, people, person
from bench.detection.said import LEARN_DAYS, at
from bench.detection.seeds import chance, in_set
from bench.detection.streets import BRIDGE_EVERY, Streets
from bench.detection.tracks import at_home, indoors, report
from bench.detection.trial import Asked, sketch


@pytest.fixture(scope="module")
def somebody() -> tuple[Person, Life, Habits]:
    who = person("regular", 2)
    life = live(who, 40)
    return who, life, Habits(who, life, LEARN_DAYS)


def test_a_way_goes_along_streets_and_over_bridges() -> None:
    streets = Streets(7)
    river = streets.river_row
    way = streets.way((0, river - 3), (5, river + 4), 0.1, chance("way"))

    assert way[0] == (0, river - 3)
    assert way[-1] == (5, river + 4)
    assert all(b in [one[0] for one in streets.around(a)] for a, b in pairwise(way))
    crossings = [a[0] for a, b in pairwise(way) if {a[1], b[1]} == {river, river + 1}]
    assert len(crossings) % 2 == 1
    columns = range(-40, 40)
    bridges = [n for n in columns if (n, river + 1) in [one[0] for one in streets.around((n, river))]]
    assert 80 / BRIDGE_EVERY <= len(bridges) + 1 <= 2 * 80 / BRIDGE_EVERY + 2


@pytest.mark.parametrize("population", POPULATIONS)
def test_a_life_is_one_line_in_time_that_comes_home(population: str) -> None:
    who = person(population, 1)
    life = live(who, 10)

    assert life.points == live(person(population, 1), 10).points
    assert all(a[0] <= b[0] for a, b in pairwise(life.points))
    assert (0.0, *who.door) == life.points[0]
    for outing in life.outings:
        assert who.door == life.points[outing.first][1:] == life.points[outing.last][1:]
        assert outing.first < outing.arrived < outing.last
    fastest = max(math.dist(a[1:], b[1:]) / (b[0] - a[0]) for a, b in pairwise(life.points) if b[0] > a[0])
    assert fastest < 1.2 * 10.0


def test_regular_persons_are_out_and_known_as_published() -> None:
    some = [sketch(one, live(one), 60) for one in people("regular", "tune", 10)]

    assert 1.0 < sum(one.outings for one in some) / 10 < 1.4
    assert 80 < sum(one.out_min for one in some) / 10 < 145
    assert all(one.known > 0.95 for one in some)


def test_irregular_persons_are_less_so() -> None:
    some = [sketch(one, live(one, 40), 40) for one in people("irregular", "tune", 2)]

    assert 180 < sum(one.out_min for one in some) / 2 < 600
    assert all(one.known_out < 0.9 for one in some)


def test_people_of_a_set_are_of_that_set() -> None:
    assert all(in_set(one.user, "report") for one in people("regular", "report", 5))


def test_a_tracker_errs_as_it_should(somebody) -> None:
    who = somebody[0]
    days = 10
    out = [(0.0, 900.0, 900.0), (days * DAY_S, 900.0, 900.0)]
    fixes = list(report(who, out, chance("errs"), 60, 0.0, days * DAY_S))

    off = [math.dist(metres((who.lat_deg, who.lon_deg), one.lat_deg, one.lon_deg), (900, 900)) for one in fixes]
    stated = sorted(one.accuracy_m for one in fixes)
    count = len(fixes)
    assert 0.97 < count / (days * 1_440) <= 1.0, "gaps are few"
    assert all(b.at > a.at for a, b in pairwise(fixes))
    assert 0.005 < sum(one > 1_000 for one in off) / count < 0.018
    assert 0.93 < sum(one < 30 for one in off) / count < 0.98
    assert 29 < stated[count // 2] < 33
    assert 60 < stated[count * 9 // 10] < 70


def test_at_home_a_tracker_seems_to_leave_as_often_as_phones_do(somebody) -> None:
    """Of 1,820 nights: 0.053, 0.040 and 0.018 exits a night; of two fixes 0.0077, 0.0022 and 0."""
    who, _, _ = somebody
    nights = 2_000
    fixes = report(who, at_home(who, 0.0, nights * 28_800), chance("nights"), 900, 0.0, nights * 28_800)
    off = [math.dist(metres((who.lat_deg, who.lon_deg), one.lat_deg, one.lon_deg), who.door) for one in fixes]

    def exits(radius_m: float, fixes: int) -> float:
        outs = [n for n in range(len(off) - 2) if all(one > radius_m for one in off[n : n + fixes])]
        return sum(n - 1 not in outs for n in outs) / nights

    assert 0.05 < exits(100, 1) < 0.1
    assert 0.025 < exits(200, 1) < 0.05
    assert 0.012 < exits(500, 1) < 0.03
    assert 0.0005 < exits(200, 2) < 0.005


def test_a_logger_for_outdoors_is_off_at_home(somebody) -> None:
    who, life, _ = somebody
    fixes = list(report(who, life.points, chance("off"), 60, 0.0, 5 * DAY_S, indoors(who, life.points, chance("on"))))
    hours = [life.hours(one) for one in life.outings]

    assert fixes
    for fix in fixes:
        second = (fix.at - at(0)).total_seconds()
        assert any(start_s - 60 <= second + 1 and second <= end_s + 120 for start_s, end_s in hours)


@pytest.fixture(scope="module")
def made(somebody) -> dict[str, list[Episode]]:
    who, life, habits = somebody
    return {
        kind: [one for rep in range(6) if (one := episode(kind, who, life, habits, rep, LEARN_DAYS))] for kind in KINDS
    }


@pytest.mark.parametrize("kind", KINDS)
def test_an_episode_leaves_home_and_begins_where_she_goes_every_day(somebody, made, kind: str) -> None:
    who, _, habits = somebody

    assert len(made[kind]) >= 4
    for one in made[kind]:
        spot = Cursor(one.points).at(one.onset_s)
        assert who.door == one.points[0][1:] == one.points[1][1:]
        assert LEARN_DAYS * DAY_S <= one.points[0][0] < one.leaves_s <= one.onset_s
        assert kind == "night" or habits.days(spot) >= HABITUAL_DAYS
        assert kind in {"stuck", "no_signal"} or one.end_s == one.onset_s + LENGTH_S
        assert one.points[-1][0] >= one.end_s - 1
        assert all(math.dist(a[1:], b[1:]) < 13 * (b[0] - a[0]) + 1 for a, b in pairwise(one.points))


def test_episodes_have_the_shapes_that_they_are_named_for(made) -> None:
    for kind, reach_m in {"pacing": 180, "lapping": 405, "random": 352}.items():
        for one in made[kind]:
            start = Cursor(one.points).at(one.onset_s)
            after = [point for point in one.points if point[0] > one.onset_s]
            assert max(math.dist(start, point[1:]) for point in after) <= reach_m
    for one in made["away"] + made["range_foot"]:
        cursor = Cursor(one.points)
        assert math.dist(cursor.at(one.onset_s), cursor.at(one.end_s)) > 600
    for one in made["stuck"]:
        assert one.points[-1][1:] == one.points[-2][1:]
        assert 3_600 == pytest.approx(one.points[-1][0] - one.points[-2][0])
    for one in made["night"]:
        assert 0 < one.onset_s % DAY_S < 4 * 3_600


def test_the_border_is_crossed_when_it_is_said_to_be(somebody, made) -> None:
    who, _, habits = somebody
    for one in made["range_foot"] + made["range_vehicle"]:
        cursor = Cursor(one.points)
        before, after = (math.dist(cursor.at(one.border_s + s), who.door) for s in (-10.0, 0.0))
        assert before <= episodes.BORDER * habits.range_m < after


def test_episodes_are_the_same_each_time_and_not_each_other(somebody, made) -> None:
    who, life, habits = somebody
    again = episode("away", who, life, habits, 0, LEARN_DAYS)

    assert again is not None
    assert made["away"][0].points == again.points
    ends = Counter(one.points[-1][1:] for kind in made.values() for one in kind if one.kind != "night")
    assert set(ends.values()) == {1}


def test_the_defaults_ask_for_every_baseline() -> None:
    assert {"circle500", "circle1000", "iboat", "theta_wd"} <= set(Asked().detectors)
