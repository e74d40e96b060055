"""What goes into a detector and what comes out, as in the replay of recorded tracks; and what every detector does."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, Self

from app.kit.calendar import JST as ZONE
from app.watch.replaying import Fix, Options, Spoken

__all__ = ["ACCURACY_MAX_M", "BEGAN_AT", "LEARN_DAYS", "MOVEMENT", "ZONE", "Detector", "Fix", "Options", "Spoken", "at"]

BEGAN_AT = datetime(2026, 5, 11, tzinfo=ZONE).astimezone(UTC)
"""The first midnight of everybody; a Monday."""
LEARN_DAYS = 28
MOVEMENT = "movement"
ACCURACY_MAX_M = 500.0
"""Baselines leave out what is stated coarser: they know nothing of accuracy themselves."""


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
