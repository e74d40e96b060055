"""Who hears whom: near is heard, far is not, and how much of it."""

import math
from random import Random
from statistics import mean

import pytest

from app.simulator.adverts import AT_1_M_DBM
from app.simulator.hearing import LOST, NEVER_BEYOND_M, Heard, heard_between, numbers_between, rssi_dbm
from app.simulator.streets import Spot
from app.simulator.tags import tags_of
from app.simulator.town import town_of

TAG = tags_of(town_of(1))[0]
SENT = len(numbers_between(TAG.interval_s, 0.0, 1_000.0))


def heard(distance_m: float, seed: int = 1) -> list[Heard]:
    """What a detector hears in 1,000 s of a tag so far away."""
    found = heard_between({"pole": Spot(0, 0)}, [(TAG, Spot(distance_m, 0))], 0.0, 1_000.0, Random(seed))
    return found.get("pole", [])


def test_of_a_tag_beside_the_pole_half_is_lost_and_the_rest_is_loud() -> None:
    found = heard(1.0)

    assert pytest.approx(LOST, abs=0.08) == len(found) / SENT
    assert pytest.approx(AT_1_M_DBM, abs=1) == mean(one.rssi_dbm for one in found)
    assert {TAG.mac} == {one.mac for one in found}
    assert {TAG.frame} == {one.adv for one in found}


def test_signals_fall_by_22_db_in_ten_times_the_distance() -> None:
    levels = [mean(rssi_dbm(distance_m, Random(seed)) for seed in range(2_000)) for distance_m in (2.0, 20.0)]

    assert pytest.approx(22.0, abs=1e-6) == levels[0] - levels[1]


def test_the_reach_is_about_50_m() -> None:
    assert len(heard(25.0)) > 0.8 * len(heard(1.0))
    assert 0.2 * len(heard(1.0)) < len(heard(48.0)) < 0.8 * len(heard(1.0))
    assert len(heard(70.0)) < 0.3 * len(heard(1.0))
    assert [] == heard(NEVER_BEYOND_M + 1)


def test_two_poles_hear_the_same_tag_and_each_only_those_who_are_near() -> None:
    ears = {"near": Spot(0, 0), "beside": Spot(30, 0), "far": Spot(500, 0)}
    found = heard_between(ears, [(TAG, Spot(15, 0))], 0.0, 60.0, Random(1))

    assert {"near", "beside"} == found.keys()


def test_the_same_seed_hears_the_same_and_times_are_in_order_within_the_step() -> None:
    assert heard(40.0, seed=7) == heard(40.0, seed=7) != heard(40.0, seed=8)
    times_s = [one.at_s for one in heard(1.0)]
    assert sorted(times_s) == times_s
    assert times_s[0] >= 0
    assert times_s[-1] < 1_000


def test_no_advertisement_is_heard_in_two_steps_or_in_none() -> None:
    numbers = [number for step in range(50) for number in numbers_between(1.3, step * 10.0, step * 10.0 + 10.0)]

    assert list(range(math.ceil(500 / 1.3))) == numbers
