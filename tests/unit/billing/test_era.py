"""Dates of documents are written by era, on the days on which eras change too."""

from datetime import date

import pytest

from app.billing.era import date_text, month_text


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 11, 30), "令和8年11月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1926, 12, 24), "大正15年12月24日"),
        (date(1912, 7, 30), "大正元年7月30日"),
        (date(1912, 7, 29), "明治45年7月29日"),
        (date(1873, 1, 1), "明治6年1月1日"),
        (date(1872, 12, 31), "西暦1872年12月31日"),
    ],
    ids=str,
)
def test_a_day(day: date, text: str) -> None:
    assert text == date_text(day)


def test_a_month() -> None:
    assert "令和9年1月" == month_text(date(2027, 1, 1))
