"""The command `mimamori` in a process whose clock a test steps: `python -m tests.chaos.stepped edge …`.

The seconds by which it is wrong are the one number in the file that `STEPPED_BY` names, read at every look at the
clock. What goes by durations does not see it, as it does not see a real step.
"""

import mmap
import os
import struct
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self

import apscheduler.schedulers.base
import apscheduler.triggers.interval

from app.kit import clock

STEPPED_BY = "MIMAMORI_TEST_STEPPED_BY"
_NUMBER = struct.Struct("d")


def step(file: Path, seconds: float) -> None:
    """Lets the clock of whoever looks at the file be wrong by so much from now on."""
    if not file.exists():
        file.write_bytes(_NUMBER.pack(seconds))
    with file.open("r+b") as opened:
        opened.write(_NUMBER.pack(seconds))


def main() -> None:
    with Path(os.environ[STEPPED_BY]).open("rb") as file:
        number = mmap.mmap(file.fileno(), _NUMBER.size, access=mmap.ACCESS_READ)
    right = datetime.now

    class Stepped(datetime):
        """A clock that is wrong."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            """The present moment by it."""
            (seconds,) = _NUMBER.unpack(number)
            return right(tz) + timedelta(seconds=seconds)  # type: ignore[return-value]

    clock.system_clock = lambda: Stepped.now(UTC)
    apscheduler.schedulers.base.datetime = Stepped
    apscheduler.triggers.interval.datetime = Stepped
    from app.cli import main as command  # Everything that looks at a clock is loaded from here on.

    command()


if __name__ == "__main__":
    main()
