"""Each rule with one clear story, at the steps at which it can be seen, and what is no story at all."""

import math
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from msgspec import Struct

from app.watch.movement.rules import RULES
from app.watch.replaying import Spoken
from tests.unit.watch.movement.build import LEARN_DAYS, SHOP, Way, at_home, clock, fix, on_day, ordinary_day, said

NEAR = (150.0, 0.0)
"""On ground that she knows, so that nothing but the line is unusual."""


def unfamiliar(step_s: int) -> Way:
    return on_day("10:00", step_s).to((0.0, 2_500.0))


def pacing(step_s: int) -> Way:
    return on_day("10:00", step_s).to(*[(80.0, 0.0), (200.0, 0.0)] * 14)


def lapping(step_s: int) -> Way:
    angles = [2 * math.pi * number / 24 for number in range(24 * 6)]
    return on_day("10:00", step_s).to(*((160.0 - 80.0 * math.cos(one), 80.0 * math.sin(one)) for one in angles))


def turning(step_s: int, speed_mps: float = 0.9, within_m: float = 100.0) -> Way:
    random, way = Random(3), on_day("10:00", step_s).to(NEAR)
    while way.at < clock(LEARN_DAYS, "11:00"):
        heading, length_m = random.uniform(0, 2 * math.pi), random.uniform(40, 120)
        goal = way.spot[0] + length_m * math.cos(heading), way.spot[1] + length_m * math.sin(heading)
        if math.dist(goal, NEAR) < within_m:
            way.to(goal, speed_mps=speed_mps)
    return way


def riding(step_s: int) -> Way:
    return on_day("10:00", step_s).to((9_000.0, 0.0), speed_mps=9.0).stay(20)


def late(step_s: int) -> Way:
    return on_day("17:00", step_s).to(SHOP).until(clock(LEARN_DAYS, "23:00"))


def stuck(step_s: int) -> Way:
    return on_day("10:00", step_s).to((0.0, 700.0)).stay(180)


class Story(Struct, frozen=True):
    """What is walked, from when, the rule that must speak, and within so many minutes."""

    walk: Callable[[int], Way]
    rule: str
    begins: str
    within_min: float


STORIES = {
    "away": Story(unfamiliar, "unfamiliar_on_foot", "10:00", 30),
    "back and forth": Story(pacing, "pacing", "10:00", 30),
    "round and round": Story(lapping, "lapping", "10:00", 40),
    "hither and thither": Story(turning, "random", "10:00", 50),
    "far by bus": Story(riding, "beyond_range", "10:00", 16),
    "still out": Story(late, "not_back_by", "17:00", 6 * 60),
    "does not move": Story(stuck, "stuck", "10:00", 150),
}
OF_A_LINE = ("back and forth", "round and round", "hither and thither")


def lines(walk: Callable[[int], Way], step_s: int) -> list[Spoken]:
    return said(at_home(step_s), walk(step_s).fixes)


@pytest.mark.parametrize("step_s", [20, 60, 300])
@pytest.mark.parametrize("name", [name for name in STORIES if name not in OF_A_LINE])
def test_a_story_is_noticed_in_time(name: str, step_s: int) -> None:
    story = STORIES[name]
    mine = [one for one in lines(story.walk, step_s) if one.rule == story.rule]

    assert mine
    assert mine[0].at - clock(LEARN_DAYS, story.begins) <= timedelta(minutes=story.within_min)


@pytest.mark.parametrize("step_s", [20, 60])
@pytest.mark.parametrize("name", OF_A_LINE)
def test_a_line_is_noticed_where_the_step_allows_to_see_it(name: str, step_s: int) -> None:
    story = STORIES[name]
    first = lines(story.walk, step_s)[0]

    # At a minute a step it is open which of the three it looks most like.
    assert first.rule == story.rule if step_s < 60 else first.rule in {STORIES[one].rule for one in OF_A_LINE}
    assert first.at - clock(LEARN_DAYS, story.begins) <= timedelta(minutes=story.within_min)


def test_who_turns_about_half_as_fast_is_noticed_as_well() -> None:
    """In half an hour she turns five or six times, which who walks somewhere does too."""
    first = lines(lambda step_s: turning(step_s, speed_mps=0.5, within_m=160.0), 60)[0]

    assert "random" == first.rule
    assert first.at - clock(LEARN_DAYS, "10:00") <= timedelta(minutes=60)


@pytest.mark.parametrize("seed", range(5))
def test_a_receiver_that_errs_where_she_stays_makes_no_wanderer(seed: int) -> None:
    """Each leap of a receiver in a house is a turn there and one back."""
    random, way = Random(seed), on_day("10:00").to(NEAR)
    for _ in range(18):
        way.stay(4)
        way.spot = (NEAR[0] + random.gauss(0.0, 70.0), NEAR[1] + random.gauss(0.0, 70.0))
        way.stay(1)
        way.spot = NEAR

    assert [] == [one for one in said(at_home(), way.fixes) if one.rule == "random"]


@pytest.mark.parametrize("name", OF_A_LINE)
def test_what_a_step_cannot_see_is_not_pretended(name: str) -> None:
    assert [] == lines(STORIES[name].walk, 300)


@pytest.mark.parametrize("step_s", [20, 60, 300])
def test_leaving_in_the_night_is_noticed_on_a_way_that_she_knows_well(step_s: int) -> None:
    at = clock(LEARN_DAYS + 1, "02:00")
    night = on_day("26:00", step_s).to(SHOP).stay(20)
    first = said(at_home(step_s), night.fixes)[0]

    assert first.at - at <= timedelta(minutes=6 if step_s <= 60 else 15)
    assert "Left home at about 02:0" in first.reason


def test_a_wrong_fix_on_the_way_out_makes_nobody_wait() -> None:
    """She walks slowly; three minutes from the door a fix is 100 m off, and the next one right again."""
    at, night = clock(LEARN_DAYS + 1, "02:00"), on_day("26:00").to(SHOP, speed_mps=0.55)
    wrong = [fix(one.at, 180.0, 90.0) if one.at == at + timedelta(minutes=3) else one for one in night.fixes]
    first = said(at_home(), wrong)[0]

    assert "unusual_hour" == first.rule
    assert first.at - at <= timedelta(minutes=6)


def test_one_ride_does_not_widen_the_range_of_who_walks() -> None:
    """A day at the sea, and a week later she walks on beyond the shop; who rides there again is let alone."""
    replay, day = at_home(), LEARN_DAYS
    trip = Way(clock(day, "04:00")).until(clock(day, "10:00"), 600).to((9_000.0, 0.0), speed_mps=9.0)
    home = trip.stay(60).to((0.0, 0.0), speed_mps=9.0)
    said(replay, home.until(clock(day + 1, "03:50"), 600).fixes)
    for later in range(day + 1, day + 7):
        assert [] == said(replay, ordinary_day(later))
    again = Way(clock(day + 7, "04:00")).until(clock(day + 7, "10:00"), 600)
    rides, walks = replay.copy(), said(replay, again.to((600.0, 0.0)).fixes)

    assert [] == walks
    left_at = again.at
    told = said(replay, Way(left_at, again.spot).to((1_400.0, 800.0), speed_mps=1.0).fixes[1:])
    beyond = next(one for one in told if one.rule == "beyond_range")
    assert beyond.at - left_at <= timedelta(minutes=11)

    bus = Way(clock(day + 7, "04:00")).until(clock(day + 7, "10:00"), 600).to((9_000.0, 0.0), speed_mps=9.0).stay(30)
    assert [] == said(rides, bus.fixes)


@pytest.mark.parametrize("step_s", [20, 60, 300])
def test_an_ordinary_outing_is_nothing(step_s: int) -> None:
    way = on_day("09:00", step_s).to(SHOP).stay(10).to((0.0, 0.0)).until(clock(LEARN_DAYS + 1, "03:50"), 600)

    assert [] == said(at_home(step_s), way.fixes)


@pytest.mark.parametrize("step_s", [20, 60, 300])
def test_another_hour_of_the_day_and_a_longer_stay_are_nothing(step_s: int) -> None:
    way = on_day("14:00", step_s).to(SHOP).stay(75).to((0.0, 0.0)).stay(60)

    assert [] == said(at_home(step_s), way.fixes)


def test_a_walk_where_she_went_on_two_days_is_nothing() -> None:
    replay, detour = at_home(), ((0.0, 900.0), (0.0, 0.0))
    for day in (LEARN_DAYS, LEARN_DAYS + 1):
        way = Way(clock(day, "04:00")).until(clock(day, "10:00"), 600).to(*detour)
        said(replay, way.until(clock(day + 1, "03:50"), 600).fixes)
    again = Way(clock(LEARN_DAYS + 2, "04:00")).until(clock(LEARN_DAYS + 2, "10:00"), 600).to(*detour)

    assert [] == said(replay, again.fixes)


def test_sitting_at_home_with_a_receiver_that_errs_is_nothing() -> None:
    random, way = Random(5), on_day("05:00", 60)
    for _ in range(18 * 60):
        way.spot = (0.0, 0.0)
        way.to((random.gauss(0.0, 12.0), random.gauss(0.0, 12.0)), speed_mps=100.0)

    assert [] == said(at_home(), way.fixes)


def test_every_rule_has_a_name_of_its_own_a_question_and_borders_in_order() -> None:
    assert len(RULES) == len({rule.name for rule in RULES})
    for rule in RULES:
        assert rule.question.endswith("?")
        assert 0.0 < rule.floor <= rule.cap <= 255.0
        assert rule.urgent is None or rule.urgent > rule.floor
