"""The few places where SQLite and PostgreSQL differ."""

import sqlite3
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

BUSY_TIMEOUT_MS = 10_000
MMAP_BYTES = 256 * 1024 * 1024


def insert(connection: Connection, table: sa.Table) -> Any:
    """An INSERT of the connection's dialect: both know `on_conflict_do_nothing` and `on_conflict_do_update`."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_rows(
    connection: Connection, table: sa.Table, columns: tuple[str, ...], rows: Sequence[Sequence[Any]]
) -> None:
    """Inserts rows of values in the order of `columns`; a row whose key is there already changes nothing.

    For the hot path. On SQLite the statement and the conversions of values are made once and the driver is given plain
    tuples: half the time of the same statement with named parameters.
    """
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        statement = insert(connection, table).on_conflict_do_nothing()
        connection.execute(statement, [dict(zip(columns, row, strict=True)) for row in rows])
        return
    text, convert = _prepared(table, columns)
    connection.exec_driver_sql(
        text,
        [tuple([value if to is None else to(value) for to, value in zip(convert, row, strict=True)]) for row in rows],
    )


@cache
def _prepared(table: sa.Table, columns: tuple[str, ...]) -> tuple[str, list[Callable[[Any], Any] | None]]:
    """The statement and how each value is converted for the driver."""
    known = sqlite.dialect()
    marks = ", ".join("?" * len(columns))
    text = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608
    types = [table.c[name].type.dialect_impl(known) for name in columns]
    return text, [one.bind_processor(known) for one in types]


def tune_sqlite(engine: Engine, *, read_only: bool) -> None:
    """Makes every connection of `engine` durable and every transaction explicit.

    `synchronous=FULL` is what "acknowledged is durable" rests on in a power cut. The driver's own transaction handling
    is switched off: it would open a transaction late and so let a read in it see one state and the write meet another.
    """

    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA mmap_size={MMAP_BYTES}")
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
