"""The town of a seed: the same every time, with streets that lead everywhere and outings that keep to them."""

import math
from collections import Counter
from functools import cache
from itertools import pairwise

import pytest

from app.simulator.outings import ROUND_S, Day, legs_of, presses_sos_at_s
from app.simulator.people import FAMILY, PEOPLE, RELATIVES, STAFF, Device, Part, Person, members_of
from app.simulator.streets import Path, Spot, Streets, apart_m
from app.simulator.town import HOME_RADIUS_M, RANGE_RADIUS_M, SCHOOL_RADIUS_M, Resident
from app.simulator.town import town_of as built_town_of

SEEDS = (1, 3, 20261122)
"""In town 3 a corner would be cut off, were gaps made without a look."""
STEP_S = 20
LONGEST_BLOCK_M = 200
town_of = cache(built_town_of)


def who(part: Part, seed: int = 1) -> Resident:
    return next(one for one in town_of(seed).residents if one.person.part is part)


def lies_on_a_street(spot: Spot, streets: Streets) -> bool:
    """Whether the place is on the straight line between two corners that are joined."""
    for number, corner in enumerate(streets.corners):
        if apart_m(corner, spot) > LONGEST_BLOCK_M:
            continue
        for other in streets.joined[number]:
            detour_m = apart_m(corner, spot) + apart_m(spot, streets.corners[other])
            if detour_m - apart_m(corner, streets.corners[other]) < 1e-6:
                return True
    return False


def test_the_same_seed_makes_the_same_town() -> None:
    assert built_town_of(7) == built_town_of(7)


def test_another_seed_makes_another_town() -> None:
    one, other = town_of(7), town_of(8)

    assert one.streets != other.streets
    assert {resident.life.home_spot for resident in one.residents}.isdisjoint(
        resident.life.home_spot for resident in other.residents
    )


def test_twelve_people_carry_eight_watches_and_four_phones() -> None:
    carried = Counter(resident.person.device for resident in town_of(1).residents)

    assert {Device.WATCH: 8, Device.OWNTRACKS: 2, Device.OSMAND: 1, Device.TRACCAR_CLIENT: 1} == carried


def test_no_two_devices_call_themselves_alike() -> None:
    ids = [resident.external_id for resident in town_of(1).residents]

    assert len(set(ids)) == len(ids)


def test_every_household_has_a_member_who_is_a_contact_of_its_wearers() -> None:
    keys = {relative.key for relative in RELATIVES}
    for person in PEOPLE:
        contacts = {kin.relative for kin in person.contacts}

        assert contacts <= keys
        assert contacts & {relative.key for relative in members_of(person.household)}, person.name


def test_the_family_account_is_told_of_wearers_with_three_formats_and_of_who_gets_lost() -> None:
    own = [person for person in PEOPLE if any(kin.relative == FAMILY.key for kin in person.contacts)]

    assert {"watch", "owntracks", "osmand"} == {person.device.speaks for person in own}
    assert {Part.WANDERS, Part.PRESSES_SOS, Part.STAYS_IN} == {person.part for person in own}


def test_the_first_device_of_each_format_stays_in_and_leaves_the_word_to_a_script() -> None:
    first: dict[str, Person] = {}
    for person in PEOPLE:
        first.setdefault(person.device.speaks, person)

    assert {Part.STAYS_IN} == {person.part for person in first.values()}


def test_accounts_have_different_addresses_and_phones() -> None:
    everybody = [*RELATIVES, *STAFF.values()]

    assert len(everybody) == len({one.email for one in everybody}) == len({one.push_token for one in everybody})


@pytest.mark.parametrize("seed", SEEDS)
def test_every_corner_can_be_reached(seed: int) -> None:
    streets = town_of(seed).streets
    reached, waiting = {0}, [0]
    while waiting:
        for corner in set(streets.joined[waiting.pop()]) - reached:
            reached.add(corner)
            waiting.append(corner)

    assert len(streets.corners) == len(reached)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("number", [0, 5])
def test_walks_stay_on_streets_and_nobody_jumps(seed: int, number: int) -> None:
    town = town_of(seed)
    for resident in town.residents:
        day = Day(resident.life)
        moments = range(int(number * ROUND_S), int((number + 1) * ROUND_S), STEP_S)
        places = [day.at(since_s) for since_s in moments]

        for place in {place.spot for place in places}:
            assert lies_on_a_street(place, town.streets), resident.person.name
        for before, after in pairwise(places):
            assert apart_m(before.spot, after.spot) <= 8.0 * STEP_S + 1e-6, resident.person.name


@pytest.mark.parametrize("number", range(8))
def test_everybody_is_home_when_a_round_ends(number: int) -> None:
    for seed in range(5):
        town = town_of(seed)
        for life in [one.life for one in (*town.residents, *town.pupils)]:
            legs = legs_of(life, number)

            assert all(one.until_s == other.from_s for one, other in pairwise(legs))
            assert not legs or legs[-1].until_s < ROUND_S, life.seed


def test_a_round_can_be_lived_again() -> None:
    life = who(Part.GOES_OUT).life

    assert legs_of(life, 3) == legs_of(life, 3)
    assert legs_of(life, 3) != legs_of(life, 4)


@pytest.mark.parametrize("seed", SEEDS)
def test_who_gets_lost_leaves_home_far_behind_and_is_brought_back(seed: int) -> None:
    resident = who(Part.WANDERS, seed)
    day = Day(resident.life)
    home = resident.life.home_spot
    away_m = [apart_m(home, day.at(since_s).spot) for since_s in range(0, 3600, STEP_S)]

    assert away_m[0] == 0
    assert max(away_m) > 8 * HOME_RADIUS_M
    assert away_m[-1] == 0
    assert away_m[400 // STEP_S] > HOME_RADIUS_M


@pytest.mark.parametrize("seed", range(5))
def test_who_goes_out_alone_stays_within_the_usual_range(seed: int) -> None:
    for resident in town_of(seed).residents:
        if resident.person.part in (Part.GOES_OUT, Part.GOES_TO_SCHOOL):
            day = Day(resident.life)
            for since_s in range(0, int(2 * ROUND_S), 60):
                assert apart_m(resident.life.home_spot, day.at(since_s).spot) < RANGE_RADIUS_M


def test_the_child_is_at_school_and_its_fence_is_around_it() -> None:
    resident = who(Part.GOES_TO_SCHOOL)
    fence = next(fence for fence in resident.fences if fence.purpose == "school")
    place = Day(resident.life).at(3600)

    assert place.indoors
    assert apart_m(fence.centre, place.spot) < SCHOOL_RADIUS_M
    assert apart_m(resident.life.home_spot, place.spot) > HOME_RADIUS_M + SCHOOL_RADIUS_M


@pytest.mark.parametrize("seed", range(8))
def test_all_children_but_one_reach_the_school_within_24_minutes(seed: int) -> None:
    town = town_of(seed)
    lessons = [Day(one.life).at(24 * 60) for one in town.pupils]
    missing = [one.child.key for one, where in zip(town.pupils, lessons, strict=True) if where.spot != town.school]

    assert 18 == len(town.pupils)
    assert ["hiroto"] == missing
    assert all(where.indoors for where in lessons if where.spot == town.school)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("number", [0, 1])
def test_who_does_not_arrive_never_comes_so_near_that_a_gate_could_hear_him(seed: int, number: int) -> None:
    town = town_of(seed)
    life = next(one.life for one in town.pupils if one.child.part is Part.MISSES_SCHOOL)
    day = Day(life)
    moments = range(int(number * ROUND_S), int((number + 1) * ROUND_S), STEP_S)

    assert min(apart_m(town.school, day.at(since_s).spot) for since_s in moments) > 125
    assert any(apart_m(life.home_spot, day.at(since_s).spot) > 140 for since_s in moments)


def test_brothers_and_sisters_live_together_and_their_contacts_are_members_of_the_household() -> None:
    homes: dict[str, set[Spot]] = {}
    for one in town_of(1).pupils:
        homes.setdefault(one.child.household, set()).add(one.life.home_spot)

        assert one.child.kin.relative in {relative.key for relative in members_of(one.child.household)}
    assert all(len(spots) == 1 for spots in homes.values())


def test_leaving_home_is_told_only_of_those_who_should_not_leave_it_alone() -> None:
    told = {
        resident.person.part: fence.tell_exit
        for resident in town_of(1).residents
        for fence in resident.fences
        if fence.purpose == "home"
    }

    assert {
        Part.STAYS_IN: True,
        Part.WANDERS: True,
        Part.PRESSES_SOS: True,
        Part.GOES_OUT: False,
        Part.GOES_TO_SCHOOL: False,
    } == told


def test_sos_is_pressed_once_a_round_by_one_person_who_is_in() -> None:
    presses = [one for one in town_of(1).residents if presses_sos_at_s(one.life, 0) is not None]

    assert [Part.PRESSES_SOS] == [one.person.part for one in presses]
    assert Day(presses[0].life).at(presses_sos_at_s(presses[0].life, 0) or 0).indoors
    assert presses_sos_at_s(presses[0].life, 2) == 2 * ROUND_S + 600


def test_a_device_that_goes_offline_comes_back_during_the_outing() -> None:
    resident = next(one for one in town_of(1).residents if one.person.offline)
    day = Day(resident.life)
    online = [day.is_online(since_s) for since_s in range(0, int(ROUND_S), STEP_S)]

    assert online[0]
    assert 300 <= STEP_S * online.count(False) <= 380
    assert online[-1]


def test_a_place_along_a_path_is_where_its_distance_says() -> None:
    path = Path((Spot(0, 0), Spot(0, 30), Spot(40, 30)), (0.0, 30.0, 70.0))

    assert (Spot(0, 15), 0.0) == path.at(15)
    assert (Spot(20, 30), 90.0) == path.at(50)
    assert (Spot(40, 30), 90.0) == path.at(1000)
    assert 70 == path.backwards().length_m


def test_degrees_are_those_of_the_mean_sphere() -> None:
    origin = town_of(1).origin
    lat_deg, lon_deg = origin.degrees(Spot(1000, 1000))

    assert math.isclose(0.0089932, lat_deg - origin.lat_deg, rel_tol=1e-4)
    assert math.isclose(0.0109463, lon_deg - origin.lon_deg, rel_tol=1e-3)
