"""The database as the rest of the house sees it: `read` and `write` a function over a connection.

Rooms stay synchronous and know nothing of threads or event loops: `write` goes through the process's one group-commit
writer and `read` through a few threads, on a SQLite file as on PostgreSQL.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from app.config import Settings
from app.db.dialect import tune_sqlite
from app.db.session import Hint, Listeners, take
from app.db.writer import Measures, Runner, Writer

Result = TypeVar("Result")
READERS = 4
FILE_NAME = "mimamori.sqlite"


def sqlite_engine(folder: Path, *, read_only: bool = False) -> Engine:
    """An engine over the SQLite file in `folder`, which is made if it is not there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / FILE_NAME
    file.touch(mode=0o600)  # Where people are is nobody's business on this machine; the log files take over the mode.
    # Values are hidden: an error may end in a log, and they are people's.
    engine = sa.create_engine(f"sqlite:///{file}", pool_size=READERS, max_overflow=2, hide_parameters=True)
    tune_sqlite(engine, read_only=read_only)
    return engine


def open_engine(where: Path | str, *, read_only: bool = False) -> Engine:
    """An engine over the SQLite file in a folder, or over the PostgreSQL database of a URL. Raises `InvalidSettings`
    for a text that is no such URL.
    """
    if isinstance(where, Path):
        return sqlite_engine(where, read_only=read_only)
    from app.db.postgres import postgres_engine  # Only whoever uses PostgreSQL loads its driver.

    return postgres_engine(where, read_only=read_only)


def where_of(settings: Settings) -> Path | str:
    """Where the settings say that everything is kept: the URL of a database, or the folder of the file."""
    return settings.database or Path(settings.data)


def check(connection: Connection) -> None:
    """Raises `NotDurable` when the server behind the connection would lose what it has acknowledged."""
    if connection.dialect.name == "postgresql":
        from app.db.postgres import must_be_durable

        must_be_durable(connection)


@contextmanager
def transaction_of(settings: Settings) -> Iterator[Connection]:
    """A transaction on the store of the settings, for commands. Raises `NotDurable` before anything is done."""
    engine = open_engine(where_of(settings))
    try:
        with engine.begin() as connection:
            check(connection)
            yield connection
    finally:
        engine.dispose()


def _writer_class(engine: Engine) -> type[Writer]:
    if engine.dialect.name == "sqlite":
        return Writer
    from app.db.postgres import PostgresWriter

    return PostgresWriter


class Database:
    """The store of this process. `start` and `stop` belong to the event loop that uses it."""

    def __init__(self, where: Path | str, *, group_max: int = 500, queue_max: int = 20_000) -> None:
        self.engine = open_engine(where)
        self._read_engine = open_engine(where, read_only=True)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="mimamori-reader")
        self.listeners = Listeners()
        writer = _writer_class(self.engine)
        self._writer = writer(self.engine, group_max=group_max, queue_max=queue_max, on_hints=self.listeners.tell)

    def start(self) -> None:
        """Begins to take work."""
        self._writer.start()

    async def stop(self) -> None:
        """Commits what waits and lets go of the store."""
        await self._writer.stop()
        self._readers.shutdown(wait=True)
        self.engine.dispose()
        self._read_engine.dispose()

    @property
    def waiting(self) -> int:
        """How many pieces of work wait for the writer."""
        return self._writer.waiting

    def measure(self, measures: Measures) -> None:
        """From now on each transaction of the writer is told there, on whatever thread it runs."""
        self._writer.measures = measures

    def write(self, work: Callable[[Connection], Result]) -> "asyncio.Future[Result]":
        """What `work` returns, after its transaction is committed. Raises what it raises, and `Overloaded` when the
        queue is full.
        """
        return self._writer.submit(work)

    def write_item(self, runner: Runner, item: Any) -> "asyncio.Future[Any]":
        """The outcome of one item among many that `runner` takes together, after the commit."""
        return self._writer.submit_item(runner, item)

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` returns, from one consistent state of the store. It cannot write."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[Connection], Result]) -> Result:
        if self.engine.dialect.name == "postgresql":
            from app.db.postgres import read

            return read(self._read_engine, work)
        with self._read_engine.connect() as connection, connection.begin():
            return work(connection)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction of its own on the calling thread, for commands and tests: waits for the writer as another
        process would.
        """
        with self.engine.begin() as connection:
            yield connection
            take(connection)

    def listen(self, topic: str, listener: Callable[[str], None]) -> Callable[[], None]:
        """Calls `listener` with the key of every hint of `topic`, on the event loop; gives the function that ends
        it.
        """
        return self.listeners.listen(topic, listener)

    def tell(self, hints: Sequence[Hint]) -> None:
        """Passes on hints of another process to whoever listens here."""
        self.listeners.tell(hints)
