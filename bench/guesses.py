"""Guessing the codes of stickers: what guessers find, what they do to whoever really stands before her meanwhile, and
whether the time of an answer tells which codes there ever were.

    python -m bench.guesses --guesses 20000 --stickers 2000      # a quick run
"""

import argparse
import asyncio
import logging
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Role
from app.asgi import create_app
from app.config import Settings
from app.db.engine import Database, sqlite_engine
from app.households import service as households
from app.kit.clock import system_clock
from app.kit.ids import CityId, new_id
from app.migrations.run import upgrade
from app.stickers import codes, service
from app.stickers.limits import RETRY_S
from app.stickers.tables import sticker, sticker_batch
from bench import cluster
from bench.load import until_ready
from bench.measure import Measurement

CITY: Final = CityId(282103)
SEED: Final = 20261130
STICKERS, GUESSES = 100_000, 1_000_000
KEPT_OUT: Final = ("lost", "withdrawn", "stock")
LINES: Final = 32
HAMMERED_S, PAUSE_S = 15.0, 0.05
COMING_THROUGH: Final = 12
TIMED: Final = 4000
AUC_MAX: Final = 0.03
"""Probability that one answer took longer than the other, apart from a half: three standard errors of 4,000 each."""


def a_code(random: Random) -> str:
    """A well-formed code."""
    while True:
        code = codes.new_code(random.getrandbits(codes.BITS))
        if code is not None:
            return code


def build(folder: Path, count: int) -> dict[str, list[str]]:
    """A town with so many stickers on people's things, and some of each other state; their codes by state."""
    engine = sqlite_engine(folder)
    random = Random(secrets.randbits(64))
    made = {"issued": [a_code(random) for _ in range(count)]} | {
        state: [a_code(random) for _ in range(200)] for state in KEPT_OUT
    }
    with engine.begin() as connection:
        upgrade(connection)
        _fill(connection, made)
    engine.dispose()
    return made


def _fill(connection: Connection, made: dict[str, list[str]]) -> None:
    now = datetime(2026, 4, 1, 3, tzinfo=UTC)
    accounts.create_city(connection, city_id=CITY, name="加古川市", zone="Asia/Tokyo", now=now)
    clerk = accounts.add_account(
        connection, city_id=CITY, email="clerk@example.jp", name="Clerk", role=Role.CLERK, password_hash="x",
        language="ja", now=now,
    )  # fmt: skip
    household = households.create_household(connection, CITY, "佐藤", [], now)
    wearer = households.create_wearer(connection, household.id, "ハナ", by=clerk.id, now=now)
    batch = new_id()
    connection.execute(
        sa.insert(sticker_batch).values(
            id=batch, city_id=CITY, layout="a4-20", material="paper", count=1, printed_by=clerk.id, printed_at=now
        )
    )
    numbers = iter(range(10_000_000))
    rows = [
        {
            "id": new_id(), "city_id": CITY, "token_hash": codes.hash_of(code), "number": f"N{next(numbers)}",
            "batch_id": batch, "sheet": 1, "material": "paper", "state": state,
            "wearer_id": None if state == "stock" else wearer.id, "stuck_on": "", "issued_at": now,
        }
        for state, some in made.items()
        for code in some
    ]  # fmt: skip
    for begin in range(0, len(rows), 10_000):
        connection.execute(sa.insert(sticker), rows[begin : begin + 10_000])


def measure(stickers: int = STICKERS, guesses: int = GUESSES) -> Iterator[Measurement]:
    """The measurements."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = build(folder, stickers)
        yield from _guessed(folder, stickers, guesses)
        yield from asyncio.run(_timed(folder, made))
        with served(folder) as port:
            yield from asyncio.run(_hammered(port, made["issued"]))


def _guessed(folder: Path, stickers: int, guesses: int) -> Iterator[Measurement]:
    """All guesses as if there were no limit: nothing but the bits of a code stands against them."""
    random, found, engine = Random(SEED), 0, sqlite_engine(folder)
    began_s = time.perf_counter()
    for begin in range(0, guesses, 5000):
        with engine.connect() as connection:
            for _ in range(min(5000, guesses - begin)):
                found += service.scanned(connection, a_code(random)) is not None
    rate = guesses / (time.perf_counter() - began_s)
    engine.dispose()
    yield Measurement(
        name="stickers.guessed", value=found, unit=f"found by {guesses:,} guesses among {stickers:,} stickers",
        budget=0,        ok=found == 0,
    )  # fmt: skip
    yield Measurement(name="stickers.look_ups", value=rate, unit="guesses/s without any limit, one core")


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """The service over `folder`; its port."""
    ready = folder / "ready.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--data", str(folder), "--port", "0", "--ready-file", str(ready)],
        env={**os.environ, "MIMAMORI_LOG_LEVEL": "error"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        cluster.until(ready.exists, process, "mimamori")
        port = urlsplit(msgspec.json.decode(ready.read_bytes())["base_url"]).port or 0
        until_ready(port)
        yield port
    finally:
        process.terminate()
        process.wait(cluster.START_S)


class Line:
    """A connection of somebody with a browser, by a proxy that says from where."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def open(self) -> "Line":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def scan(self, code: str, address: str) -> int:
        """The status of the page of this code."""
        self._writer.write(
            f"GET /s/{code} HTTP/1.1\r\nHost: t\r\nUser-Agent: Mozilla/5.0\r\n"
            f"X-Forwarded-For: {address}\r\n\r\n".encode()
        )
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            int(row.split(b":")[1]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length:")
        )
        await self._reader.readexactly(length)
        return int(head.split(b" ", 2)[1])

    def close(self) -> None:
        self._writer.close()


class Guessers:
    """Lines that guess without a pause until they are stopped."""

    def __init__(self, port: int, *, many: bool) -> None:
        self._port, self._many, self._random = port, many, Random(SEED)
        self.statuses: dict[int, int] = {}

    async def __aenter__(self) -> "Guessers":
        self._tasks = [asyncio.create_task(self._guess()) for _ in range(LINES)]
        await asyncio.sleep(1.0)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _guess(self) -> None:
        line = await Line(self._port).open()
        try:
            while True:
                bits = self._random.getrandbits(24)
                address = f"10.{bits >> 16}.{bits >> 8 & 255}.{bits & 255}" if self._many else "203.0.113.7"
                status = await line.scan(a_code(self._random), address)
                self.statuses[status] = self.statuses.get(status, 0) + 1
        finally:
            line.close()


async def _hammered(port: int, good: Sequence[str]) -> list[Measurement]:
    random = Random(SEED)
    found = [_latency("stickers.finder_alone", await _finders(port, good, random))]
    for name, many in (("one_address", False), ("many_addresses", True)):
        began_s = time.perf_counter()
        async with Guessers(port, many=many) as guessers:
            found.append(_latency(f"stickers.finder_beside_{name}", await _finders(port, good, random)))
            if not many:
                found += await _behind(port, random.sample(good, COMING_THROUGH))
            seconds = time.perf_counter() - began_s
            sent, looked_up = sum(guessers.statuses.values()), guessers.statuses.get(404, 0)
        hit = guessers.statuses.get(200, 0)
        found.append(
            Measurement(
                name=f"stickers.guessers_{name}", value=sent / seconds,
                unit=f"guesses/s over HTTP, of which {looked_up / seconds:.1f}/s were looked up; {hit} found",
                ok=hit == 0,
            )
        )  # fmt: skip
    return found


async def _finders(port: int, good: Sequence[str], random: Random) -> list[float]:
    """How long the page takes for somebody real from elsewhere, each time with another sticker, ms."""
    line, spent_ms, until_s = await Line(port).open(), [], time.perf_counter() + HAMMERED_S
    while time.perf_counter() < until_s:
        began_s = time.perf_counter()
        status = await line.scan(random.choice(good), f"198.51.100.{random.randrange(250)}")
        assert status == 200, status
        spent_ms.append((time.perf_counter() - began_s) * 1000)
        await asyncio.sleep(PAUSE_S)
    line.close()
    return spent_ms


async def _behind(port: int, some: Sequence[str]) -> list[Measurement]:
    """How long it takes until each of some people behind the guesser's address has the page, which tries again as a
    browser does.
    """

    async def come(code: str) -> float:
        began_s = time.perf_counter()
        while True:
            line = await Line(port).open()
            status = await line.scan(code, "203.0.113.7")
            line.close()
            if status == 200:
                return time.perf_counter() - began_s
            assert time.perf_counter() - began_s < 60, "kept out"
            await asyncio.sleep(RETRY_S)

    spent_s = await asyncio.gather(*(come(code) for code in some))
    most_s = max(spent_s)
    return [
        Measurement(
            name="stickers.finder_behind_guesser", value=most_s,
            unit=f"s until all of {len(some)} had the page (median {statistics.median(spent_s):.1f})", budget=15,
            ok=most_s <= 15,
        )
    ]  # fmt: skip


def _latency(name: str, spent_ms: Sequence[float]) -> Measurement:
    ordered = sorted(spent_ms)
    p99 = ordered[int(0.99 * len(ordered))]
    return Measurement(
        name=name, value=statistics.median(ordered), unit=f"ms (median; p99 {p99:.1f}, {len(ordered)} pages)"
    )


async def _timed(folder: Path, made: dict[str, list[str]]) -> list[Measurement]:
    """The application asked for codes that are unknown, lost, withdrawn and in stock, in an order by chance, each from
    an address of its own. How probably an answer of one kind takes longer than one to an unknown code (the statistic
    of Mann and Whitney): 0.5 tells nothing.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    random, database = Random(SEED), Database(folder)
    app = create_app(Settings(log_level="error"), database, system_clock)
    _ = app.litestar
    database.start()
    known = {**made, "unknown": [a_code(random) for _ in range(200)]}  # As many: what was asked before is quicker.
    spent: dict[str, list[float]] = {"unknown": [], **{state: [] for state in KEPT_OUT}}
    order = [kind for kind in spent for _ in range(TIMED)]
    random.shuffle(order)
    for number, kind in enumerate(order):
        code = random.choice(known[kind])
        spent_ms, status = await _ask(app, code, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        assert status == 404, status
        spent[kind].append(spent_ms)
    await database.stop()
    return [_told_apart(kind, spent["unknown"], spent[kind], random) for kind in KEPT_OUT]


async def _ask(app: Any, code: str, address: str) -> tuple[float, int]:
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": f"/s/{code}", "raw_path": f"/s/{code}".encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", b"t"), (b"user-agent", b"Mozilla/5.0")], "client": (address, 1), "server": ("t", 80),
        "state": {},
    }  # fmt: skip
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    began_s = time.perf_counter()
    await app(scope, receive, send)
    return (time.perf_counter() - began_s) * 1000, statuses[0]


def _told_apart(kind: str, unknown: Sequence[float], other: Sequence[float], random: Random) -> Measurement:
    ranked = sorted([(value, 0) for value in unknown] + [(value, 1) for value in other])
    ranks = sum(rank for rank, (_, whose) in enumerate(ranked, 1) if whose)
    auc = (ranks - len(other) * (len(other) + 1) / 2) / (len(other) * len(unknown))
    error = ((len(unknown) + len(other) + 1) / (12 * len(unknown) * len(other))) ** 0.5
    differences = sorted(
        statistics.fmean(random.choices(other, k=len(other)))
        - statistics.fmean(random.choices(unknown, k=len(unknown)))
        for _ in range(200)
    )
    low, high = (differences[place] * 1000 for place in (5, 194))
    apart = abs(auc - 0.5)
    return Measurement(
        name=f"stickers.time_tells_{kind}", value=auc,
        unit=f"longer than unknown (0.5 tells nothing; z {(auc - 0.5) / error:+.1f}; means differ by {low:+.0f} to "
        f"{high:+.0f} us, 95 %, of {statistics.fmean(unknown) * 1000:.0f})",
        budget=0.5 + AUC_MAX, ok=apart <= AUC_MAX,
    )  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stickers", type=int, default=STICKERS)
    parser.add_argument("--guesses", type=int, default=GUESSES)
    given = parser.parse_args()
    for one in measure(given.stickers, given.guesses):
        print(one.line(), flush=True)
