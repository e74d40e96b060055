"""Few messages a second: what a service costs that has nothing to do, and what a message costs when hardly one shares
its commit with another. In one process on SQLite, and as many processes.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from app.db.engine import sqlite_engine
from bench import cluster, detectors
from bench.cluster import Cluster, cpu_s, memory_mb
from bench.kinds import KINDS, Kind, Requests, requests_of
from bench.load import send, until_ready
from bench.measure import Measurement

IDLE_S, PACED_S = 20.0, 15.0
RATES = (100.0, 500.0)
PACED = ("position", "quiet_body", "one_tag_body")

Clocks = Mapping[str, Callable[[], float]]
"""Processor seconds so far, of each part."""


def measure() -> Iterator[Measurement]:
    """The measurements, in one process and then in many."""
    kinds = [kind for kind in KINDS if kind.name in PACED]
    for kind in kinds:
        yield from _embedded(kind)
    for number, kind in enumerate(kinds):
        with cluster.running(kind.replicas) as around:
            yield from _scaled(kind, around, idle=number == 0)


def _embedded(kind: Kind) -> Iterator[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        built = detectors.build(Path(folder))
        ready = Path(folder) / "ready.json"
        process = subprocess.Popen(
            [
                sys.executable, "-m", "app.cli", "serve", "--data", folder, "--port", "0",
                "--ready-file", str(ready),
            ],
            env={**os.environ, "MIMAMORI_LOG_LEVEL": "error", "MIMAMORI_DETECTOR_SECRET": built.secret},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=cluster.unpin,
        )  # fmt: skip
        try:
            cluster.until(ready.exists, process, "mimamori")
            port = urlsplit(msgspec.json.decode(ready.read_bytes())["base_url"]).port or 0
            clocks: Clocks = {"serve": lambda: cpu_s(process.pid)}
            if kind.name == PACED[0]:
                yield from _idle("few.embedded", clocks)
            yield from _paced(f"few.embedded.{kind.name}", clocks, requests_of(kind, built), port, lambda: None)
            yield Measurement(name=f"few.embedded.{kind.name}.memory", value=memory_mb(process.pid), unit="MB")
        finally:
            process.terminate()
            process.wait(cluster.START_S)
        yield from _bytes_of_names(kind, Path(folder))


def _bytes_of_names(kind: Kind, folder: Path) -> Iterator[Measurement]:
    engine = sqlite_engine(folder)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM ingest_unit").scalar_one()
        size = connection.exec_driver_sql(
            "SELECT sum(pgsize) FROM dbstat WHERE aggregate = 1 AND name IN"
            " (SELECT name FROM sqlite_master WHERE tbl_name = 'ingest_unit')"
        ).scalar_one()
    engine.dispose()
    yield Measurement(name=f"few.embedded.{kind.name}.stored_ingest_unit", value=size / rows, unit=f"bytes of {rows}")


def _scaled(kind: Kind, around: Cluster, *, idle: bool) -> Iterator[Measurement]:
    built = detectors.build(around.database, around.secret)
    with around.processes("edge", "worker", "web") as (edge, worker, web):
        until_ready(edge.port)
        around.until_shared(1)
        clocks: Clocks = {
            "edge": lambda: cpu_s(edge.pid), "worker": lambda: cpu_s(worker.pid), "web": lambda: cpu_s(web.pid),
            "postgresql": lambda: cpu_s(around.postgres_pid), "nats": around.nats_cpu_s,
        }  # fmt: skip
        if idle:
            yield from _idle("few.scaled", clocks)
        yield from _paced(f"few.scaled.{kind.name}", clocks, requests_of(kind, built), edge.port, around.until_empty)
        if idle:
            for name, pid in (("edge", edge.pid), ("worker", worker.pid), ("web", web.pid)):
                yield Measurement(name=f"few.scaled.memory_{name}", value=memory_mb(pid), unit="MB")
            largest = max(memory_mb(pid) for pid in around.nats_pids)
            yield Measurement(name="few.scaled.memory_nats", value=largest, unit="MB, the largest of the servers")


def _idle(name: str, clocks: Clocks) -> Iterator[Measurement]:
    before = {key: read() for key, read in clocks.items()}
    time.sleep(IDLE_S)
    for key, read in clocks.items():
        used = (read() - before[key]) / IDLE_S * 1000
        yield Measurement(name=f"{name}.idle_{key}", value=used, unit="thousandths of a core")


def _paced(
    name: str, clocks: Clocks, requests: Requests, port: int, until_done: Callable[[], None]
) -> Iterator[Measurement]:
    """Thousandths of a core that each part takes at so many requests a second, whether a busy machine kept the pace
    (`held`) or took longer for the same.
    """
    send(port, requests(int(RATES[0])), RATES[0])
    until_done()
    for rate in RATES:
        made = requests(int(rate * PACED_S))
        before, begin = {key: read() for key, read in clocks.items()}, time.perf_counter()
        send(port, made, rate)
        until_done()
        held = len(made) / (time.perf_counter() - begin)
        for key, read in clocks.items():
            used = (read() - before[key]) / PACED_S * 1000
            yield Measurement(name=f"{name}.{key}", value=used, unit=f"thousandths of a core at {rate:.0f}/s")
        yield Measurement(name=f"{name}.held", value=held, unit=f"1/s of {rate:.0f}")
