"""A test process that fills the memory says where it was, and ends before the machine does."""

import asyncio
import faulthandler
import gc
import os
import sys
import threading
from collections import Counter
from itertools import islice

BYTES_MAX = 8 * 1024**3
"""A process of the whole run took 3.3 GB at the most; the fault that it is there for took 22."""
EVERY_S = 1.0
FULL = 70
"""The status with which the process ends."""
NAME = "guard-of-memory"
_MOST = 25


def memory_bytes() -> int:
    """What of this process lies in memory."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def watch(said_to: int, bytes_max: int = BYTES_MAX, every_s: float = EVERY_S) -> threading.Event:
    """Looks now and then from a thread of its own; what there is to say goes to an open file by its number. Gives what
    ends the watch.
    """
    over = threading.Event()

    def look() -> None:
        while not over.wait(every_s):
            if memory_bytes() > bytes_max:
                _end(said_to)

    threading.Thread(target=look, name=NAME, daemon=True).start()
    return over


def _end(said_to: int) -> None:
    """Which test runs, where every thread and task is, and of what there is so much, while all others stand still."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "none")
    os.write(said_to, f"\n{memory_bytes() >> 20} MB are filled; the test is {test}\n".encode())
    faulthandler.dump_traceback(said_to)
    sys.setswitchinterval(3600)
    things = gc.get_objects()
    for task in islice((one for one in things if isinstance(one, asyncio.Task)), _MOST):
        os.write(said_to, f"{task!r}\n".encode())
    for kind, count in Counter(map(type, things)).most_common(_MOST):
        os.write(said_to, f"{count:>12,} {kind.__module__}.{kind.__qualname__}\n".encode())
    os._exit(FULL)
