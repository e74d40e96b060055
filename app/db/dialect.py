"""The few places where SQLite and PostgreSQL differ: how one statement writes or finds many rows on the hot path.

What is said of SQLite is here, what is said of PostgreSQL in `arrays.py`.
"""

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.types import TypeEngine

from app.db import driver
from app.db.arrays import ArrayInsert, ArrayKeyLookup, ArrayLookup, ArrayUpdate, readers

BUSY_TIMEOUT_MS = 10_000
MMAP_BYTES = 256 * 1024 * 1024
CACHE_KIB = 16 * 1024
CHECKPOINT_PAGES = 8_000
"""The log is copied into the file after 32 MB instead of 4: a page that changes with every commit is copied less
often.
"""


_KEYS_MAX = 512
"""Keys in one statement of a look-up, a power of two."""


def insert(connection: Connection, table: sa.Table) -> Any:
    """An INSERT of the connection's dialect: both know `on_conflict_do_nothing` and `on_conflict_do_update`."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


Prepared = TypeVar("Prepared")


class _OnFirstUse(Generic[Prepared]):
    """What PostgreSQL is given, made when it is first asked for: on SQLite never."""

    def __init__(self, prepare: Callable[[Dialect], Prepared]) -> None:
        self._prepare = prepare
        self._prepared: Prepared | None = None

    def of(self, connection: Connection) -> Prepared:
        if self._prepared is None:
            self._prepared = self._prepare(connection.dialect)
        return self._prepared


class Rows:
    """An INSERT of many rows, made once, for the hot path.

    `conflict` says what becomes of a row whose key is there already. On SQLite the statement and the conversions of
    values are kept and the driver is given plain tuples: half the time of the same statement with named parameters.
    `given` are the types in which values are given where it is not that of their column.
    """

    def __init__(
        self,
        table: sa.Table,
        columns: Sequence[str],
        conflict: Callable[[Any], Any],
        given: Mapping[str, TypeEngine[Any]] | None = None,
    ) -> None:
        self._columns = tuple(columns)
        types = [(given or {}).get(name, table.c[name].type) for name in self._columns]
        self._arrays = _OnFirstUse(lambda dialect: ArrayInsert(table, self._columns, types, conflict, dialect))
        dialect_ = sqlite.dialect()
        compiled = conflict(sqlite.insert(table)).compile(dialect=dialect_, column_keys=list(self._columns))
        assert tuple(compiled.positiontup) == self._columns, (
            "columns are in the order of the table, and no other values are bound"
        )
        self._text = str(compiled)
        self._convert = _binders(types, dialect_)

    def insert(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> int:
        """How many rows were written; their values are in the order of the columns."""
        if not rows:
            return 0
        if connection.dialect.name != "sqlite":
            return self._arrays.of(connection).insert(connection, rows)
        return driver.many(connection, self._text, _converted(rows, self._convert))


class Changes:
    """An UPDATE of many rows, each by its whole key, made once, for the hot path.

    `key` and `values` are names of columns with the types in which their values are given.
    """

    def __init__(
        self, table: sa.Table, key: Mapping[str, TypeEngine[Any]], values: Mapping[str, TypeEngine[Any]]
    ) -> None:
        new = {name: sa.bindparam(f"new_{name}", type_=one) for name, one in values.items()}
        mine = [table.c[name] == sa.bindparam(f"key_{name}", type_=one) for name, one in key.items()]
        names = [f"new_{name}" for name in values] + [f"key_{name}" for name in key]
        self._arrays = _OnFirstUse(lambda dialect: ArrayUpdate(table, key, values, dialect))
        dialect_ = sqlite.dialect()
        compiled = sa.update(table).where(*mine).values(new).compile(dialect=dialect_)
        assert list(compiled.positiontup or ()) == names, "values are in the order of the table"
        self._text = str(compiled)
        self._convert = _binders([*values.values(), *key.values()], dialect_)

    def apply(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Changes the rows: of each the new values, then its key."""
        if not rows:
            return
        if connection.dialect.name != "sqlite":
            self._arrays.of(connection).apply(connection, rows)
        else:
            driver.many(connection, self._text, _converted(rows, self._convert))


class Lookup:
    """A SELECT of rows by many keys, made once, for the hot path: `query` has one expanding parameter, `ids`.

    On SQLite the statement for some numbers of keys is kept and the driver is given it as it is; SQLAlchemy would write
    the list of parameters into its statement anew each time.
    """

    def __init__(self, query: sa.Select[Any], key: sa.Column[Any]) -> None:
        self._query = query
        self._arrays = _OnFirstUse(lambda dialect: ArrayLookup(query, key.type, dialect))
        self._dialect = sqlite.dialect()
        self._bind = _binders([key.type], self._dialect)
        self._convert = readers(query, self._dialect)
        self._texts: dict[int, str] = {}

    def rows(self, connection: Connection, ids: Collection[Any]) -> list[Any]:
        """The rows of these keys, as tuples of the selected columns."""
        if connection.dialect.name != "sqlite":
            return self._arrays.of(connection).rows(connection, ids)
        return _converted(
            _fetched(connection, self._text, _converted([(one,) for one in ids], self._bind)), self._convert
        )

    def _text(self, count: int) -> str:
        text = self._texts.get(count)
        if text is None:
            options = {"render_postcompile": True}
            compiled = self._query.params(ids=[None] * count).compile(dialect=self._dialect, compile_kwargs=options)
            assert len(compiled.positiontup or ()) == count, "no other values are bound"
            text = self._texts[count] = str(compiled)
        return text


class KeyLookup:
    """A SELECT of rows by many keys of several columns, made once, for the hot path.

    `query` is given the table of the keys that are asked for, with the columns of `key`. SQLite finds rows by a join
    with it; for a list of row values it would read the whole table.
    """

    def __init__(self, key: Mapping[str, TypeEngine[Any]], query: Callable[[Any], sa.Select[Any]]) -> None:
        self._arrays = _OnFirstUse(lambda dialect: ArrayKeyLookup(key, query, dialect))
        dialect_ = sqlite.dialect()
        select = query(sa.table("asked", *(sa.column(name, one) for name, one in key.items())))
        compiled = select.compile(dialect=dialect_)
        assert not compiled.positiontup, "no other values are bound"
        self._head = f"WITH asked ({', '.join(key)}) AS (VALUES "
        self._row = f"({', '.join('?' * len(key))})"
        self._tail = f") {compiled}"
        self._bind = _binders(list(key.values()), dialect_)
        self._convert = readers(select, dialect_)

    def rows(self, connection: Connection, keys: Collection[tuple[Any, ...]]) -> list[Any]:
        """The rows of these keys, as tuples of the selected columns."""
        if connection.dialect.name != "sqlite":
            return self._arrays.of(connection).rows(connection, keys)
        return _converted(_fetched(connection, self._text, _converted(list(keys), self._bind)), self._convert)

    def _text(self, count: int) -> str:
        return self._head + ", ".join([self._row] * count) + self._tail


def _fetched(connection: Connection, text: Callable[[int], str], keys: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The rows of all keys as the driver gives them. `text` makes the statement for a number of keys.

    Of few numbers, so that the driver knows the statement: a part is filled up with a key of nothing, which finds none.
    """
    rows: list[Any] = []
    for start in range(0, len(keys), _KEYS_MAX):
        part = list(keys[start : start + _KEYS_MAX])
        count = 1 << (len(part) - 1).bit_length()
        part += [(None,) * len(part[0])] * (count - len(part))
        rows += driver.rows_of(connection, text(count), tuple(chain.from_iterable(part)))
    return rows


def _binders(types: Sequence[TypeEngine[Any]], dialect: Any) -> list[tuple[int, Callable[[Any], Any]]]:
    converters = [(place, one.dialect_impl(dialect).bind_processor(dialect)) for place, one in enumerate(types)]
    return [(place, convert) for place, convert in converters if convert is not None]


def _converted(rows: Sequence[Sequence[Any]], converters: Sequence[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    """The rows with the values of some columns converted, column by column: fewer steps than row by row."""
    if not converters or not rows:
        return list(rows)
    columns: list[Any] = list(zip(*rows, strict=True))
    for place, convert in converters:
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
        driver.began(connection)
