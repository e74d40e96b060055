"""When something is told of a geofence: windows of time on the wall clock of the wearer's city. Pure.

Moments go in and come out as aware UTC; the zone is used only in between (`app/kit/calendar.py`).
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from app.geo.model import Schedule, Window
from app.kit.calendar import local_date

WINDOWS_MAX: Final = 14
"""Two for each day of the week. What is told is looked up in them at every leaving and arriving."""

ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
"""Since when things are told where there is no schedule."""


class WindowFault(Struct, frozen=True):
    """Why windows make no schedule. `where` is the part at fault, as `[2].weekdays`; empty for all of it."""

    where: str
    why: str


def began_at(schedule: Schedule, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Since when things are told at that moment: when the window began in which it lies, of several the one that began
    first. None where it lies in none, `ALWAYS` without a schedule.
    """
    if schedule is None:
        return ALWAYS
    today = local_date(at, zone)
    began = None
    for window in schedule:
        for day in (today - timedelta(days=1), today):  # Yesterday's may go over midnight.
            start, end = span(window, day, zone)
            if start <= at < end and (began is None or start < began) and window.begins_on(day):
                began = start
    return began


def covers(schedule: Schedule, at: datetime, zone: ZoneInfo) -> bool:
    """Whether what happens at that moment is told."""
    return began_at(schedule, at, zone) is not None


def span(window: Window, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when until when the window is that begins on `day`, UTC; the end belongs to it no more.

    A time that the clock shows twice is the first one; one that it leaps over is as much later as the clock leaps.
    """
    until_day = day if window.until_time > window.from_time else day + timedelta(days=1)
    start = datetime.combine(day, window.from_time, zone).astimezone(UTC)
    return start, datetime.combine(until_day, window.until_time, zone).astimezone(UTC)


def fault(schedule: Schedule) -> WindowFault | None:
    """What is wrong with a schedule, or None."""
    if schedule is None:
        return None
    if not 0 < len(schedule) <= WINDOWS_MAX:
        return WindowFault("", f"A schedule has 1 to {WINDOWS_MAX} windows; without one things are always told.")
    for number, window in enumerate(schedule):
        if not 0 < window.weekdays < 1 << 7:
            return WindowFault(f"[{number}].weekdays", "Name at least one day of the week.")
        if any(clock.tzinfo is not None for clock in (window.from_time, window.until_time)):
            return WindowFault(f"[{number}].from_time", "Times are those of the city's clock, without a zone.")
        if window in schedule[:number]:
            return WindowFault(f"[{number}]", "This window is there already.")
    return None
