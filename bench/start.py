"""How soon `mimamori serve` answers on an existing database, and what it weighs when idle."""

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bench import town
from bench.measure import Measurement
from bench.positions import _free_port

RATIO_MAX = 1.5
IDLE_MB_MAX = 200.0
RUNS = 5


def measure() -> Iterator[Measurement]:
    """The first answer's time against that of importing the frameworks alone, medians of `RUNS`."""
    floor = sorted(_imports() for _ in range(RUNS))[RUNS // 2]
    with tempfile.TemporaryDirectory() as folder:
        town.build(Path(folder), 100)
        runs = sorted(first_answer(folder) for _ in range(RUNS))
    seconds, memory_mb = runs[RUNS // 2]
    ratio = seconds / floor
    yield Measurement(
        name="start.first_answer",
        value=seconds,
        unit="s",
        floor=floor,
        ratio=ratio,
        budget=RATIO_MAX,
        ok=ratio <= RATIO_MAX,
    )
    yield Measurement(
        name="start.idle_memory", value=memory_mb, unit="MB", budget=IDLE_MB_MAX, ok=memory_mb <= IDLE_MB_MAX
    )


def _imports() -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import litestar, sqlalchemy.ext.asyncio"], check=True)
    return time.perf_counter() - begin


def first_answer(folder: str) -> tuple[float, float]:
    port = _free_port()
    begin = time.perf_counter()
    command = [sys.executable, "-m", "app.cli", "serve", "--data", folder, "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live"):
                    break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.005)
        seconds = time.perf_counter() - begin
        pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        return seconds, pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    finally:
        process.terminate()
        process.wait(30)
