"""What is usual at one place is usual there: rounds in her own park, and a receiver that drifts off at home."""

import math
from datetime import timedelta

import pytest

from app.watch.movement import habits
from app.watch.movement.habits import DAYS, PLACES_MAX, Habits, area_of, at_place, learn, peaks_near
from app.watch.replaying import Options, Replay
from tests.unit.watch.movement.build import LEARN_DAYS, SHOP, ZONE, Spot, Way, at_home, clock, on_day, said
from tests.unit.watch.movement.test_habits import cell, day, learnt

PARK = (0.0, 0.0)
SQUARE = (1_500.0, 0.0)
RADIUS_M = 60.0


def rounds(middle: Spot, count: int) -> list[Spot]:
    angles = [2 * math.pi * number / 24 for number in range(24 * count)]
    return [(middle[0] + RADIUS_M * math.cos(one), middle[1] + RADIUS_M * math.sin(one)) for one in angles]


def a_day(number: int, laps: int) -> Way:
    """To the square and back, with so many rounds behind her house on the way."""
    way = Way(clock(number, "04:00")).until(clock(number, "09:00"), 600)
    way.to(*rounds((200.0, 0.0), laps), (0.0, 0.0), SQUARE).stay(10).to((0.0, 0.0))
    return way.until(clock(number + 1, "03:50"), 600)


def walker() -> Replay:
    """Somebody who went round and round on two days of four weeks."""
    replay = Replay("hana", Options(zone=ZONE, learn_days=LEARN_DAYS))
    for number in range(LEARN_DAYS):
        assert [] == said(replay, a_day(number, 5 if number in (15, 22) else 0).fixes)
    return replay


def test_rounds_where_she_goes_round_are_let_alone_and_elsewhere_they_are_told() -> None:
    known = walker()
    on_the_square = Way(clock(LEARN_DAYS, "04:00")).until(clock(LEARN_DAYS, "09:00"), 600)
    on_the_square.to(SQUARE).stay(30).to(*rounds(SQUARE, 5))

    assert [] == said(known.copy(), a_day(LEARN_DAYS, 5).fixes)
    assert ["lapping"] == [one.rule for one in said(known.copy(), on_the_square.fixes)]


def test_nobody_is_let_alone_beyond_what_is_possible_anywhere() -> None:
    assert ["lapping"] == [one.rule for one in said(walker(), a_day(LEARN_DAYS, 12).fixes)]


def test_what_is_usual_at_a_place_is_kept_for_four_weeks() -> None:
    name, here = at_place("lapping", area_of(cell(0.0))), cell(0.0)
    known = learnt(day(0, peaks={"lapping": 90, name: 90}))

    assert [90] == [max(one) for one in peaks_near(known, "lapping", cell(130.0))]
    assert [] == list(peaks_near(known, "lapping", cell(3_000.0)))
    assert [] == list(peaks_near(known, "pacing", here))
    for number in range(1, DAYS):
        learn(known, day(number))
    assert [90] == [max(one) for one in peaks_near(known, "lapping", here)]
    learn(known, day(DAYS))
    assert ([], {"lapping"}) == (list(peaks_near(known, "lapping", here)), set(known.peaks))


def test_of_too_many_places_those_are_kept_where_she_was_lately() -> None:
    known, names = Habits(), [at_place("random", area_of(cell(1_000.0 * number))) for number in range(PLACES_MAX + 5)]
    for number, name in enumerate(names):
        learn(known, day(number, peaks={name: 80}))

    assert set(names[-PLACES_MAX:]) == set(known.peaks)


def test_a_map_full_of_places_stays_under_ten_kilobytes() -> None:
    known = Habits()
    rules = ("unfamiliar_on_foot", "off_route", "pacing", "lapping", "random", "stuck")
    for number in range(3 * DAYS):
        there = [cell(60.0 * n, 130.0 * number) for n in range(400)]
        near = {at_place("lapping", area_of(cell(1_000.0 * n))): 255 for n in range(PLACES_MAX)}
        peaks = {**dict.fromkeys(rules, 255), **near}
        ways = set(range(1, 200))
        learn(
            known, day(number, *there, far=1_000, last_out=1_000, home=(34.0, 134.0), slots=-1, peaks=peaks, ways=ways)
        )

    assert (habits.CELLS_MAX, PLACES_MAX + len(rules)) == (len(known.cells), len(known.peaks))
    assert len(habits.encode(known)) <= 10_000


def drifting(off: Spot) -> Way:
    """A receiver that goes so far off in six minutes, ever more slowly, and comes back."""
    night = on_day("26:00").stay(1)
    for minute in range(1, 12):
        share = math.sin(math.pi * minute / 12)
        night.spot = (share * off[0], share * off[1])
        night.stay(1)
    return night


@pytest.mark.parametrize("off", [(100.0, 0.0), (0.0, 100.0), (0.0, -140.0)], ids=["on her street", "north", "south"])
def test_a_receiver_that_drifts_off_and_comes_back_has_left_nobody(off: Spot) -> None:
    assert [] == said(at_home(), drifting(off).fixes)


@pytest.mark.parametrize("goals", [(SHOP,), ((60.0, 0.0), (60.0, 400.0)), ((0.0, -60.0), (300.0, -60.0))], ids=str)
def test_who_walks_off_in_the_night_is_told_of_within_six_minutes(goals: tuple[Spot, ...]) -> None:
    night = on_day("26:00").stay(1)
    left_at = night.at

    found = said(at_home(), night.to(*goals, speed_mps=0.5).fixes)

    assert "unusual_hour" == found[0].rule
    assert found[0].at - left_at <= timedelta(minutes=6)


@pytest.mark.parametrize("step_s", [20, 60])
def test_who_turns_the_corner_in_the_night_is_told_of_though_she_gets_no_farther_from_home(step_s: int) -> None:
    """Round the block, never 110 m from her door; and with a leap of the receiver before, after which only who walks to
    the side is believed.
    """
    block = ((90.0, 0.0), (90.0, 60.0), (0.0, 90.0), (-90.0, 60.0))
    plain = on_day("26:00", step_s).stay(1)
    left_at = plain.at
    leap = on_day("26:00", step_s).stay(1)
    leap.spot = (90.0, 0.0)
    leap.stay(1)

    for way in (plain, leap):
        found = said(at_home(step_s), way.to(*block, speed_mps=0.6).fixes)

        assert ["unusual_hour"] == [one.rule for one in found[:1]]
        assert found[0].at - left_at <= timedelta(minutes=5)


@pytest.mark.parametrize("minutes", [3, 30])
@pytest.mark.parametrize("second", [(0.0, 100.0), (50.0, 70.0)], ids=["far", "as near as a walk"])
def test_a_receiver_that_leaps_to_one_wrong_place_and_another_has_left_nobody(second: Spot, minutes: int) -> None:
    night = on_day("26:00").stay(1)
    for spot in ((100.0, 0.0), second, (-100.0, 20.0), (0.0, 0.0)):
        night.spot = spot
        night.stay(minutes)

    assert [] == said(at_home(), night.fixes)
