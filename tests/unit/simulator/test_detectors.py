"""The detectors of the town: where they stand, how they speak, and that those who should pass them do."""

from collections import Counter
from itertools import pairwise

import pytest

from app.simulator.detectors import APART_M, CHILDREN_HOUSE, EAST_GATE, GATE, Detector, detectors_of
from app.simulator.outings import Day
from app.simulator.people import Part
from app.simulator.streets import apart_m
from app.simulator.town import town_of

SEEDS = range(6)


def by_key(seed: int) -> dict[str, Detector]:
    return {one.key: one for one in detectors_of(town_of(seed))}


def test_forty_detectors_of_three_kinds_speak_three_formats() -> None:
    detectors = detectors_of(town_of(1))

    assert {"fixed": 28, "facility": 7, "vehicle": 5} == Counter(one.kind for one in detectors)
    assert {"gateway": 33, "minew": 4, "theengs": 3} == Counter(one.format for one in detectors)
    assert {True, False} == {one.signed for one in detectors if one.format == "gateway"}
    assert not any(one.signed for one in detectors if one.format != "gateway")
    assert {"gateway"} == {one.format for one in detectors if one.external_id is None}
    assert 40 == len({one.name for one in detectors})


def test_one_clock_was_never_set_and_one_detector_falls_silent() -> None:
    detectors = detectors_of(town_of(1))

    assert ["corner-5"] == [one.key for one in detectors if not one.clock_was_set]
    assert [(CHILDREN_HOUSE, 60.0)] == [(one.key, one.stops_at_s) for one in detectors if one.stops_at_s is not None]


@pytest.mark.parametrize("seed", SEEDS)
def test_poles_stand_apart_and_the_gates_at_the_school(seed: int) -> None:
    found = by_key(seed)
    corners = [one.spot for key, one in found.items() if key.startswith("corner-")]

    assert town_of(seed).school == found[GATE].spot
    assert 0 < apart_m(found[GATE].spot, found[EAST_GATE].spot) <= 41
    assert found[EAST_GATE].spot.east_m > found[GATE].spot.east_m
    assert all(apart_m(one, other) >= APART_M for one in corners for other in corners if one is not other)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_child_who_goes_to_school_passes_poles_on_its_way(seed: int) -> None:
    town = town_of(seed)
    corners = [one.spot for key, one in by_key(seed).items() if key.startswith("corner-")]
    passing = 0
    for one in town.pupils:
        day = Day(one.life)
        way = [day.at(since_s).spot for since_s in range(0, 1_200, 10)]
        passing += any(apart_m(spot, pole) < 25 for spot in way for pole in corners)
        if one.child.part is Part.GOES_TO_SCHOOL:
            assert town.school in way

    assert passing >= 14, "of 18"


def test_vehicles_drive_and_all_others_stay() -> None:
    for one in detectors_of(town_of(1)):
        places = [one.at(since_s) for since_s in range(0, 3_600, 10)]
        steps_m = [apart_m(before, after) for before, after in pairwise(places)]

        assert (one.kind == "vehicle") is (max(steps_m) > 0)
        assert max(steps_m) <= 10 * one.speed_mps + 1e-6
        assert max(apart_m(one.spot, place) for place in places) > 300 or one.kind != "vehicle"
