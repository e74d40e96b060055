"""The habit map: days, cells, hours, what is forgotten, and that it stays small."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random

import h3.api.basic_int as h3
import pytest

from app.geo.measure import distance_m
from app.watch.movement import habits
from app.watch.movement.habits import (
    CELLS_MAX,
    DAYS,
    NEVER,
    SLOTS,
    Day,
    Habits,
    day_of,
    days_there,
    decode,
    encode,
    learn,
)
from tests.unit.watch.movement.build import ZONE, degrees

FIRST = date(2026, 4, 1).toordinal()
BYTES_MAX = 10_000
disk: Callable[[int, int], list[int]] = h3.grid_disk
ring: Callable[[int, int], list[int]] = h3.grid_ring


def cell(east_m: float, north_m: float = 0.0) -> int:
    return habits.cell_at(*degrees(east_m, north_m), habits.RESOLUTION)


def day(number: int, *cells: int, **different: object) -> Day:
    return Day(ordinal=FIRST + number, cells=dict.fromkeys(cells, 0b1000), **different)  # type: ignore[arg-type]


def learnt(*days: Day) -> Habits:
    known = Habits()
    for one in days:
        learn(known, one)
    return known


def crowded(seed: int) -> Habits:
    """A map with all that it can hold, after so many days that everything is full."""
    random, known = Random(seed), Habits()
    somewhere = disk(cell(0.0), 40)
    for number in range(3 * DAYS):
        learn(
            known,
            Day(
                ordinal=FIRST + number,
                cells={one: random.randrange(1, 256) for one in random.sample(somewhere, 500)},
                slots=(1 << SLOTS) - 1,
                home=degrees(random.uniform(-300, 300), random.uniform(-300, 300)),
                far=NEVER - 1,
                last_out=1_439,
                peaks=dict.fromkeys(("unfamiliar_on_foot", "off_route", "pacing", "lapping", "random", "stuck"), 255),
            ),
        )
    return known


def test_a_place_counts_the_days_on_which_she_was_there_and_not_how_often() -> None:
    shop = cell(600.0)
    known = learnt(day(0, shop), day(0, shop), day(0, shop), day(1), day(2, shop))

    assert 2 == days_there(known, shop).bit_count()
    assert 3 == known.days


def test_the_same_day_twice_is_one_day() -> None:
    some = Day(
        ordinal=FIRST, cells={cell(600.0): 0b1000}, slots=0b11 << 20, home=degrees(0, 0), far=60, last_out=420,
        peaks={"pacing": 30},
    )  # fmt: skip

    assert encode(learnt(some)) == encode(learnt(some, some))


def test_what_comes_late_of_a_known_day_adds_to_it() -> None:
    known = learnt(
        Day(ordinal=FIRST, cells={cell(0.0): 1}, far=30, last_out=300, peaks={"pacing": 40}),
        day(1),
        Day(ordinal=FIRST, cells={cell(600.0): 2}, slots=1 << 20, far=60, last_out=200, peaks={"pacing": 20}),
    )

    assert [0b10, 0b10] == [days_there(known, cell(0.0)), days_there(known, cell(600.0))]
    assert (0b10, 60, 300, 40) == (known.hours[20], known.far[1], known.last_out[1], known.peaks["pacing"][1])
    assert 2 == known.days


def test_a_day_before_all_that_is_known_changes_nothing() -> None:
    known = learnt(day(5, cell(0.0)))
    before = encode(known)
    learn(known, day(3, cell(600.0)))

    assert before == encode(known)


def test_a_place_is_forgotten_after_twenty_eight_days_of_which_something_is_known() -> None:
    shop, hospital = cell(600.0), cell(5_000.0)
    known = learnt(
        Day(ordinal=FIRST, cells={shop: 1}, slots=1 << 20, far=60, last_out=400),
        *(day(number, hospital) for number in range(1, DAYS)),
    )

    assert days_there(known, shop)
    assert (1, 60, 400) == (habits.hours_out(known, 20), known.far[-1], known.last_out[-1])
    learn(known, day(DAYS, hospital))
    assert (0, 0) == (habits.hours_out(known, 20), days_there(known, shop))
    assert [NEVER] * DAYS == list(known.far)


def test_days_without_a_word_make_nothing_strange() -> None:
    shop = cell(600.0)
    known = learnt(day(0, shop), day(300), day(301))

    assert 1 == days_there(known, shop).bit_count()


def test_the_cells_beside_a_known_one_are_known_and_the_next_ones_are_not() -> None:
    shop = cell(600.0)
    known = learnt(day(0, shop))

    assert all(days_there(known, one) for one in disk(shop, 1))
    assert not any(days_there(known, one) for one in ring(shop, 2))
    assert [0, 1, 2, 3] == [habits.rings_to_known(known, ring(shop, rings)[0], 3) for rings in range(4)]


def test_nothing_is_known_of_nobody() -> None:
    nobody = Habits()

    assert (0, 4) == (days_there(nobody, cell(0.0)), habits.rings_to_known(nobody, cell(0.0), 4))
    assert nobody.home is None


@pytest.mark.parametrize("seed", range(3))
def test_whatever_somebody_does_her_map_stays_under_ten_kilobytes(seed: int) -> None:
    known = crowded(seed)

    assert len(encode(known)) <= BYTES_MAX
    assert habits.CELLS_MAX == len(known.cells)
    assert list(known.cells) == sorted(set(known.cells))


def test_a_full_map_keeps_where_she_is_on_most_days() -> None:
    shop, known = cell(600.0), Habits()
    far_away = disk(cell(20_000.0), 40)
    for number in range(DAYS):
        learn(known, day(number, shop, *Random(number).sample(far_away, 400)))

    assert DAYS == days_there(known, shop).bit_count()


@pytest.mark.parametrize(
    "known", [Habits(), learnt(day(0)), learnt(day(0, cell(0.0)), day(2, cell(600.0), home=degrees(0, 0))), crowded(7)],
    ids=["nobody", "a day", "two days", "full"],
)  # fmt: skip
def test_what_is_kept_is_what_is_read_again(known: Habits) -> None:
    again = decode(encode(known))

    assert encode(known) == encode(again)
    assert (known.days, known.cells, known.hours, known.peaks) == (again.days, again.cells, again.hours, again.peaks)
    for number in range(3):
        for one in (known, again):
            learn(one, day(number + 300, cell(100.0 * number), home=degrees(0, 0), peaks={"pacing": 9}))
    assert encode(known) == encode(again), "they go on in the same way"


def test_home_is_where_most_days_begin_and_one_night_elsewhere_moves_it_nowhere() -> None:
    known = learnt(
        *(day(number, home=degrees(number % 5, 0.0)) for number in range(9)), day(9, home=degrees(9_000.0, 0.0))
    )

    assert known.home is not None
    assert 20.0 > distance_m(*known.home, *degrees(0.0, 0.0))


def test_who_moves_has_a_new_home_when_most_of_her_days_are_there() -> None:
    known = learnt(*(day(number, home=degrees(0.0, 0.0)) for number in range(10)))
    for number in range(10, 21):
        learn(known, day(number, home=degrees(9_000.0, 0.0)))

    assert known.home is not None
    assert 20.0 > distance_m(*known.home, *degrees(9_000.0, 0.0))


def test_hours_are_asked_around_the_clock() -> None:
    known = learnt(Day(ordinal=FIRST, slots=1 << 47), Day(ordinal=FIRST + 1, slots=1 << 0))

    assert [2, 2, 1, 0] == [habits.hours_out(known, slot) for slot in (47, 0, 1, 2)]


@pytest.mark.parametrize(
    ("local", "expected"),
    [("2026-04-02T03:59", date(2026, 4, 1)), ("2026-04-02T04:00", date(2026, 4, 2)), ("2026-01-01T00:00", date(2025, 12, 31))],
    ids=str,
)  # fmt: skip
def test_the_night_belongs_to_the_evening_before(local: str, expected: date) -> None:
    assert expected == day_of(datetime.fromisoformat(local).replace(tzinfo=ZONE), ZONE)


def test_a_day_is_that_of_the_zone() -> None:
    at = datetime(2026, 4, 1, 20, tzinfo=UTC)

    assert timedelta(days=1) == day_of(at, ZONE) - day_of(at - timedelta(hours=2), ZONE)


def test_of_an_explorer_what_is_new_and_what_is_usual_stays_and_what_is_old_goes() -> None:
    """Sixty days, on each of which she goes where she never was, far more than a map holds; at home and along her
    street every day, and in one shop once a week.
    """
    street = [cell(131.0 * number, -9_000.0) for number in range(40)]
    shop = cell(0.0, -12_000.0)
    known = Habits()
    for number in range(60):
        new = [cell(200.0 * place, 200.0 * number) for place in range(60)]
        weekly = [shop] if number % 7 == 0 else []
        learn(known, day(number, *street, *new, *weekly))

        assert len(known.cells) <= CELLS_MAX
        assert len(encode(known)) <= 10_000
        assert all(days_there(known, one) & 1 for one in (*street, *new)), number
        lately = [cell(200.0 * place, 200.0 * ago) for ago in range(max(0, number - 4), number) for place in range(60)]
        assert all(days_there(known, one) for one in lately), number
        if number >= 7:
            assert days_there(known, shop), number
    assert not days_there(known, cell(0.0, 200.0 * 30))
    assert 28 == days_there(known, street[0]).bit_count()
