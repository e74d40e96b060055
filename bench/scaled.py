"""The service as many processes: what one message costs the edge, the workers, PostgreSQL and NATS, and how many a
second go through with one and with two workers.

Everything runs on this one machine, so the rates say what so many cores do together; processor time a message does not
depend on that, and the page on sizing is calculated from it. In each turn the edge fills the stream while a lock in the
database holds the workers up, and then they empty it.
"""

import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.config import Settings
from app.jobs import close_passages, make_room
from bench import cluster, detectors
from bench.cluster import PATIENCE_S, Cluster, Running, cpu_s, memory_mb
from bench.kinds import KINDS, Kind, Requests, requests_of
from bench.load import send, until_ready
from bench.measure import Measurement

RUNS = int(os.environ.get("MIMAMORI_BENCH_RUNS", "3"))
MORE_TAGS = 100_000


class Turn(Struct, frozen=True):
    """What one turn took: requests and units a second, and processor seconds and bytes a request."""

    acknowledged: float
    emptied: float
    edge_s: float
    worker_s: float
    postgres_s: float
    nats_s: float
    units: float
    stream_bytes: float
    wal_bytes: float


def measure() -> Iterator[Measurement]:
    """The measurements, one kind after the other, each on servers of its own."""
    for kind in KINDS:
        with cluster.running(kind.replicas) as around:
            yield from _measure_kind(kind, around)
    with cluster.running(1) as around:
        yield from _measure_memory(around)


def _measure_kind(kind: Kind, around: Cluster) -> Iterator[Measurement]:
    built = detectors.build(around.database, around.secret)
    with around.engine() as engine, engine.begin() as connection:
        make_room(connection, Settings(), datetime.now(UTC))
    run = Run(kind, around, requests_of(kind, built))
    one, two = run.turns(workers=1), run.turns(workers=2)

    def median(of: Callable[[Turn], float], turns: list[Turn]) -> float:
        return statistics.median(of(turn) for turn in turns)

    name, both = f"scaled.{kind.name}", [*one, *two]
    single, double = median(lambda x: x.emptied, one), median(lambda x: x.emptied, two)
    yield Measurement(name=f"{name}.acknowledged", value=median(lambda x: x.acknowledged, both), unit="1/s at one edge")
    yield Measurement(name=f"{name}.1_worker", value=single, unit="units/s")
    yield Measurement(name=f"{name}.2_workers", value=double, unit="units/s", floor=single, ratio=double / single)
    yield Measurement(name=f"{name}.cpu_edge", value=1e6 * median(lambda x: x.edge_s, both), unit="µs")
    yield Measurement(name=f"{name}.cpu_worker", value=1e6 * median(lambda x: x.worker_s, both), unit="µs")
    yield Measurement(name=f"{name}.cpu_postgresql", value=1e6 * median(lambda x: x.postgres_s, both), unit="µs")
    yield Measurement(name=f"{name}.cpu_nats", value=1e6 * median(lambda x: x.nats_s, both), unit="µs, all servers")
    yield Measurement(
        name=f"{name}.units", value=median(lambda x: x.units, both), unit="messages in the stream for one"
    )
    yield Measurement(name=f"{name}.stream", value=median(lambda x: x.stream_bytes, both), unit="bytes in the stream")
    yield Measurement(name=f"{name}.wal", value=median(lambda x: x.wal_bytes, both), unit="bytes of PostgreSQL's log")
    yield from _stored(kind, around)


class Run:
    """One kind on one cluster."""

    def __init__(self, kind: Kind, around: Cluster, requests: Requests) -> None:
        self._kind, self._around, self._requests = kind, around, requests

    def turns(self, workers: int) -> list[Turn]:
        """`RUNS` turns with one edge and so many workers, after one that is not counted."""
        with self._around.processes("edge", *["worker"] * workers) as (edge, *crew):
            until_ready(edge.port)
            self._around.until_shared(workers)
            return [self._turn(edge, crew) for _ in range(RUNS + 1)][1:]

    def _turn(self, edge: Running, crew: list[Running]) -> Turn:
        around, made = self._around, self._requests(self._kind.count)
        count = len(made)
        edge_s, nats_s, postgres_s = cpu_s(edge.pid), around.nats_cpu_s(), cpu_s(around.postgres_pid)
        worker_s, wal = sum(cpu_s(one.pid) for one in crew), self._wal()
        with self._held_up():
            rate = send(edge.port, made)
            units, stream_bytes = around.waiting()
        begin = time.perf_counter()
        around.until_empty()
        seconds = time.perf_counter() - begin
        return Turn(
            acknowledged=rate,
            emptied=units / seconds,
            edge_s=(cpu_s(edge.pid) - edge_s) / count,
            worker_s=(sum(cpu_s(one.pid) for one in crew) - worker_s) / count,
            postgres_s=(cpu_s(around.postgres_pid) - postgres_s) / count,
            nats_s=(around.nats_cpu_s() - nats_s) / count,
            units=units / count,
            stream_bytes=stream_bytes / count,
            wal_bytes=(self._wal() - wal) / count,
        )

    @contextmanager
    def _held_up(self) -> Iterator[None]:
        """No worker can store anything as long as the block lasts."""
        with self._around.engine() as engine, engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            connection.exec_driver_sql("LOCK TABLE ingest_unit IN ACCESS EXCLUSIVE MODE")
            yield

    def _wal(self) -> int:
        with self._around.engine() as engine, engine.connect() as connection:
            query = sa.text("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")
            found: int = connection.execute(query).scalar_one()
            return found


TABLES = ("position", "passage", "open_passage", "ingest_unit")


def _stored(kind: Kind, around: Cluster) -> Iterator[Measurement]:
    """Bytes a row, indexes included; passages are closed first, as time would do."""
    with around.engine() as engine, engine.begin() as connection:
        close_passages(connection, Settings(), datetime.now(UTC) + timedelta(hours=1))
        buried = connection.exec_driver_sql("SELECT count(*) FROM dead_letter").scalar_one()
        if buried:
            raise RuntimeError(f"{buried} units were buried: the figure would be wrong")
    with around.engine() as engine, engine.connect() as connection:
        for table in TABLES:
            rows, size = _size(connection, table)
            if rows >= 1000:
                name = f"scaled.{kind.name}.stored_{table}"
                yield Measurement(name=name, value=size / rows, unit=f"bytes a row of {rows}")


def _size(connection: Connection, table: str) -> tuple[int, int]:
    """Rows of a table, and the bytes of it, its months and their indexes."""
    rows = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
    size = connection.exec_driver_sql(
        "SELECT sum(pg_total_relation_size(relid))::bigint"
        f" FROM (SELECT '{table}'::regclass AS relid UNION SELECT inhrelid FROM pg_inherits"
        f" WHERE inhparent = '{table}'::regclass) AS parts"
    ).scalar_one()
    return rows, size


def _until_known(edge: Running, tags: int) -> None:
    """Waits until an edge knows so many tags: its register comes in pieces, and workers may be writing it still."""
    wanted = f'mimamori_registry_known{{what="tags"}} {float(tags)}'
    deadline = time.monotonic() + PATIENCE_S
    while wanted not in httpx.get(f"http://127.0.0.1:{edge.port}/metrics").text:
        if time.monotonic() > deadline:
            raise RuntimeError("the edge does not know the tags")
        time.sleep(0.2)


def _measure_memory(around: Cluster) -> Iterator[Measurement]:
    """What an edge keeps of each tag, and how long it takes to read them."""
    built = detectors.build(around.database, around.secret)
    with around.processes("edge", "worker") as (edge, _worker):
        _until_known(edge, detectors.TAGS)
        few_s, few_mb = cpu_s(edge.pid), memory_mb(edge.pid)
    with around.engine() as engine, engine.begin() as connection:
        detectors.register_tags(
            connection, range(detectors.TAGS, detectors.TAGS + MORE_TAGS), itertools.cycle(built.wearer_ids)
        )
    with around.processes("worker") as (_worker,), around.processes("edge") as (edge,):
        _until_known(edge, detectors.TAGS + MORE_TAGS)
        many_s, many_mb = cpu_s(edge.pid), memory_mb(edge.pid)
    each_kb, each_us = (many_mb - few_mb) / MORE_TAGS * 1000, (many_s - few_s) / MORE_TAGS * 1e6
    yield Measurement(name="scaled.edge_memory", value=few_mb, unit=f"MB with {detectors.TAGS} tags and devices")
    yield Measurement(name="scaled.edge_memory_tag", value=each_kb, unit="kB more for each tag")
    yield Measurement(name="scaled.edge_start_tag", value=each_us, unit="µs more at the start for each tag")
