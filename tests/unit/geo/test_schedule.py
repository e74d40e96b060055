"""Windows of time on the wall clock of a city."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from app.geo.model import OnHolidays, Window
from app.geo.schedule import ALWAYS, WINDOWS_MAX, began_at, covers, fault
from app.kit.calendar import JST
from tests.unit.watch.build import clock

EVERY_DAY, SCHOOL_DAYS, SUNDAYS = 0b1111111, 0b0011111, 0b1000000
NIGHT = Window(weekdays=EVERY_DAY, from_time=time(18), until_time=time(6))
SCHOOL = Window(weekdays=SCHOOL_DAYS, from_time=time(8), until_time=time(15))


def holidays(how: OnHolidays, weekdays: int = SCHOOL_DAYS) -> Window:
    return Window(weekdays=weekdays, from_time=time(8), until_time=time(15), holidays=how)


@pytest.mark.parametrize(
    ("window", "text", "day", "within"),
    [
        (SCHOOL, "07:59:59", 1, False),
        (SCHOOL, "08:00", 1, True),
        (SCHOOL, "14:59:59", 1, True),
        (SCHOOL, "15:00", 1, False),
        (SCHOOL, "10:00", 4, False),  # A Saturday.
        (NIGHT, "17:59", 1, False),
        (NIGHT, "18:00", 1, True),
        (NIGHT, "00:00", 1, True),
        (NIGHT, "05:59", 1, True),
        (NIGHT, "06:00", 1, False),
    ],
)
def test_a_window_is_from_its_first_moment_to_before_its_last(
    window: Window, text: str, day: int, within: bool
) -> None:
    assert covers((window,), clock(text, day), JST) is within


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    friday_night = Window(weekdays=0b0010000, from_time=time(22), until_time=time(5))

    assert covers((friday_night,), clock("02:00", 4), JST)  # Saturday, 4 April 2026.
    assert not covers((friday_night,), clock("02:00", 3), JST)


def test_from_midnight_to_midnight_is_the_whole_day() -> None:
    sunday = Window(weekdays=SUNDAYS, from_time=time(), until_time=time())

    assert [covers((sunday,), clock("23:59", day), JST) for day in (4, 5, 6)] == [False, True, False]
    assert covers((sunday,), clock("00:00", 5), JST)


# 29 April 2026 (Shōwa Day) is a Wednesday, 3 May (Constitution Day) a Sunday, 6 May the Wednesday that makes up for it.
@pytest.mark.parametrize(
    ("how", "weekdays", "on"),
    [
        (OnHolidays.LIKE_OTHERS, SCHOOL_DAYS, {(28, 4), (29, 4), (30, 4), (6, 5), (7, 5)}),
        (OnHolidays.NOT, SCHOOL_DAYS, {(28, 4), (30, 4), (7, 5)}),
        (OnHolidays.ALSO, SCHOOL_DAYS, {(28, 4), (29, 4), (30, 4), (3, 5), (6, 5), (7, 5)}),
        (OnHolidays.ONLY, SCHOOL_DAYS, {(29, 4), (6, 5)}),
        (OnHolidays.ONLY, EVERY_DAY, {(29, 4), (3, 5), (6, 5)}),
        (OnHolidays.ALSO, SUNDAYS, {(26, 4), (29, 4), (3, 5), (6, 5)}),
    ],
)
def test_public_holidays(how: OnHolidays, weekdays: int, on: set[tuple[int, int]]) -> None:
    asked = {(26, 4), (28, 4), (29, 4), (30, 4), (3, 5), (6, 5), (7, 5)}
    schedule = (holidays(how, weekdays),)

    assert {(day, month) for day, month in asked if covers(schedule, clock("12:00", day, month), JST)} == on


def test_a_night_window_before_a_holiday_is_asked_for_the_day_it_begins_on() -> None:
    school_nights = Window(weekdays=EVERY_DAY, from_time=time(20), until_time=time(6), holidays=OnHolidays.NOT)

    assert covers((school_nights,), clock("02:00", 29, 4), JST)
    assert not covers((school_nights,), clock("02:00", 30, 4), JST)


def test_without_a_schedule_things_are_always_told() -> None:
    assert began_at(None, clock("03:00"), JST) == ALWAYS


def test_telling_began_with_the_first_of_the_windows_that_are_on() -> None:
    evening = Window(weekdays=EVERY_DAY, from_time=time(20), until_time=time(22))

    assert began_at((evening, NIGHT), clock("21:00"), JST) == clock("18:00")
    assert began_at((evening, NIGHT), clock("03:00", 2), JST) == clock("18:00", 1)
    assert began_at((evening, NIGHT), clock("12:00"), JST) is None


def test_a_window_is_longer_and_shorter_where_clocks_change() -> None:
    """29 March 2026 in Berlin: the clock leaps from 2 to 3."""
    berlin = ZoneInfo("Europe/Berlin")
    night = Window(weekdays=EVERY_DAY, from_time=time(1), until_time=time(4))
    began = began_at((night,), clock("03:30", 29, 3, berlin), berlin)

    assert began == clock("01:00", 29, 3, berlin)
    assert began is not None
    assert (clock("03:59", 29, 3, berlin) - began).total_seconds() == 119 * 60


@pytest.mark.parametrize(
    ("schedule", "where"),
    [
        ((), ""),
        ((SCHOOL,) * 2, "[1]"),
        (tuple(Window(weekdays=127, from_time=time(n), until_time=time(23)) for n in range(WINDOWS_MAX + 1)), ""),
        ((SCHOOL, Window(weekdays=0, from_time=time(8), until_time=time(9))), "[1].weekdays"),
        ((Window(weekdays=128, from_time=time(8), until_time=time(9)),), "[0].weekdays"),
        ((Window(weekdays=1, from_time=time(8, tzinfo=JST), until_time=time(9)),), "[0].from_time"),
    ],
)
def test_what_makes_no_schedule_is_named(schedule: tuple[Window, ...], where: str) -> None:
    found = fault(schedule)

    assert found is not None
    assert found.where == where


@pytest.mark.parametrize("schedule", [None, (SCHOOL, NIGHT)])
def test_a_schedule_without_fault(schedule: tuple[Window, ...] | None) -> None:
    assert fault(schedule) is None


def test_the_first_of_april_is_a_wednesday() -> None:
    assert datetime(2026, 4, 1).weekday() == 2  # noqa: DTZ001 — a day of the calendar.
