"""Many devices of a town that fall silent at once: then it is not they who are lost, but we who do not hear. Pure.

A radio network that is down, an edge that died or a firewall that somebody changed looks like hundreds of people whose
devices have gone quiet. Their families would be told so within minutes, and the one who is really lost would be among
hundreds of messages. So silence is put off then, staff is told instead, and what was lost before is told as always.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

ACTIVE: Final = timedelta(hours=2)
"""Devices that were heard within this time are those that should be heard."""

MANY: Final = 10
"""Of fewer devices nothing can be said, and fewer families are disturbed."""

SHARE: Final = 0.5
"""So large a part of them is no chance."""

AT_ONCE: Final = timedelta(minutes=10)
"""Those whose last words lie so close together fell silent together."""

QUIET: Final = timedelta(minutes=10)
"""For so long nothing must have been heard of them: most trackers speak every few minutes."""

LONGEST: Final = timedelta(hours=24)
"""After so long it is no outage any more, but how things are."""


class Outage(Struct, frozen=True, kw_only=True):
    """Since when so many devices of a town are silent, and when it was over; None: it is not."""

    city_id: int
    from_at: datetime
    devices: int
    until_at: datetime | None = None

    def end(self, now: datetime) -> datetime:
        """When it was over, as far as is known at `now`."""
        return now if self.until_at is None else self.until_at


def began(heard_at: Sequence[datetime], now: datetime) -> tuple[datetime, int] | None:
    """When many of the devices fell silent together that were last heard at these times within `ACTIVE`, and how many;
    None when they did not.

    >>> from datetime import UTC
    >>> now = datetime(2026, 4, 1, 12, tzinfo=UTC)
    >>> began([now - timedelta(minutes=15)] * 10, now) == (now - timedelta(minutes=15), 10)
    True
    >>> began([now - timedelta(minutes=15)] * 10 + [now] * 11, now) is None
    True
    """
    times = sorted(heard_at)
    if len(times) < MANY:
        return None
    end = bisect_left(times, now - QUIET + timedelta.resolution)  # What was heard later than that is not silent.
    best: tuple[int, datetime] | None = None
    first = 0
    for last in range(end):
        while times[last] - times[first] > AT_ONCE:
            first += 1
        count = last - first + 1
        if best is None or count > best[0]:
            best = count, times[first]
    if best is None or best[0] < max(MANY, SHARE * len(times)):
        return None
    return best[1], best[0]


def is_over(outage: Outage, heard_lately: int, now: datetime) -> bool:
    """Whether so many devices of the town were heard within `QUIET` that it can be no outage any more."""
    return heard_lately >= SHARE * outage.devices or now - outage.from_at >= LONGEST


def silent_since(heard_at: datetime, interval_s: float, outage: Outage | None, now: datetime) -> datetime:
    """From when on the silence of a device counts that was last heard at `heard_at` and speaks every `interval_s`: from
    the end of an outage in which it should have spoken and did not.
    """
    if outage is None or heard_at >= outage.end(now) or heard_at + timedelta(seconds=interval_s) < outage.from_at:
        return heard_at
    return outage.end(now)
