"""Questions of a large history: who was near a place, where somebody was all day; and what a stored row weighs.

By default ten million rows in one town; `--rows 100000000` makes ten such towns side by side, in a quarter of an hour
and 24 GB of SQLite (in the folder for temporary files), and `--database URL` asks an empty database of PostgreSQL.
Times are of single questions in one process: after the system was asked to drop the file from its memory, and the same
questions again.
"""

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db.engine import FILE_NAME, open_engine
from app.geo.model import Point
from app.history import service as history
from app.history.tables import passage, position
from app.kit.ids import CityId, WearerId
from bench import bulk
from bench.bulk import DAYS, SEED, SIDE_DEG, Town
from bench.measure import Measurement

ROWS = 10_000_000
AREA_MS_MAX, DAY_MS_MAX = 20.0, 10.0
QUESTIONS = 300
RADIUS_M, SPAN = 1_000.0, timedelta(hours=1)


def measure(rows: int = ROWS, where: str | None = None) -> Iterator[Measurement]:
    """The measurements, over so many rows in a file of its own or in the database of a URL."""
    with ExitStack() as stack:
        place: Path | str
        place = Path(stack.enter_context(tempfile.TemporaryDirectory())) if where is None else where
        begin = time.perf_counter()
        towns = bulk.build(place, rows)
        yield Measurement(name="history.rows", value=rows, unit=f"rows, built in {time.perf_counter() - begin:.0f} s")
        yield from ask(place, towns)


def ask(place: Path | str, towns: list[Town]) -> Iterator[Measurement]:
    """The measurements over what was built: each question is asked, and then all of them again."""
    now = datetime.now(UTC)
    if isinstance(place, Path):
        _forget(place / FILE_NAME)
    engine = open_engine(place)
    with engine.connect() as connection:
        dice = random.Random(SEED)

        def moment() -> datetime:
            return now - timedelta(days=1 + (DAYS - 2) * dice.random())

        found: list[int] = []

        def area() -> None:
            town = dice.choice(towns)
            lat, lon = SIDE_DEG * 0.8 * (dice.random() - 0.5), SIDE_DEG * (dice.random() - 0.5)
            centre = Point(town.middle.lat_deg + lat, town.middle.lon_deg + lon)
            span = (from_at := moment(), from_at + SPAN)
            city = CityId(town.viewer.city_id)
            found.append(len(history.near_by(connection, town.viewer, city, centre, RADIUS_M, span, "bench", now)))

        def day() -> None:
            town = dice.choice(towns)
            from_at = moment()
            wearer_id = WearerId(dice.choice(town.wearer_ids))
            history.track(connection, town.viewer, wearer_id, from_at, from_at + timedelta(days=1), 1_000, now)

        for name, question, budget in (("area", area, AREA_MS_MAX), ("day", day, DAY_MS_MAX)):
            question()  # Loads what is loaded when first needed.
            for state in ("cold", "warm"):
                dice.seed(SEED)
                median_ms, p99_ms = _times_ms(question)
                yield Measurement(name=f"history.{name}_{state}_median", value=median_ms, unit="ms")
                if state == "cold":  # What the disk is worth, not the program.
                    yield Measurement(name=f"history.{name}_cold_p99", value=p99_ms, unit="ms")
                    continue
                yield Measurement(
                    name=f"history.{name}_warm_p99", value=p99_ms, unit="ms", budget=budget, ok=p99_ms <= budget
                )
        yield Measurement(name="history.found", value=sum(found) / len(found), unit="rows an area question, mean")
        connection.rollback()
        yield from _weights(connection)
        connection.rollback()
    engine.dispose()


def _forget(file: Path) -> None:
    """Asks the system to drop what it holds of a file in memory, so that the first questions go to the disk."""
    if hasattr(os, "posix_fadvise"):
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _times_ms(question: Callable[[], object]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    times = []
    for _ in range(QUESTIONS):
        begin = time.perf_counter()
        question()
        times.append(time.perf_counter() - begin)
    times.sort()
    return 1000 * times[QUESTIONS // 2], 1000 * times[int(0.99 * QUESTIONS)]


def _weights(connection: Connection) -> Iterator[Measurement]:
    """Bytes of a row with its share of all indexes, by the pages that they fill."""
    bytes_of: dict[str, int] = {}
    for table in (position, passage):
        bytes_of[table.name] = _size(connection, table)
        count = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        yield Measurement(
            name=f"history.bytes_per_{table.name}", value=bytes_of[table.name] / max(1, count), unit="bytes"
        )
    share = 100 * bytes_of["passage"] / sum(bytes_of.values())
    yield Measurement(name="history.passages_of_storage", value=share, unit="% of both, 1 row in 4")


def _size(connection: Connection, table: sa.Table) -> int:
    if connection.dialect.name == "postgresql":
        query = "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = to_regclass(:parent)"
        return int(connection.execute(sa.text(query), {"parent": table.name}).scalar_one())
    names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE tbl_name = ?", (table.name,)).scalars()
    size = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = ? AND aggregate = 1"
    return sum(connection.exec_driver_sql(size, (name,)).scalar_one() for name in names.all())
