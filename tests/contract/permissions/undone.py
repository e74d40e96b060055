"""A store in which nothing stays: many requests over one populated file, each taken back when it was answered."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy.engine import Connection

from app.db.engine import Database
from app.db.session import take

Result = TypeVar("Result")


class Undone(Database):
    """The store over one connection, on the caller's thread, within one transaction that is never committed.

    What stays of the real one: a write that fails is rolled back alone, and a read cannot write.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
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
        self.connection.exec_driver_sql("PRAGMA query_only=ON")
        try:
            return work(self.connection)
        finally:
            self.connection.exec_driver_sql("PRAGMA query_only=OFF")

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
        found = self.connection.connection.driver_connection
        assert found is not None
        return int(found.total_changes)

    def close(self) -> None:
        """Lets go of the file."""
        self._transaction.rollback()
        self.connection.close()
        asyncio.run(self.stop())
