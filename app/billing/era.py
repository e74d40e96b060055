"""Dates as Japanese offices write them: 令和8年11月30日. Pure.

Eras begin by decree (元号法, 昭和54年法律第43号, and the cabinet orders under it); the first year is 元年.
"""

from datetime import date
from typing import Final

ERAS: Final = (
    (date(2019, 5, 1), "令和"),
    (date(1989, 1, 8), "平成"),
    (date(1926, 12, 25), "昭和"),
    (date(1912, 7, 30), "大正"),
    (date(1873, 1, 1), "明治"),
)
"""First day and name, newest first. The calendar of 明治 is ours since its sixth year."""
_MEIJI_FIRST_YEAR: Final = 1868


def year_text(day: date) -> str:
    """The year of a day.

    >>> year_text(date(2019, 4, 30)), year_text(date(2019, 5, 1)), year_text(date(2026, 4, 1))
    ('平成31年', '令和元年', '令和8年')
    """
    for first, name in ERAS:
        if day >= first:
            year = day.year - (_MEIJI_FIRST_YEAR if name == "明治" else first.year) + 1
            return f"{name}{'元' if year == 1 else year}年"
    return f"西暦{day.year}年"


def date_text(day: date) -> str:
    """A day.

    >>> date_text(date(2026, 11, 30))
    '令和8年11月30日'
    """
    return f"{year_text(day)}{day.month}月{day.day}日"


def month_text(day: date) -> str:
    """The month of a day.

    >>> month_text(date(2026, 11, 30))
    '令和8年11月'
    """
    return f"{year_text(day)}{day.month}月"
