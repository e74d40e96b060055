"""A month of a city is closed by the command itself: how long it takes, and how much memory at its peak, for a tenth of
the wearers and for all of them. SQLite, the real schemes of Sapporo (ten wards, elderly and disabled) and Kobe (every
tenth wearer had three turn-outs), half of the wearers each.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import Engine

from app.billing import service
from app.billing.totals import Rounding
from app.db.engine import open_engine
from app.db.session import take
from app.kit.ids import CityId
from app.migrations.run import upgrade
from bench import contracts
from bench.measure import Measurement

WEARERS = int(os.environ.get("MIMAMORI_BENCH_BILLED", "100000"))
CITY, MONTH = CityId(282103), "2026-03"
MINUTES_MAX = 10.0
LOOK_EVERY_S = 0.1
MEMORY_RATIO_MAX = 1.2
"""What ten times as many wearers may take."""


def measure() -> Iterator[Measurement]:
    """Minutes and peak memory; and that every document comes to what its lines do."""
    few_s, few_mb, _ = _closed(WEARERS // 10)
    many_s, many_mb, many_cpu_s = _closed(WEARERS)
    yield Measurement(name="billing.close_tenth", value=few_s, unit=f"s to close a month of {WEARERS // 10:,} wearers")
    minutes = many_s / 60
    yield Measurement(
        name="billing.close", value=minutes, unit=f"minutes to close a month of {WEARERS:,} wearers",
        budget=MINUTES_MAX, ok=minutes <= MINUTES_MAX,
    )  # fmt: skip
    yield Measurement(
        name="billing.cpu", value=many_cpu_s / WEARERS * 1000, unit="ms of processor for one wearer, commits included"
    )
    ratio = many_mb / few_mb
    yield Measurement(
        name="billing.memory", value=many_mb, unit="MB of its own at the peak", floor=few_mb, ratio=ratio,
        budget=MEMORY_RATIO_MAX, ok=ratio <= MEMORY_RATIO_MAX,
    )  # fmt: skip


def _closed(count: int) -> tuple[float, float, float]:
    """Seconds, megabytes and seconds of processor of the command, in a fresh town of so many wearers."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(Path(folder))
        _furnish(engine, count)
        engine.dispose()
        start_s, before = time.monotonic(), os.times()
        peak_mb = _run("close", "--city", str(CITY), "--month", MONTH, "--data", folder)
        spent_s, after = time.monotonic() - start_s, os.times()
        _run("check", "--data", folder)
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return spent_s, peak_mb, cpu_s


def _furnish(engine: Engine, count: int) -> None:
    with engine.begin() as connection:
        upgrade(connection)
        contracts.city_of(connection, CITY)
        for code in ("alsok", "contractor"):
            service.put_issuer(
                connection, CITY, code, name="会社", address="", phone="", registration_number="T1234567890123",
                rounding=Rounding.DOWN, payment_days=30, bank=None, by=None, now=contracts.AT,
            )  # fmt: skip
        some = contracts.wearers(connection, CITY, count)
        contracts.kobe(connection, CITY, some[::2], turn_outs=3)
        contracts.sapporo(connection, CITY, some[1::2])
        take(connection)


def _run(*arguments: str) -> float:
    """The peak of the memory of `mimamori billing …`, MB: its own, without the pages of the file that are mapped in,
    which the system takes back when it wants to.
    """
    command = [sys.executable, "-m", "app.cli", "billing", *arguments]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak_kb = 0
    while child.poll() is None:
        peak_kb = max(peak_kb, _own_kb(child.pid))
        time.sleep(LOOK_EVERY_S)
    assert child.returncode == 0, "the command failed"
    return peak_kb / 1024


def _own_kb(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")), 0)
