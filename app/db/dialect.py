"""The few places where SQLite and PostgreSQL differ."""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

BUSY_TIMEOUT_MS = 10_000
MMAP_BYTES = 256 * 1024 * 1024
CACHE_KIB = 16 * 1024
CHECKPOINT_PAGES = 8_000
"""The log is copied into the file after 32 MB instead of 4: a page that changes with every commit is copied less
often.
"""


def insert(connection: Connection, table: sa.Table) -> Any:
    """An INSERT of the connection's dialect: both know `on_conflict_do_nothing` and `on_conflict_do_update`."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


class Rows:
    """An INSERT of many rows, made once, for the hot path.

    `conflict` says what becomes of a row whose key is there already. On SQLite the statement and the conversions of
    values are kept and the driver is given plain tuples: half the time of the same statement with named parameters.
    """

    def __init__(self, table: sa.Table, columns: Sequence[str], conflict: Callable[[Any], Any]) -> None:
        self._table = table
        self._columns = tuple(columns)
        self._conflict = conflict
        dialect_ = sqlite.dialect()
        compiled = conflict(sqlite.insert(table)).compile(dialect=dialect_, column_keys=list(self._columns))
        assert tuple(compiled.positiontup) == self._columns, (
            "columns are in the order of the table, and no other values are bound"
        )
        self._text = str(compiled)
        types = [table.c[name].type.dialect_impl(dialect_) for name in self._columns]
        converters = [(place, one.bind_processor(dialect_)) for place, one in enumerate(types)]
        self._convert = [(place, convert) for place, convert in converters if convert is not None]

    def insert(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> int:
        """How many rows were written; their values are in the order of the columns."""
        if not rows:
            return 0
        if connection.dialect.name != "sqlite":
            named = [dict(zip(self._columns, row, strict=True)) for row in rows]
            return connection.execute(self._conflict(insert(connection, self._table)), named).rowcount
        return connection.exec_driver_sql(self._text, _converted(rows, self._convert)).rowcount


class Lookup:
    """A SELECT of rows by many keys, made once, for the hot path: `query` has one expanding parameter, `ids`.

    On SQLite the statement for each number of keys is kept and the driver is given it as it is; SQLAlchemy would write
    the list of parameters into its statement anew each time.
    """

    def __init__(self, query: sa.Select[Any], key: sa.Column[Any]) -> None:
        self._query = query
        self._dialect = sqlite.dialect()
        self._bind = key.type.dialect_impl(self._dialect).bind_processor(self._dialect)
        types = [column.type.dialect_impl(self._dialect) for column in query.selected_columns]
        converters = [(place, one.result_processor(self._dialect, None)) for place, one in enumerate(types)]
        self._convert = [(place, convert) for place, convert in converters if convert is not None]
        self._texts: dict[int, str] = {}

    def rows(self, connection: Connection, ids: Collection[Any]) -> list[Any]:
        """The rows of these keys, as tuples of the selected columns."""
        if connection.dialect.name != "sqlite":
            return list(connection.execute(self._query, {"ids": list(ids)}))
        if not ids:
            return []
        bind = self._bind
        values = tuple(ids) if bind is None else tuple([bind(one) for one in ids])
        result = connection.exec_driver_sql(self._text(len(values)), values)
        rows = result.cursor.fetchall()
        result.close()
        return _converted(rows, self._convert)

    def _text(self, count: int) -> str:
        text = self._texts.get(count)
        if text is None:
            options = {"render_postcompile": True}
            compiled = self._query.params(ids=[None] * count).compile(dialect=self._dialect, compile_kwargs=options)
            assert len(compiled.positiontup or ()) == count, "no other values are bound"
            text = self._texts[count] = str(compiled)
        return text


def _converted(rows: Sequence[Sequence[Any]], converters: Sequence[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    """The rows with the values of some columns converted, column by column: fewer steps than row by row."""
    columns: list[Any] = list(zip(*rows, strict=True))
    for place, convert in converters if rows else ():
        columns[place] = map(convert, columns[place])
    return list(zip(*columns, strict=True))


def ignore(statement: Any) -> Any:
    """A row whose key is there already changes nothing."""
    return statement.on_conflict_do_nothing()


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
        cursor.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        cursor.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
