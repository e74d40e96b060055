"""The few places where SQLite and PostgreSQL differ."""

import sqlite3
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
