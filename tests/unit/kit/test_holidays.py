"""Public holidays of Japan, against the lists that the Cabinet Office has published (内閣府「国民の祝日」について)."""

from datetime import date, timedelta

import pytest

from app.kit.calendar import YEAR_MAX, holidays_of, is_holiday

PUBLISHED = {
    2022: "1/1 1/10 2/11 2/23 3/21 4/29 5/3 5/4 5/5 7/18 8/11 9/19 9/23 10/10 11/3 11/23",
    2023: "1/1 1/2 1/9 2/11 2/23 3/21 4/29 5/3 5/4 5/5 7/17 8/11 9/18 9/23 10/9 11/3 11/23",
    2024: "1/1 1/8 2/11 2/12 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/15 8/11 8/12 9/16 9/22 9/23 10/14 11/3 11/4 11/23",
    2025: "1/1 1/13 2/11 2/23 2/24 3/20 4/29 5/3 5/4 5/5 5/6 7/21 8/11 9/15 9/23 10/13 11/3 11/23 11/24",
    2026: "1/1 1/12 2/11 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/20 8/11 9/21 9/22 9/23 10/12 11/3 11/23",
    2027: "1/1 1/11 2/11 2/23 3/21 3/22 4/29 5/3 5/4 5/5 7/19 8/11 9/20 9/23 10/11 11/3 11/23",
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_holidays_of_a_year_are_those_published(year: int) -> None:
    expected = [date(year, *(int(part) for part in day.split("/"))) for day in PUBLISHED[year].split()]

    assert expected == sorted(holidays_of(year))


@pytest.mark.parametrize(
    "day",
    [date(2029, 4, 30), date(2030, 5, 6), date(2032, 9, 21), date(2037, 9, 22), date(2044, 3, 21)],
    ids=str,
)
def test_a_holiday_on_a_sunday_and_a_day_between_two_are_made_up_for(day: date) -> None:
    assert is_holiday(day)


@pytest.mark.parametrize("year", range(2022, YEAR_MAX + 1))
def test_a_year_has_at_least_sixteen_holidays_and_its_equinoxes_in_their_weeks(year: int) -> None:
    days = holidays_of(year)

    assert 16 <= len(days) <= 22
    assert any(date(year, 3, 19) <= day <= date(year, 3, 21) for day in days)
    assert any(date(year, 9, 22) <= day <= date(year, 9, 24) for day in days)


def test_no_holiday_on_a_sunday_goes_without_a_day_off_after_it() -> None:
    for year in range(2022, YEAR_MAX + 1):
        for day in holidays_of(year):
            if day.weekday() == 6:
                assert is_holiday(day + timedelta(days=1)), day
