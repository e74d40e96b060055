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
MEMORY_RATIO_MAX = 1.2
"""What ten times as many wearers may take."""


def measure() -> Iterator[Measurement]:
    """Minutes and peak memory; and that every document comes to what its lines do."""
    few_s, few_mb = _closed(WEARERS // 10)
    many_s, many_mb = _closed(WEARERS)
    yield Measurement(name="billing.close_tenth", value=few_s, unit=f"s to close a month of {WEARERS // 10:,} wearers")
    minutes = many_s / 60
    yield Measurement(
        name="billing.close", value=minutes, unit=f"minutes to close a month of {WEARERS:,} wearers",
        budget=MINUTES_MAX, ok=minutes <= MINUTES_MAX,
    )  # fmt: skip
    ratio = many_mb / few_mb
    yield Measurement(
        name="billing.memory", value=many_mb, unit="MB at the peak", floor=few_mb, ratio=ratio, budget=MEMORY_RATIO_MAX,
        ok=ratio <= MEMORY_RATIO_MAX,
    )  # fmt: skip


def _closed(count: int) -> tuple[float, float]:
    """Seconds and megabytes of the command, in a fresh town of so many wearers."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(Path(folder))
        _furnish(engine, count)
        engine.dispose()
        start_s = time.monotonic()
        peak_mb = _run("close", "--city", str(CITY), "--month", MONTH, "--data", folder)
        spent_s = time.monotonic() - start_s
        _run("check", "--data", folder)
    return spent_s, peak_mb


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
    """The peak of memory of `mimamori billing …`, MB."""
    command = [sys.executable, "-m", "app.cli", "billing", *arguments]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, "the command failed"
    return usage.ru_maxrss / 1024
