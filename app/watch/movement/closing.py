"""When a day is over and is taken into the habit map, how much of it, and what comes after that. Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from app.watch.movement.habits import DAY_BEGINS, DAYS, day_of
from app.watch.movement.moving import Movement

SPREAD_S: Final = 3_600
"""Days end for all at once, and each costs twenty milliseconds: whose turn it is goes by their ids, over so long."""

HELD_MAX: Final = timedelta(days=2)
"""What is held back for longer than this is where she is now: nobody is looked for there any more."""

LATE_MAX: Final = DAYS


class Learnt(Struct, array_like=True):
    """What a state knows of the habit map beside it: the number of the newest one, until when days are in it, and of
    which of those days (`date.toordinal`) something came after they had been taken in.
    """

    version: int
    until: datetime
    late: list[int] = msgspec.field(default_factory=list)


class Lesson(Struct, frozen=True, kw_only=True):
    """Days that are to be taken in, oldest first, and until when everything will be in the map then."""

    days: Sequence[date]
    until: datetime


def begin_of(day: date, zone: ZoneInfo) -> datetime:
    """When a day of habits begins.

    >>> begin_of(date(2026, 4, 1), ZoneInfo("Asia/Tokyo")).isoformat()
    '2026-03-31T19:00:00+00:00'
    """
    return (datetime.combine(day, time(), zone) + DAY_BEGINS).astimezone(UTC)


def due_at(wearer_id: UUID, now: datetime, zone: ZoneInfo) -> datetime:
    """When the day that is running at `now` is to be taken in."""
    ends = begin_of(day_of(now, zone) + timedelta(days=1), zone)
    return ends + timedelta(seconds=wearer_id.int % SPREAD_S)


def note_late(learnt: Learnt, at: datetime, zone: ZoneInfo) -> None:
    """Notes that something came of a day that is in the map already."""
    day = day_of(at, zone).toordinal()
    if day not in learnt.late:
        learnt.late = sorted([*learnt.late, day])[-LATE_MAX:]


def lesson(
    learnt_until: datetime,
    late: Sequence[int],
    movement: Movement | None,
    now: datetime,
    zone: ZoneInfo,
    *,
    ready: bool,
) -> Lesson:
    """What is to be learnt now: the days that are over, but for an outing that goes on, and those of which something
    came late. `ready`: she is known so well that rules speak.
    """
    today = day_of(now, zone)
    until = max(learnt_until, _held_from(movement, begin_of(today, zone), ready=ready))
    oldest = today - timedelta(days=DAYS)
    first = max(day_of(learnt_until, zone), oldest).toordinal()
    ordinals = {*range(first, today.toordinal()), *(one for one in late if one >= oldest.toordinal())}
    days = [date.fromordinal(one) for one in sorted(ordinals) if one < today.toordinal()]
    return Lesson(days=[day for day in days if begin_of(day, zone) < until], until=until)


def _held_from(movement: Movement | None, ends: datetime, *, ready: bool) -> datetime:
    """Until when what is before `ends` may be learnt. Where somebody strays who is told as lost, or who left the ground
    that she knows, must not be her own ground as soon as a day ends: that waits until she is back.
    """
    if movement is None:
        return ends
    since = [movement.ground.unknown_at] if ready else []  # Until then all ground is new.
    if movement.level:
        since = [movement.ground.unknown_at, movement.out_at, movement.level_at]
    held = [one for one in since if one is not None and ends - HELD_MAX < one < ends]
    return min(held, default=ends)  # Who left home days ago may have strayed tonight.
