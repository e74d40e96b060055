"""Where units go from the edge.

Embedded it is the database's writer, scaled it is a message stream; the edge cannot tell.
"""

from collections.abc import Awaitable
from typing import Protocol

from msgspec import Struct

from beacon_ingest.messages import DetectorUnit, Unit


class StreamFull(Exception):
    """Nothing of this unit was taken because too much waits; try again in `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int = 5) -> None:
        super().__init__("the stream is full")
        self.retry_after_s = retry_after_s


class Stream(Protocol):
    """Takes units in the order of the calls."""

    def publish(self, unit: Unit | DetectorUnit) -> Awaitable[object]:
        """Done when the unit is durable (DESIGN promise 1); also when it is a repeat of one that already was.

        Raises `StreamFull`, at once or when awaited; after that, as after any other error, nothing may be acknowledged.
        """
        ...


class Lag(Struct, frozen=True, kw_only=True):
    """What of one partition no worker has acknowledged: how many units, how many of them were handed to a worker, and
    for how many seconds the oldest has been in the stream.
    """

    partition: int
    waiting: int = 0
    in_hand: int = 0
    oldest_s: float = 0.0


class Backlog(Struct, frozen=True, kw_only=True):
    """What waits in the whole stream; `bytes_max` is what fits."""

    lags: tuple[Lag, ...]
    bytes: int
    bytes_max: int

    @property
    def oldest_s(self) -> float:
        """For how long the oldest of all has waited; 0 when nothing does."""
        return max((one.oldest_s for one in self.lags), default=0.0)
