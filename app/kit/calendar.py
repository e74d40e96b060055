"""Calendar questions in a city's zone. Times go in and come out as aware UTC; the zone is used only in between.

Japan has no summer time, but the tests of this file use zones that have, because a wrong step would show only there.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

JST = ZoneInfo("Asia/Tokyo")


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
