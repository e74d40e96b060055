"""The ways from her door: what teaches them, that they are kept and forgotten, and what they say of who leaves."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.watch.movement import ways
from app.watch.movement.habits import DAYS, Day, Habits, decode, encode, learn
from app.watch.movement.way_out import SURE, evidence
from app.watch.movement.ways import ANY, CELLS_MAX, KNOWN_DAYS, NEAR_M, Ways, cell_of, days_at
from tests.unit.watch.movement.build import (
    LEARN_DAYS,
    SHOP,
    Spot,
    Way,
    at_home,
    clock,
    degrees,
    known_days,
    on_day,
    ordinary_day,
    said,
)
from tests.unit.watch.movement.test_days import made
from tests.unit.watch.movement.test_places import drifting

FIRST = 739_000


def day(number: int, *cells: int) -> Day:
    return Day(ordinal=FIRST + number, ways=set(cells))


def learnt(*days: Day) -> Habits:
    known = Habits()
    for one in days:
        learn(known, one)
    return known


def walked(way: Way) -> set[int]:
    return made(way.until(clock(1, "03:50"), 600).fixes).ways


def morning() -> Way:
    return Way(clock(0, "04:00")).until(clock(0, "09:00"), 600)


def test_the_street_to_the_shop_is_a_way_of_hers_as_far_as_it_is_near_and_the_gardens_are_not() -> None:
    known = known_days().ways

    assert {LEARN_DAYS} == {days_at(known, *degrees(east_m, 0.0)) for east_m in range(60, int(NEAR_M) - 30, 10)}
    assert [0, 0, 0] == [days_at(known, *degrees(*spot)) for spot in ((0.0, 120.0), (-120.0, 0.0), (500.0, 0.0))]


def test_a_day_teaches_the_street_between_two_fixes_of_a_walk() -> None:
    along = {cell_of(*degrees(float(east_m), 0.0)) for east_m in range(66, 280, 20)}

    assert along <= made(ordinary_day(0)).ways


def test_between_fixes_of_a_slow_tracker_she_may_have_turned_a_corner() -> None:
    slow = walked(Way(clock(0, "04:00"), step_s=300).to(SHOP, (0.0, 0.0), speed_mps=0.5))

    assert [True, False] == [cell_of(*degrees(east_m, 0.0)) in slow for east_m in (150.0, 225.0)]


@pytest.mark.parametrize("far_m", [140.0, 400.0])
def test_a_receiver_that_is_off_teaches_no_way(far_m: float) -> None:
    leap = morning()
    leap.spot = (far_m, 0.0)
    leap.stay(3)
    leap.spot = (0.0, 0.0)

    assert set() == walked(leap)


def test_who_only_stood_before_her_house_took_no_way() -> None:
    assert set() == walked(morning().to((100.0, 0.0)).stay(30).to((0.0, 0.0)))


def test_ways_are_forgotten_with_their_days_and_known_from_two_weeks_on() -> None:
    known = learnt(*(day(number, 7) for number in range(KNOWN_DAYS - 1)))
    assert not ways.are_known(known.ways)

    learn(known, day(KNOWN_DAYS - 1, 9))
    assert ways.are_known(known.ways)
    assert (KNOWN_DAYS - 1, 1) == (ways.days_on(known.ways, 7), ways.days_on(known.ways, 9))

    for number in range(KNOWN_DAYS, KNOWN_DAYS + DAYS):
        learn(known, day(number))
    assert Ways() == known.ways


def test_a_day_that_comes_late_adds_to_its_own_day() -> None:
    known = learnt(day(0, 7), day(1, 7), day(0, 8), day(1, 7))

    assert (2, 1, 2) == tuple(ways.days_on(known.ways, one) for one in (7, 8, ANY))


def test_of_too_many_cells_those_are_kept_where_she_walks_most() -> None:
    known = Habits()
    for number in range(DAYS):
        learn(known, day(number, 1, 2, *Random(number).sample(range(10, 1_000), 100)))

    learn(known, day(DAYS, 3))

    assert 1 == ways.days_on(known.ways, 3), "a street that is new today"
    assert CELLS_MAX == len(known.ways.cells)
    assert list(known.ways.cells) == sorted(known.ways.cells)
    assert [DAYS, DAYS - 1, DAYS - 1] == [ways.days_on(known.ways, one) for one in (ANY, 1, 2)]


def test_what_is_kept_is_read_again_and_rules_know_nothing_of_it() -> None:
    known = known_days()
    again = decode(encode(known))

    assert known.ways == again.ways
    assert known.peaks == again.peaks
    assert encode(known) == encode(again)


@pytest.mark.parametrize(("new", "kept"), [(0, 99), (1, DAYS), (0, 22), (0, 28)], ids=str)
def test_what_the_version_before_made_of_her_ways_is_none(new: int, kept: int) -> None:
    """It takes them for a measure of one byte a day: it moves them on with each day, and cuts them where it forgets."""
    known = known_days()
    form, days, ordinals, series, peaks, home = msgspec.msgpack.decode(encode(known))
    ordinals = [ordinals[0] + one for one in range(new, 0, -1)] + ordinals[: DAYS - new]
    peaks = {name: (bytes(new) + one)[: len(one) if kept == 99 else kept] for name, one in peaks.items()}
    again = decode(msgspec.msgpack.encode((form, days, ordinals, series, peaks, home)))

    assert again.ways == (known.ways if kept == 99 else Ways())


@given(st.binary(max_size=60), st.integers(0, 2**32 - 1))
def test_whatever_is_kept_is_read(kept: bytes, newest: int) -> None:
    found = ways.unpacked(kept, newest)

    assert len(found.cells) == len(found.masks)


spots = st.tuples(st.floats(-300, 300), st.floats(-300, 300))


@given(spots, spots, st.floats(55, 180), st.integers(0, 27), st.integers(0, 28))
def test_the_oftener_she_walked_there_the_surer_it_is(
    there: Spot, here: Spot, time_s: float, few: int, days: int
) -> None:
    less = evidence((0, 0), there, here, time_s, (days, few))

    assert less <= evidence((0, 0), there, here, time_s, (days, few + 1))
    assert less < 2 * SURE


def test_a_walk_along_her_street_is_sure_and_over_gardens_or_standing_it_is_not() -> None:
    door, here = (0.0, 0.0), (0.0, 100.0)
    far = [evidence(door, (0.0, then_m), here, 60.0, (10, 10)) for then_m in (100.0, 92.0, 84.0, 76.0, 71.0)]

    assert all(one < other for one, other in pairwise(far))
    assert far[0] < SURE <= far[-1]
    assert evidence(door, (0.0, 60.0), here, 60.0, (0, 0)) < SURE


@pytest.mark.parametrize("off", [(0.0, 100.0), (0.0, 140.0), (-99.0, 99.0)], ids=str)
def test_who_goes_off_as_a_receiver_drifts_is_told_of_on_her_street_alone(off: Spot) -> None:
    """The first five minutes are the same: what tells them apart is where they lead."""
    length_m = (off[0] ** 2 + off[1] ** 2) ** 0.5

    assert [] == said(at_home(), drifting(off).fixes)
    assert [] == said(at_home(), drifting((min(length_m, 100.0), 0.0)).fixes)
    on_her_street = said(at_home(), on_day("26:00").stay(1).to((length_m + 60.0, 0.0), speed_mps=0.5).fixes)
    assert "unusual_hour" == on_her_street[0].rule


@pytest.mark.parametrize(
    "spots",
    [
        ((80.0, 0.0), (190.0, 0.0)),
        ((30.0, 0.0), (80.0, 0.0), (84.0, 0.0)),
        ((51.0, -8.0), (73.0, 16.0)),
        ((0.0, 210.0), (0.0, 290.0), (0.0, 280.0)),
    ],
    ids=["faster than anybody walks", "one step out of the door", "about the garden", "far off for three minutes"],
)
def test_what_a_receiver_does_is_no_way_from_home(spots: Sequence[Spot]) -> None:
    night = on_day("26:00").stay(1)
    for spot in (*spots, (0.0, 0.0)):
        night.spot = spot
        night.stay(1)

    assert [] == said(at_home(), night.fixes)


def test_who_leaves_by_a_street_that_she_never_takes_is_told_of_a_little_later() -> None:
    told_after = []
    for goal in ((600.0, 0.0), (0.0, 600.0)):
        night = on_day("26:00").stay(1)
        left_at = night.at
        told_after.append((said(at_home(), night.to(goal, speed_mps=0.7).fixes)[0].at - left_at).total_seconds() / 60)

    assert [3.0, 4.0] == told_after


def test_who_was_not_heard_before_she_was_far_is_told_of_with_three_fixes() -> None:
    """Beyond 300 m nothing is kept of her ways."""
    evening = on_day("26:00").stay(1)
    far = Way(evening.at + timedelta(minutes=8), (0.0, 400.0)).to((0.0, 900.0), speed_mps=0.9)
    found = said(at_home(), evening.fixes + far.fixes)

    assert ["unusual_hour"] == [one.rule for one in found[:1]]
    assert far.fixes[2].at == found[0].at


def test_who_is_seen_again_on_her_way_home_has_not_left() -> None:
    """The tracker was silent since the evening, and is heard again when she walks home along her street."""
    evening = on_day("22:30").stay(1)
    late = Way(evening.at + timedelta(minutes=50), (280.0, 0.0)).to((0.0, 0.0), speed_mps=0.9).stay(10)

    assert [] == said(at_home(), evening.fixes + late.fixes)
