"""Waiting in simulated time, on a clock that may go faster than the world's."""

import asyncio
from datetime import datetime, timedelta
from typing import Protocol


class PacedClock(Protocol):
    """A clock that says how fast it goes."""

    speed: float

    def __call__(self) -> datetime:
        """The present moment of the simulation."""
        ...


def left_s(clock: PacedClock, moment: datetime) -> float:
    """Real seconds until a moment of the simulation; 0 when it is past."""
    return max(0.0, (moment - clock()).total_seconds() / clock.speed)


async def sleep_until(clock: PacedClock, moment: datetime) -> None:
    """Returns at a moment of the simulation, never before."""
    # In a loop, because a sleep may end a little early, and a fast clock makes much of little.
    while clock() < moment:  # noqa: ASYNC110
        await asyncio.sleep(left_s(clock, moment))


async def sleep_for(clock: PacedClock, simulated_s: float) -> None:
    """Returns after so many seconds of the simulation."""
    await sleep_until(clock, clock() + timedelta(seconds=simulated_s))
