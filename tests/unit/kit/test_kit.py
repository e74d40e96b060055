"""Clock, ids, money, machine and calendar."""

import doctest
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import pytest

from app.accounts import permissions
from app.kit import calendar, ids, machine, money
from app.kit.clock import ManualClock, SharedClock
from app.kit.errors import Conflict
from tests.build import NOW


@pytest.mark.parametrize("module", [calendar, ids, money, permissions])
def test_the_examples_in_docstrings_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0


def test_a_manual_clock_moves_only_when_told_and_never_back() -> None:
    clock = ManualClock(NOW)

    assert clock() == NOW
    assert NOW + timedelta(hours=1) == clock.pass_by(timedelta(hours=1)) == clock()
    with pytest.raises(AssertionError):
        clock.pass_by(timedelta(seconds=-1))


def test_a_shared_clock_goes_on_from_what_it_was_told_whatever_the_machines_clock_is_set_to() -> None:
    own, seconds = ManualClock(NOW), [100.0]
    clock = SharedClock(own, lambda: seconds[0])
    assert NOW == clock()

    clock.tell(NOW + timedelta(hours=1))
    own.pass_by(timedelta(days=1))
    seconds[0] += 7
    assert NOW + timedelta(hours=1, seconds=7) == clock()

    clock.tell(NOW)
    assert NOW == clock()


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = [ids.new_id() for _ in range(1000)]

    assert sorted(made) == made
    assert {7} == {one.version for one in made}


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"


class Push(StrEnum):
    CLOSE = "close"


def test_a_step_that_the_table_does_not_have_is_a_conflict() -> None:
    table = {(Door.OPEN, Push.CLOSE): Door.SHUT}

    assert Door.SHUT is machine.step(table, Door.OPEN, Push.CLOSE)
    with pytest.raises(Conflict, match="shut"):
        machine.step(table, Door.SHUT, Push.CLOSE)


@pytest.mark.parametrize(
    ("moment", "year"),
    [
        (datetime(2026, 3, 31, 14, 59, 59, tzinfo=UTC), 2025),
        (datetime(2026, 3, 31, 15, 0, tzinfo=UTC), 2026),
        (datetime(2026, 12, 31, 15, 0, tzinfo=UTC), 2026),
        (datetime(2027, 3, 31, 14, 0, tzinfo=UTC), 2026),
    ],
)
def test_the_fiscal_year_turns_at_midnight_in_japan_on_the_first_of_april(moment: datetime, year: int) -> None:
    assert year == calendar.fiscal_year(moment)


def test_a_day_has_23_or_25_hours_where_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spring, autumn = (calendar.day_span(day, berlin) for day in (date(2026, 3, 29), date(2026, 10, 25)))

    assert tuple((end - start) // timedelta(hours=1) for start, end in (spring, autumn)) == (23, 25)
    assert (lambda span: (span[1] - span[0]) // timedelta(hours=1))(calendar.day_span(date(2026, 3, 29))) == 24


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 12, 31), 0, date(2026, 12, 31)),
        (date(2026, 1, 15), -13, date(2024, 12, 15)),
    ],
)
def test_months_end_where_the_shorter_month_ends(day: date, months: int, after: date) -> None:
    assert after == calendar.add_months(day, months)


def test_a_span_of_the_clock_may_go_over_midnight() -> None:
    night = (time(22), time(5))
    hours = [hour for hour in range(24) if calendar.is_between(datetime(2026, 4, 1, hour, tzinfo=UTC), *night)]

    assert hours == [13, 14, 15, 16, 17, 18, 19]
