"""How somebody wants to be told: which notices, over which channels, and not while they sleep. Pure.

Nothing here holds back what is urgent, but for one who does not want urgent alerts at all while somebody else of the
family does.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from app.kit.calendar import is_between, local_date, local_time
from app.kit.ids import AccountId
from app.push.model import Channel, Level
from app.watch.model import AlertKind

Minute = Annotated[int, Meta(ge=0, lt=24 * 60, description="minutes after midnight, on the wall clock of the city")]


class Quiet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours in which notices and news wait; over midnight when they end earlier than they begin."""

    from_minute: Minute
    until_minute: Minute


class Preference(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody chose. `channels` are those wanted, in the order in which they are to be tried; none: all of them.
    `without` are kinds whose notices are not wanted.
    """

    urgent: bool = True
    news: bool = True
    without: Annotated[list[AlertKind], Meta(max_length=len(AlertKind))] = []
    channels: Annotated[list[Channel], Meta(max_length=len(Channel))] = []
    quiet: Quiet | None = None


PLAIN = Preference()
"""Whoever chose nothing hears everything."""
Preferences = Mapping[AccountId, Preference]


def refused(preference: Preference, kind: AlertKind, level: Level) -> bool:
    """Whether somebody does not want to hear of an alert like this."""
    match level:
        case Level.URGENT:
            return not preference.urgent
        case Level.NEWS:
            return not preference.news
        case _:
            return kind in preference.without


def willing(
    people: Sequence[AccountId], preferences: Preferences, reachable: Collection[AccountId],
    kind: AlertKind, level: Level,
) -> list[AccountId]:  # fmt: skip
    """Those of the people who want to hear of it, in order. What is urgent goes to all of them when nobody who wants it
    can be reached.
    """
    wanting = [one for one in people if not refused(preferences.get(one, PLAIN), kind, level)]
    if level is Level.URGENT and not any(one in reachable for one in wanting):
        return list(people)
    return wanting


def waits_until(preference: Preference, level: Level, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours are over that hold this back; None when nothing does."""
    quiet = preference.quiet
    if quiet is None or level is Level.URGENT or quiet.from_minute == quiet.until_minute:
        return None
    begin, end = (time(minute // 60, minute % 60) for minute in (quiet.from_minute, quiet.until_minute))
    if not is_between(now, begin, end, zone):
        return None
    day = local_date(now, zone)
    if local_time(now, zone) >= end:
        day += timedelta(days=1)
    return datetime.combine(day, end, zone).astimezone(UTC)
