"""Calendar questions in a city's zone: times go in and come out as aware UTC, and the zone is used only in between.
Also days of the week and times of the wall clock, as the API takes them and rows keep them, and the public holidays of
Japan.

Japan has no summer time, but the tests of this file use zones that have, because a wrong step would show only there.

Holidays are computed by the law (国民の祝日に関する法律, 昭和23年法律第178号): article 2 names the days, article 3
paragraph 2 gives the day after a holiday on a Sunday (振替休日), paragraph 3 the day between two holidays (国民の休日).
As it has stood since 2022: in the Olympic years before, other days were holidays, and those years are not meant here.
The day of an equinox is published in the official gazette a year ahead; until then it is where the usual approximation
puts it (新こよみ便利帳, 暦計算研究会), meant for 1980 to 2099. When a law moves a day, it is moved here.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from msgspec import Meta

JST = ZoneInfo("Asia/Tokyo")

Weekday = Annotated[int, Meta(ge=1, le=7)]
Weekdays = Annotated[
    list[Weekday], Meta(min_length=1, max_length=7, description="days of the week, Monday is 1 and Sunday 7")
]
ClockTime = Annotated[
    str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description="on the wall clock of the city, for example 08:30")
]

YEAR_MIN: Final = 1980
YEAR_MAX: Final = 2099
"""Years for which the equinoxes are computed; in others they are taken for ordinary days."""

_FIXED: Final = ((1, 1), (2, 11), (2, 23), (4, 29), (5, 3), (5, 4), (5, 5), (8, 11), (11, 3), (11, 23))
"""元日, 建国記念の日, 天皇誕生日, 昭和の日, 憲法記念日, みどりの日, こどもの日, 山の日, 文化の日, 勤労感謝の日."""

_MONDAYS: Final = ((1, 2), (7, 3), (9, 3), (10, 2))
"""Month and which Monday of it: 成人の日, 海の日, 敬老の日, スポーツの日."""

_MARCH_EQUINOX, _SEPTEMBER_EQUINOX = 20.8431, 23.2488
_YEAR_BEYOND_365 = 0.242194
_SUNDAY: Final = 6
_DAY: Final = timedelta(days=1)


def local_date(moment: datetime, zone: ZoneInfo = JST) -> date:
    """The day on the wall calendar of `zone` at `moment`."""
    return moment.astimezone(zone).date()


def local_time(moment: datetime, zone: ZoneInfo = JST) -> time:
    """The time on the wall clock of `zone` at `moment`."""
    return moment.astimezone(zone).time()


def day_span(day: date, zone: ZoneInfo = JST) -> tuple[datetime, datetime]:
    """First moment of `day` and of the day after, UTC. 23 to 25 hours apart where clocks change."""
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    return start, end


def fiscal_year(moment: datetime, zone: ZoneInfo = JST) -> int:
    """The Japanese fiscal year, April to March, that `moment` falls in (地方自治法 208条1項).

    >>> fiscal_year(datetime(2026, 3, 31, 14, 59, tzinfo=UTC)), fiscal_year(datetime(2026, 3, 31, 15, 0, tzinfo=UTC))
    (2025, 2026)
    """
    day = local_date(moment, zone)
    return day.year if day.month >= 4 else day.year - 1


def add_months(day: date, months: int) -> date:
    """The same day some months later; the last day of the month where that one is shorter.

    >>> add_months(date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    """
    month = day.year * 12 + (day.month - 1) + months
    year, month_index = divmod(month, 12)
    first_of_next = date(year + month_index // 11, (month_index + 1) % 12 + 1, 1)
    last_day = (first_of_next - timedelta(days=1)).day
    return date(year, month_index + 1, min(day.day, last_day))


def is_between(moment: datetime, start: time, end: time, zone: ZoneInfo = JST) -> bool:
    """Whether the wall clock shows a time from `start` up to, not including, `end`; `start` > `end` goes over midnight.

    >>> is_between(datetime(2026, 1, 1, 16, 0, tzinfo=UTC), time(22), time(5))
    True
    """
    clock = local_time(moment, zone)
    if start <= end:
        return start <= clock < end
    return clock >= start or clock < end


def bits_of(days: Iterable[int]) -> int:
    """Days (Monday 1 … Sunday 7) as bits, Monday 1 … Sunday 64.

    >>> bits_of([1, 7, 7])
    65
    """
    return sum(1 << day - 1 for day in set(days))


def days_of(bits: int) -> list[int]:
    """The days of these bits in order.

    >>> days_of(65)
    [1, 7]
    """
    return [day for day in range(1, 8) if bits >> day - 1 & 1]


def clock_text(clock: time) -> str:
    """A time as it is shown.

    >>> clock_text(time(8, 5))
    '08:05'
    """
    return f"{clock:%H:%M}"


def is_holiday(day: date) -> bool:
    """Whether `day` is a public holiday in Japan, substitutes included. Sundays by themselves are none.

    >>> is_holiday(date(2026, 5, 6)), is_holiday(date(2026, 9, 22)), is_holiday(date(2026, 9, 20))
    (True, True, False)
    """
    return day in holidays_of(day.year)


@lru_cache(maxsize=16)
def holidays_of(year: int) -> frozenset[date]:
    """All public holidays of a year."""
    named = frozenset(_named(year))
    found = set(named)
    for day in named:
        if day.weekday() == _SUNDAY:
            while day in named:
                day += _DAY
            found.add(day)
        if day + 2 * _DAY in named:
            found.add(day + _DAY)
    return frozenset(found)


def _named(year: int) -> Iterator[date]:
    """The days that article 2 names."""
    for month, day in _FIXED:
        yield date(year, month, day)
    for month, which in _MONDAYS:
        first = date(year, month, 1)
        yield first + timedelta(days=(7 - first.weekday()) % 7 + 7 * (which - 1))
    if YEAR_MIN <= year <= YEAR_MAX:
        yield date(year, 3, _equinox_day(year, _MARCH_EQUINOX))
        yield date(year, 9, _equinox_day(year, _SEPTEMBER_EQUINOX))


def _equinox_day(year: int, in_1980: float) -> int:
    since = year - 1980
    return int(in_1980 + _YEAR_BEYOND_365 * since) - since // 4
