"""What a sender's clock is worth: right, wrong, or right and the body only now came through.

A body that was sent long ago and a clock that is behind say the same. A detector whose clock was right when it was last
heard keeps its times when it sends what it could not send before. One whose clock was not, or that stays behind by the
same, is not believed. What a clock was before this process began is in the registry's entry, so that what comes after
our own outage is still known to be late.
"""

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final
from uuid import UUID

from msgspec import Struct, UnsetType

from beacon_ingest.registry import Entry

SKEW_S_MAX: Final = 120
"""A sender's clock that is farther from ours is not believed (BLE notes, section 3)."""

LATE_MAX: Final = timedelta(days=7)
"""Nothing is kept at the edge of the network for longer than a repeat of it would be recognised."""

SET_FROM: Final = datetime(2024, 1, 1, tzinfo=UTC)
"""No detector of ours was in use before: a clock that says so (1970, 2012) was never set."""

STEADY_S: Final = 5.0
STEADY_FOR: Final = timedelta(minutes=3)
"""What was kept and is sent again catches up with us; a wrong clock stays as far behind as it is."""


class Told(Enum):
    """What the time that a body states is worth."""

    NOTHING = "nothing"
    """It states none."""
    RIGHT = "right"
    LATE = "late"
    """Sent then, by a clock that is right."""
    STALE = "stale"
    """The same, longer ago than anything is kept: nobody was where it says *now*."""
    WRONG = "wrong"


class _Known(Struct, frozen=True):
    """Of one detector: whether its clock is right, and since when it has been behind by how much."""

    right: bool
    behind_s: float = 0.0
    since: datetime | None = None


class Clocks:
    """What is known of the detectors' clocks; one entry for each registered detector at most."""

    def __init__(self) -> None:
        self._known: dict[UUID, _Known] = {}

    def told(self, entry: Entry, sent_at: datetime | UnsetType, received_at: datetime) -> Told:
        """What the time at which a body says it was sent is worth. Learns from what it is told."""
        if isinstance(sent_at, UnsetType):
            return Told.NOTHING
        skew_s = (sent_at - received_at).total_seconds()
        known = self._known[entry.device_id] = self._after(entry, sent_at, skew_s, received_at)
        if not known.right:
            return Told.WRONG
        if known.since is None:
            return Told.RIGHT
        return Told.LATE if received_at - sent_at <= LATE_MAX else Told.STALE

    def _after(self, entry: Entry, sent_at: datetime, skew_s: float, received_at: datetime) -> _Known:
        if abs(skew_s) <= SKEW_S_MAX:
            return _Known(right=True)
        known = self._known.get(entry.device_id)
        right = known.right if known is not None else entry.skew_s is not None and abs(entry.skew_s) <= SKEW_S_MAX
        if not right or skew_s > 0 or sent_at < SET_FROM:
            return _Known(right=False)
        if known is None or known.since is None or abs(skew_s - known.behind_s) > STEADY_S:
            return _Known(True, skew_s, received_at)
        return known if received_at - known.since < STEADY_FOR else _Known(right=False)
