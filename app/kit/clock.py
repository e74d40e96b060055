"""The only place that reads the clock. Everything else is given `now` as an argument."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Returns the present moment, aware, UTC."""


def system_clock() -> datetime:
    """The present moment by the machine's clock, UTC."""
    return datetime.now(UTC)


def monotonic_s() -> float:
    """Seconds of a clock that never goes back, from an arbitrary start: for rates and durations."""
    return time.monotonic()


class ManualClock:
    """A clock that stands still until it is moved: for stories that last a night and tests that last a moment."""

    def __init__(self, start: datetime) -> None:
        assert start.tzinfo is not None, "a clock without a zone lies twice a year"
        self._now = start.astimezone(UTC)

    def __call__(self) -> datetime:
        return self._now

    def pass_by(self, duration: timedelta) -> datetime:
        """The moment after `duration` went by."""
        assert duration >= timedelta(0), "time does not go back"
        self._now += duration
        return self._now


class SharedClock:
    """The clock that many processes share, once one of them was told it: between two tellings it goes on by what no
    setting of a clock changes. Until then it is the machine's own.
    """

    def __init__(self, own: Clock = system_clock, monotonic: Callable[[], float] = monotonic_s) -> None:
        self._own, self._monotonic = own, monotonic
        self._from: datetime | None = None
        self._from_s = 0.0

    def __call__(self) -> datetime:
        if self._from is None:
            return self._own()
        return self._from + timedelta(seconds=self._monotonic() - self._from_s)

    def tell(self, now: datetime) -> None:
        """It is `now` by the clock that all share."""
        assert now.tzinfo is not None, "a clock without a zone lies twice a year"
        self._from, self._from_s = now.astimezone(UTC), self._monotonic()


class FastClock:
    """A clock that goes `speed` times as fast as the machine's once it is told to hurry, and at its pace before.

    For the demo: it starts at the real moment, so what is made before it hurries is dated truly.
    """

    def __init__(self, start: datetime, speed: float, monotonic: Callable[[], float] = monotonic_s) -> None:
        assert start.tzinfo is not None, "a clock without a zone lies twice a year"
        assert speed > 0, "time does not stand still or go back"
        self._from = start.astimezone(UTC)
        self._from_s = monotonic()
        self._monotonic = monotonic
        self._hurrying_speed = speed
        self.speed = 1.0

    def __call__(self) -> datetime:
        return self._from + timedelta(seconds=(self._monotonic() - self._from_s) * self.speed)

    def hurry(self) -> datetime:
        """The present moment, from which on the clock goes at its own speed. Nothing is skipped."""
        now_s = self._monotonic()
        self._from += timedelta(seconds=(now_s - self._from_s) * self.speed)
        self._from_s, self.speed = now_s, self._hurrying_speed
        return self._from


def machine_s(clock: Clock, duration: timedelta) -> float:
    """How many seconds of the machine go by while `duration` does by this clock, at its present speed."""
    speed = clock.speed if isinstance(clock, FastClock) else 1.0
    return duration.total_seconds() / speed
