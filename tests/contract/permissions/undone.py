"""A store in which nothing stays: many requests over one populated database, each taken back when it was answered."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy.engine import Connection

from app.db.engine import Database
from app.db.session import take

Result = TypeVar("Result")

_CHANGES = "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables"


class Undone(Database):
    """The store over one connection, on the caller's thread, within one transaction that is never committed.

    What stays of the real one: a write that fails is rolled back alone, and a read cannot write.
    """

    def __init__(self, where: Path | str) -> None:
        super().__init__(where)
        self.connection = self.engine.connect()
        self._transaction = self.connection.begin()
        self.changes = 0
        """How many rows were changed by what would have been committed."""

    def write(self, work: Callable[[Connection], Result]) -> "asyncio.Future[Result]":
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        before = self._changes()
        try:
            with self.connection.begin_nested():
                result = work(self.connection)
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(result)
            self.changes += self._changes() - before
        return future

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        with self._read_only():
            return work(self.connection)

    @contextmanager
    def _read_only(self) -> Iterator[None]:
        if self.engine.dialect.name == "sqlite":
            self.connection.exec_driver_sql("PRAGMA query_only=ON")
            try:
                yield
            finally:
                self.connection.exec_driver_sql("PRAGMA query_only=OFF")
            return
        savepoint = self.connection.begin_nested()
        self.connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        try:
            yield
        finally:
            savepoint.rollback()

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Takes back what happens within; may be nested."""
        savepoint = self.connection.begin_nested()
        try:
            yield
        finally:
            savepoint.rollback()
            take(self.connection)

    def _changes(self) -> int:
        if self.engine.dialect.name == "postgresql":
            return int(self.connection.exec_driver_sql(_CHANGES).scalar_one())
        found = self.connection.connection.driver_connection
        assert found is not None
        return int(found.total_changes)

    def close(self) -> None:
        """Lets go of the database."""
        self._transaction.rollback()
        self.connection.close()
        asyncio.run(self.stop())
