"""Whether a body comes late or its sender's clock is wrong: both say that they were sent long ago.

A detector whose clock was right when it was last heard keeps its times when it sends again what it could not send. One
whose clock was not, or that is behind by the same all the time, is not believed. What a clock was before this process
began is in the registry's entry, so that what comes after our own outage is still known to be late.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct, UnsetType

from beacon_ingest.registry import Entry

SKEW_S_MAX: Final = 120
"""A sender's clock that is farther from ours is not believed (BLE notes, section 3)."""

LATE_MAX: Final = timedelta(days=7)
"""Nothing is kept at the edge of the network for longer than a repeat of it would be recognised."""

STEADY_S: Final = 5.0
STEADY_FOR: Final = timedelta(minutes=3)
"""What was kept and is sent again catches up with us; a wrong clock stays as far behind as it is."""


class _Known(Struct, frozen=True):
    """Of one detector: whether its clock is right, and since when it has been behind by how much."""

    right: bool
    behind_s: float = 0.0
    since: datetime | None = None


class Clocks:
    """What is known of the detectors' clocks; one entry for each registered detector at most."""

    def __init__(self) -> None:
        self._known: dict[UUID, _Known] = {}

    def is_late(self, entry: Entry, skew_s: float | UnsetType, received_at: datetime) -> bool:
        """Whether a body whose time is `skew_s` from ours was sent then, by a clock that is right, and only now came
        through. Learns from what it is told.
        """
        if isinstance(skew_s, UnsetType):
            return False
        known = self._after(entry, skew_s, received_at)
        self._known[entry.device_id] = known
        return known.since is not None

    def _after(self, entry: Entry, skew_s: float, received_at: datetime) -> _Known:
        if abs(skew_s) <= SKEW_S_MAX:
            return _Known(right=True)
        known = self._known.get(entry.device_id)
        right = known.right if known is not None else entry.skew_s is not None and abs(entry.skew_s) <= SKEW_S_MAX
        if not right or not -LATE_MAX.total_seconds() <= skew_s < 0:
            return _Known(right=False)
        if known is None or known.since is None or abs(skew_s - known.behind_s) > STEADY_S:
            return _Known(True, skew_s, received_at)
        return known if received_at - known.since < STEADY_FOR else _Known(right=False)
