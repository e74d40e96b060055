"""Questions of a large history: who was near a place, where somebody was all day; and what a stored row weighs.

Three rows of four are positions, one is a passage. They fill the 90 days that are kept: of 10 million rows each of the
`WEARERS` wearers has a position every 17 minutes and 28 passages a day, across a town of 12 by 12 km, most of them near
home. Put in bulk, in the order of the keys; the indexes are made afterwards.
"""

import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts import tables as accounts
from app.accounts.model import Role, Viewer
from app.db.engine import FILE_NAME, sqlite_engine
from app.geo.cells import cell_of
from app.geo.model import Point
from app.history import service as history
from app.history.tables import passage, position
from app.households import tables as households
from app.households.model import GivenAs, Scope
from app.kit.ids import AccountId, CityId, SignInId, WearerId, new_id
from app.tags import tables as tags
from bench import town
from bench.measure import Measurement

ROWS = int(os.environ.get("MIMAMORI_BENCH_ROWS", "10000000"))
SEED = 7
WEARERS, DETECTORS, DAYS = 1_000, 1_475, 90
SIDE_DEG = 0.11
AREA_MS_MAX, DAY_MS_MAX = 20.0, 10.0
QUESTIONS = 300
RADIUS_M, SPAN = 1_000.0, timedelta(hours=1)

Row = tuple[Any, ...]


class _Town:
    """Who lives where, and which places lie around there; a place is (latitude, longitude, cell)."""

    def __init__(self, wearer_ids: Sequence[UUID]) -> None:
        self._dice = random.Random(SEED)
        self.wearers = [one.bytes for one in wearer_ids]
        self.devices = sorted(new_id().bytes for _ in wearer_ids)
        self.tags = [new_id().bytes for _ in wearer_ids]
        self.detectors = [(new_id().bytes, *self._anywhere()) for _ in range(DETECTORS)]
        self.homes = [self._around(*self._anywhere()) for _ in wearer_ids]
        self.passes = [self._dice.sample(self.detectors, 8) for _ in wearer_ids]

    def _anywhere(self) -> tuple[float, float, int]:
        dice = self._dice
        lat, lon = town.LAT + SIDE_DEG * (dice.random() - 0.5), town.LON + SIDE_DEG * 1.2 * (dice.random() - 0.5)
        return lat, lon, cell_of(lat, lon)

    def _around(self, lat: float, lon: float, _cell: int) -> list[tuple[float, float, int]]:
        """Forty places: most a few metres from home, some up to a kilometre away."""
        found = []
        for number in range(40):
            spread = 2e-4 if number < 28 else 8e-3
            one = lat + spread * (self._dice.random() - 0.5), lon + spread * (self._dice.random() - 0.5)
            found.append((*one, cell_of(*one)))
        return found

    def positions(self, count: int, until_s: int) -> Iterator[Row]:
        """In the order of the key: device by device, the oldest first."""
        each = count // len(self.devices)
        every_s = DAYS * 86_400 / each
        for device, wearer, places in zip(self.devices, self.wearers, self.homes, strict=True):
            begin_s = until_s - DAYS * 86_400 + int.from_bytes(device[-2:], "big") % every_s
            for n in range(each):
                at_s = int(begin_s + n * every_s)
                lat, lon, cell = places[hash((n, at_s)) % 40]
                at = at_s * 1_000_000
                yield (
                    town.CITY, device, at, 0, wearer, None, at + 900_000, lat, lon, 12.0, 20.0, 1.2, None, "gnss",
                    cell, at_s // 3600,
                )  # fmt: skip

    def passages(self, count: int, until_s: int) -> Iterator[Row]:
        """In the order of the key: by time."""
        names = [column.name for column in passage.c]
        step_s = DAYS * 86_400 / count
        heard = bytes((0, 255, 255, 15))
        for n in range(count):
            who = n % len(self.wearers)
            at_s = int(until_s - (count - n) * step_s)
            detector, lat, lon, cell = self.passes[who][hash((n, at_s)) % 8]
            at = at_s * 1_000_000
            values = {
                "city_id": town.CITY, "opened_at": at, "id": n.to_bytes(16, "big"), "tag_id": self.tags[who],
                "detector_id": detector, "wearer_id": self.wearers[who], "last_at": at + 20_000_000, "heard": heard,
                "rssi_dbm_max": -60.0, "lat_deg": lat, "lon_deg": lon, "accuracy_m": 50.0, "cell": cell,
                "doubtful": 0, "received_at": at + 900_000, "hour": at_s // 3600, "serial": n,
            }  # fmt: skip
            yield tuple(values.get(name) for name in names)


def build(folder: Path, rows: int) -> tuple[Viewer, list[UUID]]:
    """Makes the database; somebody who may see all of its wearers, and these."""
    wearer_ids = town.build(folder, WEARERS)
    people = _Town(wearer_ids)
    now = datetime.now(UTC)
    engine = sqlite_engine(folder)
    with engine.begin() as connection:
        viewer = _viewer(connection, wearer_ids, now)
        connection.execute(sa.insert(tags.detector), [_detector(*one[:3], now) for one in people.detectors])
    engine.dispose()
    connection_ = sqlite3.connect(folder / FILE_NAME, isolation_level=None)
    for pragma in ("synchronous=OFF", "journal_mode=OFF", "cache_size=-400000", "temp_store=MEMORY"):
        connection_.execute(f"PRAGMA {pragma}")
    until_s = int(now.timestamp())
    _fill(connection_, position, people.positions(rows * 3 // 4, until_s))
    _fill(connection_, passage, people.passages(rows // 4, until_s))
    connection_.execute("PRAGMA journal_mode=WAL")
    connection_.close()
    return viewer, wearer_ids


def _fill(connection: sqlite3.Connection, table: sa.Table, rows: Iterator[Row]) -> None:
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?", (table.name,)
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    connection.execute("BEGIN")
    connection.executemany(f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(table.c))})", rows)
    connection.execute("COMMIT")
    for _, statement in indexes:
        connection.execute(statement)


def _viewer(connection: Connection, wearer_ids: Sequence[UUID], now: datetime) -> Viewer:
    """An operator whom every wearer lets see place and track."""
    account_id = connection.execute(sa.select(accounts.account.c.id)).scalar_one()
    scopes = [Scope.PLACE.value, Scope.TRACK.value]
    connection.execute(
        sa.insert(households.consent),
        [
            {
                "id": new_id(), "wearer_id": wearer_id, "account_id": account_id, "role": None, "scopes": scopes,
                "given_as": GivenAs.MEMBER.value, "from_at": now - timedelta(days=1), "until_at": None,
                "given_by": account_id, "given_at": now - timedelta(days=1), "revoked_at": None, "revoked_by": None,
            }
            for wearer_id in wearer_ids
        ],
    )  # fmt: skip
    return Viewer(
        account_id=AccountId(account_id), city_id=CityId(town.CITY), role=Role.OPERATOR, name="bench",
        sign_in_id=SignInId(new_id()),
    )  # fmt: skip


def _detector(key: bytes, lat: float, lon: float, now: datetime) -> dict[str, Any]:
    return {
        "id": UUID(bytes=key), "city_id": town.CITY, "format": "gateway", "external_id": key.hex(), "kind": "fixed",
        "name": "pole", "lat_deg": lat, "lon_deg": lon, "range_m": 50.0, "interval_s": 60, "deaf_after_s": 21_600,
        "key_generation": 1, "created_at": now,
    }  # fmt: skip


def _times_ms(ask: Callable[[], object]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    times = []
    for _ in range(QUESTIONS):
        begin = time.perf_counter()
        ask()
        times.append(time.perf_counter() - begin)
    times.sort()
    return 1000 * times[QUESTIONS // 2], 1000 * times[int(0.99 * QUESTIONS)]


def _weights(connection: Connection) -> Iterator[Measurement]:
    """Bytes of a row with its share of all indexes, by the pages that they fill."""
    bytes_of: dict[str, int] = {}
    for table in (position, passage):
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE tbl_name = ?", (table.name,)).scalars()
        bytes_of[table.name] = sum(
            connection.exec_driver_sql(
                "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = ? AND aggregate = 1", (name,)
            ).scalar_one()
            for name in names
        )
        count = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        yield Measurement(name=f"area.bytes_per_{table.name}", value=bytes_of[table.name] / max(1, count), unit="bytes")
    share = 100 * bytes_of["passage"] / sum(bytes_of.values())
    yield Measurement(name="area.passages_of_storage", value=share, unit="% of both, 1 row in 4")


def measure() -> Iterator[Measurement]:
    """Times of single questions in one process, the file in the page cache, where it was just written."""
    dice = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        viewer, wearer_ids = build(Path(folder), ROWS)
        yield Measurement(name="area.rows", value=ROWS, unit=f"rows, built in {time.perf_counter() - begin:.0f} s")
        now = datetime.now(UTC)
        engine = sqlite_engine(Path(folder))
        with engine.connect() as connection:

            def moment() -> datetime:
                return now - timedelta(days=1 + (DAYS - 2) * dice.random())

            def centre() -> Point:
                lat, lon = SIDE_DEG * 0.8 * (dice.random() - 0.5), SIDE_DEG * (dice.random() - 0.5)
                return Point(town.LAT + lat, town.LON + lon)

            found: list[int] = []

            def area() -> None:
                span = (from_at := moment(), from_at + SPAN)
                shown = history.near_by(connection, viewer, CityId(town.CITY), centre(), RADIUS_M, span, "bench", now)
                found.append(len(shown))

            def day() -> None:
                from_at = moment()
                wearer_id = WearerId(dice.choice(wearer_ids))
                history.track(connection, viewer, wearer_id, from_at, from_at + timedelta(days=1), 1_000, now)

            for name, ask, budget in (("area", area, AREA_MS_MAX), ("day", day, DAY_MS_MAX)):
                ask()
                median_ms, p99_ms = _times_ms(ask)
                yield Measurement(name=f"area.{name}_median", value=median_ms, unit="ms")
                yield Measurement(name=f"area.{name}_p99", value=p99_ms, unit="ms", budget=budget, ok=p99_ms <= budget)
            yield Measurement(name="area.found", value=sum(found) / len(found), unit="rows an area question, mean")
            yield from _weights(connection)
            connection.rollback()
        engine.dispose()
