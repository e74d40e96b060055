"""What the family said is fine: today, here, always. It teaches the rules of movement, and nothing else.

What is said is a decision of people who know her, so it is kept as they said it, with who and when, and can be taken
back. It never makes an SOS, a fall or silence quieter, and no fence but the one that it was said of, for that day
(decision 0027).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from enum import IntEnum, StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from app.geo.measure import M_PER_DEG, bearing_deg, distance_m, travelled
from app.geo.model import Schedule
from app.geo.schedule import covers
from app.watch.movement.habits import DAY_BEGINS, day_of

HERE_M: Final = 300.0
"""So far around a place that is fine: four minutes on foot."""
HERE_M_MAX: Final = 800.0
"""One circle holds where it was told and where she was when it was said to be fine, as long as it is no larger."""
HERE_FOR: Final = timedelta(days=28)
"""As long as the habit map remembers."""

EARLIER_MIN: Final = 60
LATER_MIN: Final = 60
"""Around the hour that is fine, minutes."""

NIGHT_FROM_H: Final = 22
NIGHT_UNTIL_H: Final = 5
"""Who leaves home anew in these hours is told of, whatever was said during the day."""

MINUTES: Final = 24 * 60
LEFT_BY_NIGHT: Final = "unusual_hour"
OUT_LATE: Final = "not_back_by"
HOURS: Final = frozenset({LEFT_BY_NIGHT, OUT_LATE})
"""Rules about an hour."""
PLACES: Final = frozenset(
    {
        "unfamiliar_on_foot",
        "straight_on",
        "off_route",
        "pacing",
        "lapping",
        "random",
        "beyond_range",
        "stuck",
        "vanished",
    }
)
"""Reasons of rules about places and ways; most bear the names of their rules."""


class FineScope(StrEnum):
    """How far "this is fine" reaches."""

    TODAY = "today"
    HERE = "here"
    ALWAYS = "always"


class AllowanceKind(StrEnum):
    """What is allowed: everything until her day is over, a place, an hour."""

    DAY = "day"
    PLACE = "place"
    HOUR = "hour"


class Allowance(Struct, frozen=True, kw_only=True, gc=False):
    """Something that is fine since `said_at`, until `until_at` (None: until it is taken back).

    `subject` is what the alert was about of which it was said. A place has a middle and a radius; an hour the `rule` to
    which it is usual, and minutes of the clock of her city, the later one may be on the next day.
    """

    kind: AllowanceKind
    said_at: datetime
    until_at: datetime | None = None
    subject: str = ""
    rule: str = ""
    lat_deg: float | None = None
    lon_deg: float | None = None
    radius_m: float | None = None
    from_min: int | None = None
    until_min: int | None = None


class Hush(IntEnum):
    """How much of what is unusual is said at one moment: all, only what is about hours, only who leaves home at night,
    nothing.
    """

    NOTHING = 0
    PLACES = 1
    DAY = 2
    ALL = 3

    def lets(self, rule: str) -> bool:
        """Whether a rule may speak."""
        if self is Hush.NOTHING:
            return True
        return rule in HOURS if self is Hush.PLACES else self is Hush.DAY and rule == LEFT_BY_NIGHT


def hush(
    allowances: Sequence[Allowance], at: datetime, lat_deg: float, lon_deg: float, left_at: datetime | None,
    zone: ZoneInfo,
) -> Hush:  # fmt: skip
    """How much is to be left unsaid of her at this moment and place; she left home at `left_at`."""
    day = day_at(allowances, at)
    if day is not None:
        return Hush.DAY if left_at is not None and left_anew(day, left_at, zone) else Hush.ALL
    return Hush.PLACES if allows_place(allowances, at, lat_deg, lon_deg) else Hush.NOTHING


def day_at(allowances: Sequence[Allowance], at: datetime) -> Allowance | None:
    """The newest word that this day is fine."""
    days = [one for one in allowances if one.kind is AllowanceKind.DAY and _holds(one, at)]
    return max(days, key=lambda one: one.said_at, default=None)


def left_anew(day: Allowance, left_at: datetime, zone: ZoneInfo) -> bool:
    """Whether she left at night, after the family had said that the day is fine: nobody meant that."""
    hour = left_at.astimezone(zone).hour
    return left_at > day.said_at and not NIGHT_UNTIL_H <= hour < NIGHT_FROM_H


def mutes(
    allowances: Sequence[Allowance], subject: str, at: datetime, zone: ZoneInfo, schedules: Iterable[Schedule] = ()
) -> bool:
    """Whether nobody wants to hear that she left the fence that an alert of this subject is about: it was that alert
    of which it was said that the day is fine. Hours of its own (`schedules`) that began since then count as before.
    """
    days = [one for one in allowances if one.kind is AllowanceKind.DAY and one.subject == subject]
    day = day_at(days, at)
    if day is None or left_anew(day, at, zone):
        return False
    return not any(one and covers(one, at, zone) and not covers(one, day.said_at, zone) for one in schedules)


def allows_place(allowances: Sequence[Allowance], at: datetime, lat_deg: float, lon_deg: float) -> bool:
    """Whether somebody said that it is fine when she is there."""
    for one in allowances:
        if one.lat_deg is None or one.lon_deg is None or one.radius_m is None or not _holds(one, at):
            continue
        if abs(one.lat_deg - lat_deg) * M_PER_DEG > one.radius_m:  # Most are elsewhere, and this is asked at every fix.
            continue
        if distance_m(one.lat_deg, one.lon_deg, lat_deg, lon_deg) <= one.radius_m:
            return True
    return False


def allows_hour(allowances: Sequence[Allowance], rule: str, local: datetime) -> bool:
    """Whether an hour of the clock is fine to a rule.

    >>> late = Allowance(kind=AllowanceKind.HOUR, said_at=datetime(2026, 4, 1), rule="x", from_min=1380, until_min=60)
    >>> allows_hour([late], "x", datetime(2026, 4, 9, 0, 30)), allows_hour([late], "x", datetime(2026, 4, 9, 2, 0))
    (True, False)
    """
    minute = local.hour * 60 + local.minute
    for one in allowances:
        if one.from_min is None or one.until_min is None or one.rule != rule:
            continue
        if (minute - one.from_min) % MINUTES <= (one.until_min - one.from_min) % MINUTES:
            return True
    return False


def out_until_min(allowances: Sequence[Allowance]) -> int:
    """Until when it is fine that she is out, in minutes after her day begins; 0 where nobody said so."""
    begins = int(DAY_BEGINS.total_seconds()) // 60
    late = [one.until_min for one in allowances if one.rule == OUT_LATE and one.until_min is not None]
    return max(((minute - begins) % MINUTES for minute in late), default=0)


def said_since(allowances: Sequence[Allowance], since: datetime) -> datetime | None:
    """When it was last said that something is fine, if that was after `since`."""
    last = max((one.said_at for one in allowances), default=None)
    return last if last is not None and last >= since else None


def offered(codes: Iterable[str], *, placed: bool) -> tuple[FineScope, ...]:
    """What can be said of an alert with reasons of these codes, whose place is known or not. A fence tells what it was
    drawn for, and an hour is nowhere.
    """
    found = set(codes)
    here = placed and bool(found & PLACES)
    wanted = {FineScope.TODAY: True, FineScope.HERE: here, FineScope.ALWAYS: here or bool(found & HOURS)}
    return tuple(scope for scope, fits in wanted.items() if fits)


def day_ends(at: datetime, zone: ZoneInfo) -> datetime:
    """When her day is over to which a moment belongs: at four in the morning."""
    morning = datetime.combine(day_of(at, zone) + timedelta(days=1), time(), zone)
    return morning.replace(hour=int(DAY_BEGINS.total_seconds()) // 3600).astimezone(UTC)


def this_day(subject: str, at: datetime, zone: ZoneInfo) -> Allowance:
    """Everything is fine until her day is over."""
    return Allowance(kind=AllowanceKind.DAY, said_at=at, until_at=day_ends(at, zone), subject=subject)


def this_place(
    places: Sequence[tuple[float, float]], at: datetime, *, subject: str = "", for_good: bool = False
) -> Allowance:
    """The ground around the first of these places is known, and around the others, where she went from there, as far as
    one circle holds them.
    """
    (lat_deg, lon_deg), radius_m = places[0], HERE_M
    for place in places[1:]:
        apart_m = distance_m(lat_deg, lon_deg, *place)
        wider_m = (apart_m + HERE_M + radius_m) / 2
        if radius_m < wider_m <= HERE_M_MAX:
            towards_deg = bearing_deg(lat_deg, lon_deg, *place)
            lat_deg, lon_deg = travelled(lat_deg, lon_deg, towards_deg, wider_m - radius_m)
            radius_m = wider_m
    return Allowance(
        kind=AllowanceKind.PLACE,
        said_at=at,
        until_at=None if for_good else at + HERE_FOR,
        subject=subject,
        lat_deg=round(lat_deg, 6),
        lon_deg=round(lon_deg, 6),
        radius_m=round(radius_m, 1),
    )


def this_hour(rule: str, first: datetime, at: datetime, zone: ZoneInfo, *, subject: str = "") -> Allowance:
    """The hour of a rule is usual: from somewhat before `first`, when she left, until somewhat after; of who is out
    late until somewhat after it was said.
    """
    last = max(first, at) if rule == OUT_LATE else first
    return Allowance(
        kind=AllowanceKind.HOUR,
        said_at=at,
        subject=subject,
        rule=rule,
        from_min=(_minute(first, zone) - EARLIER_MIN) % MINUTES,
        until_min=(_minute(last, zone) + LATER_MIN) % MINUTES,
    )


def _holds(one: Allowance, at: datetime) -> bool:
    return one.until_at is None or at < one.until_at


def _minute(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute
