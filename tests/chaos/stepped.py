"""The command `mimamori` in a process whose clock a test steps: `python -m tests.chaos.stepped edge …`.

The seconds by which it is wrong are the one number in the file that `STEPPED_BY` names, read at every look at the
clock. What goes by durations does not see it, as it does not see a real step.
"""

import mmap
import os
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

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

    def stepped() -> datetime:
        (seconds,) = _NUMBER.unpack(number)
        return datetime.now(UTC) + timedelta(seconds=seconds)

    clock.system_clock = stepped
    from app.cli import main as command  # Everything that looks at a clock is loaded from here on.

    command()


if __name__ == "__main__":
    main()
