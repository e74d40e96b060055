"""Who is beside her, and what becomes of what is not told because of that."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.watch.movement import company
from app.watch.movement.company import Beside
from app.watch.movement.moving import Movement, Point, Trail
from tests.build import NOW

SON, DAUGHTER = UUID(int=1), UUID(int=2)
M = 1 / 111_195.0
AWAY = 1_000.0
"""Home is a kilometre south of where she is."""


def point(north_m: float = 0.0, seconds: float = 0.0, accuracy_m: float = 10.0) -> Point:
    return Point(NOW + timedelta(seconds=seconds), 34.757 + north_m * M, 134.841, accuracy_m)


def beside(
    north_m: float, seconds: float = 0.0, accuracy_m: float = 10.0, who: UUID = SON, device: UUID | None = None
) -> Beside:
    return Beside(contact_id=who, device_id=device or who, point=point(north_m, seconds, accuracy_m))


def home_m(where: Point) -> float:
    return AWAY + (where.lat_deg - 34.757) / M


def with_whom(*others: Beside, movement: Movement | None = None, here: Point | None = None) -> UUID | None:
    return company.company(movement or Movement(), here or point(), others, home_m, 50.0)


@pytest.mark.parametrize(
    ("one", "is_company"),
    [
        (beside(0.0), True),
        (beside(79.0), True),
        (beside(81.0), False),
        (beside(150.0, accuracy_m=100.0), True),
        (beside(0.0, accuracy_m=151.0), False),
        (beside(0.0, seconds=-300), True),
        (beside(0.0, seconds=-301), False),
        (beside(0.0, seconds=300), True),
    ],
    ids=["with her", "near", "farther", "coarse", "too coarse", "5 min ago", "longer ago", "5 min later"],
)
def test_beside_her_is_who_was_near_at_about_the_same_time(one: Beside, is_company: bool) -> None:
    assert with_whom(one) == (SON if is_company else None)


def test_of_a_slow_tracker_ten_minutes_are_the_same_time() -> None:
    slow = Movement(step_s=300.0)

    assert with_whom(beside(0.0, seconds=-600), movement=slow) == SON
    assert with_whom(beside(0.0, seconds=-601), movement=slow) is None


def test_who_went_on_is_not_beside_her_any_more() -> None:
    assert with_whom(beside(0.0, seconds=-240), beside(300.0, seconds=-20)) is None
    assert with_whom(beside(300.0, seconds=-240), beside(0.0, seconds=-20)) == SON


def test_who_was_where_she_was_four_minutes_ago_walks_with_her() -> None:
    """She came 300 m in that time, and his phone speaks seldom."""
    walked = Movement(
        trail=Trail(NOW - timedelta(seconds=300), 34.757, 134.841, [(0, 0, -375), (150, 0, -188), (290, 0, -13)])
    )

    assert with_whom(beside(-300.0, seconds=-240), movement=walked) == SON
    assert with_whom(beside(0.0, seconds=-240), movement=walked) is None


def test_a_phone_that_lies_at_her_home_is_beside_nobody() -> None:
    at_the_door = point(-AWAY + 60.0)

    assert with_whom(beside(-AWAY + 20.0), here=at_the_door) is None
    assert with_whom(beside(-AWAY + 70.0), here=at_the_door) == SON


def test_of_several_the_one_whose_place_is_newest_is_named() -> None:
    assert with_whom(beside(0.0, seconds=-90), beside(20.0, seconds=-10, who=DAUGHTER)) == DAUGHTER
    assert with_whom(beside(900.0, seconds=-10, device=UUID(int=9)), beside(0.0, seconds=-90)) == SON


def test_what_is_put_back_is_told_again() -> None:
    began = Movement(level=1, level_at=NOW)
    company.put_back(began, [NOW])
    worse = Movement(level=2, level_at=NOW - timedelta(minutes=9))
    company.put_back(worse, [NOW])
    both = Movement(level=2, level_at=NOW)
    company.put_back(both, [NOW, NOW + timedelta(minutes=3)])
    over = Movement()
    company.put_back(over, [NOW])

    assert [(0, None), (1, NOW - timedelta(minutes=9)), (0, None), (0, None)] == [
        (one.level, one.level_at) for one in (began, worse, both, over)
    ]


def test_company_lasts_from_when_it_was_seen_first_and_is_forgotten_when_she_is_alone() -> None:
    movement = Movement()
    for minute in (0, 4, 8):
        company.note(movement, SON, NOW + timedelta(minutes=minute))
    kept = company.shown(movement, NOW + timedelta(minutes=28))
    assert kept is not None
    assert (SON.bytes, NOW, NOW + timedelta(minutes=8)) == (kept.contact, kept.since, kept.at)
    assert company.shown(movement, NOW + timedelta(minutes=29)) is None

    company.note(movement, DAUGHTER, NOW + timedelta(minutes=9))
    assert movement.company is not None
    assert NOW + timedelta(minutes=9) == movement.company.since
    company.note(movement, None, NOW + timedelta(minutes=10))
    assert movement.company is None
