"""The SQLite driver itself, for the statements of the hot path: SQLAlchemy takes four times as long for each, and a
group has twenty.

Where somebody listens to statements (tests that look at plans or count), they go through SQLAlchemy, so that they are
heard. Errors are SQLAlchemy's, without the values, which are places of people.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection


def rows_of(connection: Connection, text: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
    """The rows that one statement gives."""
    cursor = _cursor(connection)
    if cursor is None:
        result = connection.exec_driver_sql(text, parameters)
        rows = list(result.cursor.fetchall()) if result.returns_rows else []
        result.close()
        return rows
    with _errors(connection, text):
        found: list[Any] = cursor.execute(text, parameters).fetchall()
        cursor.close()
    return found


def many(connection: Connection, text: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """How many rows one statement changed, carried out for each of `rows`."""
    cursor = _cursor(connection)
    if cursor is None:
        return connection.exec_driver_sql(text, list(rows)).rowcount
    with _errors(connection, text):
        count: int = cursor.executemany(text, rows).rowcount
        cursor.close()
    return count


_CHANGES = "mimamori_changes"


def began(connection: Connection) -> None:
    """Notes how many rows the driver's connection had ever changed when this transaction began."""
    driver: Any = connection.connection.dbapi_connection
    connection.info[_CHANGES] = driver.total_changes


def is_untouched(connection: Connection) -> bool:
    """Whether no row was changed since the transaction began; False where nobody noted that it did."""
    driver: Any = connection.connection.dbapi_connection
    changes = connection.info.get(_CHANGES)
    return changes is not None and bool(driver.in_transaction) and changes == driver.total_changes


@contextmanager
def inside_savepoint(connection: Connection) -> Iterator[None]:
    """In the block the transaction does not count as untouched: begun anew, it would have no savepoint any more."""
    changes = connection.info.pop(_CHANGES, None)
    try:
        yield
    finally:
        if changes is not None:
            connection.info[_CHANGES] = changes


def begin_anew(connection: Connection) -> None:
    """Ends the transaction without what it wrote and begins it again; SQLAlchemy notices nothing."""
    rows_of(connection, "ROLLBACK")
    rows_of(connection, "BEGIN IMMEDIATE")
    began(connection)


def _cursor(connection: Connection) -> Any:
    """The driver's cursor; None where SQLAlchemy must know of the statement: it has to begin the transaction, somebody
    listens, or the dialect is another.
    """
    if not connection.in_transaction() or connection.dispatch.before_cursor_execute:
        return None
    driver: Any = connection.connection.dbapi_connection
    return driver.cursor() if isinstance(driver, sqlite3.Connection) else None


@contextmanager
def _errors(connection: Connection, text: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise sa.exc.DBAPIError.instance(text, None, error, sqlite3.Error, dialect=connection.dialect) from error
