"""What a whole day was like, from the places that are stored of it."""

from collections.abc import Sequence
from datetime import timedelta

from app.geo.measure import distance_m
from app.watch.movement import habits
from app.watch.movement.days import Home, believed, day_of_track
from app.watch.movement.habits import NEVER, Day
from app.watch.movement.moving import Point
from app.watch.replaying import Fix
from tests.unit.watch.movement.build import FIRST_DAY, SHOP, ZONE, Way, clock, degrees, fix, ordinary_day

HOME = degrees(0.0, 0.0)


def points(fixes: Sequence[Fix]) -> list[Point]:
    return [Point(one.at, one.lat_deg, one.lon_deg, one.accuracy_m or 30.0) for one in fixes]


def made(fixes: Sequence[Fix], home: Home | None = HOME) -> Day:
    return day_of_track(points(fixes), FIRST_DAY.date(), home, ZONE, {})


def of_another(fixes: Sequence[Fix]) -> list[Point]:
    """The same, found by another device of hers, a little later."""
    return [Point(one.at + timedelta(seconds=23), one.lat_deg, one.lon_deg, one.accuracy_m or 30.0, 1) for one in fixes]


def cell(east_m: float, north_m: float = 0.0) -> int:
    return habits.cell_at(*degrees(east_m, north_m), habits.RESOLUTION)


def test_an_ordinary_day_teaches_the_way_the_hours_and_the_range() -> None:
    day = made(ordinary_day(0))

    assert all(set(habits.around(cell(east))) & day.cells.keys() for east in range(0, 601, 20))
    assert 1 << 9 // 3 == day.cells[cell(*SHOP)], "from nine to twelve"
    assert {18} == {slot for slot in range(48) if day.slots >> slot & 1}
    assert 590 <= 10 * day.far <= 600
    assert 5 * 60 < day.last_out < 6 * 60
    assert day.home is not None
    assert 20.0 > distance_m(*day.home, *HOME)


def test_a_wrong_fix_teaches_neither_hours_nor_range_nor_home() -> None:
    track = ordinary_day(0)
    wrong = [*track]
    for number in (5, 20, 60, 120, 135):
        wrong[number] = fix(track[number].at, 20_000.0, 4_000.0)
    plain, day = made(track), made(wrong)

    assert (plain.slots, plain.far, plain.last_out) == (day.slots, day.far, day.last_out)
    assert plain.home == day.home
    assert cell(20_000.0, 4_000.0) not in day.cells


def at_night(way: Way) -> set[int]:
    """The half hours of the night in which she was out, of a day that ends so."""
    day = made(way.until(clock(1, "03:50"), 600).fixes)
    return {slot for slot in range(48) if day.slots >> slot & 1 and slot < 8}


def test_a_receiver_that_is_off_for_a_while_makes_no_hour_of_the_night_her_own() -> None:
    home = Way(clock(0, "04:00")).until(clock(1, "02:05"), 600)
    home.spot = (300.0, 0.0)
    home.stay(12)
    home.spot = (0.0, 0.0)

    assert set() == at_night(home)


def test_who_goes_out_at_night_does() -> None:
    """To the shop and back, which is twelve minutes beyond two hundred metres, or to a neighbour for half an hour."""
    to_the_shop = Way(clock(0, "04:00")).until(clock(1, "02:05"), 600).to(SHOP, (0.0, 0.0))
    to_a_neighbour = Way(clock(0, "04:00")).until(clock(1, "02:05"), 600).to((250.0, 0.0)).stay(40).to((0.0, 0.0))

    assert {4} == at_night(to_the_shop)
    assert {4, 5} == at_night(to_a_neighbour)


def test_what_nobody_can_have_gone_to_is_not_believed_and_a_ride_is() -> None:
    still = Way(clock(0, "10:00")).stay(10).fixes
    jump = [*still[:5], fix(still[5].at, 3_000.0, 0.0), *still[6:]]
    ride = Way(clock(0, "10:00")).stay(5).to((6_000.0, 0.0), speed_mps=12.0).stay(5).fixes

    assert points(jump[:5] + jump[6:]) == believed(points(jump))
    assert points(ride) == believed(points(ride))


def test_what_is_known_coarsely_says_nothing_of_a_cell() -> None:
    day = made([fix(clock(0, "10:00"), 0.0, 0.0), fix(clock(0, "10:01"), 500.0, 0.0, accuracy_m=800.0)])

    assert {cell(0.0)} == day.cells.keys()


def test_passages_are_places_too() -> None:
    """Somebody who carries a tag alone is known by the detectors that she passes."""
    gates = [
        fix(clock(0, text), east, 0.0, accuracy_m=50.0)
        for text, east in (("08:00", 0.0), ("08:10", 400.0), ("15:00", 400.0), ("15:12", 0.0))
    ]
    day = made(gates)

    assert {cell(0.0), cell(400.0)} <= day.cells.keys()
    assert cell(200.0) in day.cells, "she walked from gate to gate"
    assert (1 << 8 // 3 | 1 << 15 // 3) == day.cells[cell(400.0)]


def test_the_line_between_two_places_is_hers_only_as_far_as_one_may_say_so() -> None:
    def between(minutes: int, apart_m: float) -> bool:
        start = clock(0, "10:00")
        later = Way(start).stay(minutes).at
        return cell(apart_m / 2) in made([fix(start, 0.0, 0.0), fix(later, apart_m, 0.0)]).cells

    assert between(10, 600.0)
    assert not between(1, 1_000.0), "a ride may have gone another way"
    assert not between(60, 600.0), "she may have been anywhere"


def test_home_is_where_she_was_at_night_and_else_where_the_day_began() -> None:
    evening = Way(clock(0, "04:00"), (300.0, 0.0)).stay(60, 600).to((0.0, 0.0)).until(clock(1, "03:50"), 600)
    by_day = Way(clock(0, "09:00"), (50.0, 0.0)).to(SHOP).stay(300, 600)

    for fixes, spot in ((evening.fixes, (0.0, 0.0)), (by_day.fixes, (50.0, 0.0))):
        home = made(fixes, None).home
        assert home is not None
        assert 20.0 > distance_m(*home, *degrees(*spot))


def test_of_an_empty_day_nothing_is_known() -> None:
    day = made([], None)

    assert ({}, 0, None, NEVER, NEVER) == (day.cells, day.slots, day.home, day.far, day.last_out)


def test_a_phone_that_lies_somewhere_all_day_takes_nothing_away_and_adds_nothing() -> None:
    track = Way(clock(0, "04:00")).until(clock(0, "18:00"), 600).to((0.0, 2_000.0)).stay(30).to((0.0, 0.0))
    walked = track.until(clock(1, "03:50"), 600).fixes
    alone = made(walked)
    for spot in ((0.0, 0.0), (3_000.0, 0.0)):
        lies = Way(clock(0, "04:00"), spot).until(clock(1, "03:50"), 60).fixes
        track_of_both = sorted([*points(walked), *of_another(lies)], key=lambda one: one.at)

        assert alone == day_of_track(track_of_both, FIRST_DAY.date(), HOME, ZONE, {})


def test_what_two_devices_were_carried_to_is_all_hers() -> None:
    morning, evening = (
        Way(clock(0, "04:00"), step_s=60).until(clock(0, left), 600).to(goal).stay(10).to((0.0, 0.0))
        for left, goal in (("09:00", (0.0, 900.0)), ("18:00", (0.0, -700.0)))
    )
    one, other = (way.until(clock(1, "03:50"), 600).fixes for way in (morning, evening))
    both = sorted([*points(one), *of_another(other)], key=lambda point: point.at)
    found = day_of_track(both, FIRST_DAY.date(), HOME, ZONE, {})

    assert made(one).slots | made(other).slots == found.slots
    assert max(made(one).far, made(other).far) == found.far
    assert made(other).last_out == found.last_out
    assert made(one).cells.keys() | made(other).cells.keys() == found.cells.keys()


def test_a_device_that_stayed_in_one_place_is_hers_where_there_is_no_other() -> None:
    ward = Way(clock(0, "04:00"), (3_000.0, 0.0)).until(clock(1, "03:50"), 600).fixes

    assert cell(3_000.0) in made(ward).cells
    assert 299 <= made(ward).far <= 300
