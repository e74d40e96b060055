"""What goes into a detector and what comes out, as in the replay of recorded tracks; and what every detector does."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, Self
from zoneinfo import ZoneInfo

from msgspec import Struct

ZONE = ZoneInfo("Asia/Tokyo")
BEGAN_AT = datetime(2026, 5, 11, tzinfo=ZONE).astimezone(UTC)
"""The first midnight of everybody; a Monday."""
LEARN_DAYS = 28
MOVEMENT = "movement"
ACCURACY_MAX_M = 500.0
"""Baselines leave out what is stated coarser: they know nothing of accuracy themselves."""


class Fix(Struct, frozen=True):
    """A fix of a device. UTC, degrees, metres (68 % radius)."""

    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None = None


class Spoken(Struct, frozen=True, kw_only=True):
    """An alert that opened, or an open one that became urgent."""

    user: str
    at: datetime
    kind: str
    rule: str
    level: str
    reason: str
    lat_deg: float | None
    lon_deg: float | None


class Options(Struct, frozen=True, kw_only=True):
    """How tracks are replayed."""

    zone: ZoneInfo = ZONE
    learn_days: int = LEARN_DAYS
    rolling: bool = True
    step_s: int = 60


class Detector(Protocol):
    """Something that hears one person's fixes in order of time and says when she is lost."""

    def take(self, fix: Fix) -> Sequence[Spoken]:
        """What is said because of a fix and of the time before it."""
        ...

    def copy(self) -> Self:
        """Another in the same state, which goes on by itself."""
        ...


def at(seconds: float) -> datetime:
    """The moment so many seconds after the first midnight.

    >>> at(3_600).isoformat()
    '2026-05-10T16:00:00+00:00'
    """
    return BEGAN_AT + timedelta(seconds=seconds)
