"""Many rows in one statement of PostgreSQL: each column is one array, and `unnest` makes rows of them again.

One statement, one round trip and one plan however many rows there are. The arrays go in PostgreSQL's binary form
(`%b`): a fifth of the time that their text takes (decision 0010).
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.types import TypeEngine

Row = Sequence[Any]
Converter = Callable[[Any], Any] | None

_FLOAT8 = 701
"""PostgreSQL's number of the type of our fractions: their processors ask for it, all others ignore it."""

_LENGTH = re.compile(r"\(\d+\)")
_EXPANDED = re.compile(r"IN \(%\(ids_1\)s(::[A-Z ]+)?\)")


class Arrays:
    """The columns of many rows as arrays that the driver can send."""

    def __init__(self, types: Sequence[TypeEngine[Any]], dialect: Dialect) -> None:
        self._converters = [_converter(one, dialect) for one in types]
        # Without its length: a cast to a length cuts what is longer, where an INSERT must refuse it.
        casts = [f"%b::{_LENGTH.sub('', one.dialect_impl(dialect).compile(dialect))}[]" for one in types]
        self.rows = f"SELECT * FROM unnest({', '.join(casts)})"  # noqa: S608
        self.first = casts[0]

    def of(self, rows: Collection[Row]) -> tuple[list[Any], ...]:
        """One list a column; the rows are not empty."""
        columns = zip(*rows, strict=True)
        return tuple(
            list(values) if convert is None else [None if one is None else convert(one) for one in values]
            for values, convert in zip(columns, self._converters, strict=True)
        )


class ArrayInsert:
    """An INSERT of many rows. Those of one key that is told twice go one after the other, as in a loop."""

    def __init__(
        self,
        table: sa.Table,
        columns: Sequence[str],
        types: Sequence[TypeEngine[Any]],
        conflict: Callable[[Any], Any],
        dialect: Dialect,
    ) -> None:
        arrays = Arrays(types, dialect)
        rows: sa.Select[Any] = sa.select(sa.literal_column("these_rows"))
        insert = conflict(postgresql.insert(table).from_select(list(columns), rows, include_defaults=False))
        self._text = _text(insert, dialect).replace("SELECT these_rows", arrays.rows)
        self._arrays = arrays
        self._key = _updated_key(insert, columns)

    def insert(self, connection: Connection, rows: Sequence[Row]) -> int:
        """How many rows were written."""
        written = 0
        for part in _rounds(rows, self._key):
            written += connection.exec_driver_sql(self._text, self._arrays.of(part)).rowcount
        return written


class ArrayUpdate:
    """An UPDATE of many rows, each by its whole key; a row is its new values and then its key."""

    def __init__(
        self,
        table: sa.Table,
        key: Mapping[str, TypeEngine[Any]],
        values: Mapping[str, TypeEngine[Any]],
        dialect: Dialect,
    ) -> None:
        names = [f"new_{name}" for name in values] + [f"key_{name}" for name in key]
        self._arrays = Arrays([*values.values(), *key.values()], dialect)
        asked = sa.table("asked", *(sa.column(name) for name in names))
        mine = [table.c[name] == asked.c[f"key_{name}"] for name in key]
        update = sa.update(table).where(*mine).values({name: asked.c[f"new_{name}"] for name in values})
        self._text = f"WITH asked ({', '.join(names)}) AS ({self._arrays.rows}) {_text(update, dialect)}"
        self._key = range(len(values), len(names))

    def apply(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Changes the rows."""
        for part in _rounds(rows, self._key):
            connection.exec_driver_sql(self._text, self._arrays.of(part))


class ArrayLookup:
    """A SELECT by many keys of one column: `query` has one expanding parameter, `ids`."""

    def __init__(self, query: sa.Select[Any], key: TypeEngine[Any], dialect: Dialect) -> None:
        self._arrays = Arrays([key], dialect)
        self._text, count = _EXPANDED.subn(f"= ANY ({self._arrays.first})", _text(query.params(ids=[None]), dialect))
        assert count == 1, "the keys are asked for once"
        self._convert = readers(query, dialect)

    def rows(self, connection: Connection, ids: Collection[Any]) -> list[Any]:
        """The rows of these keys as the driver gives them, with what turns them into ours applied."""
        if not ids:
            return []
        return _read(connection, self._text, self._arrays.of([(one,) for one in ids]), self._convert)


class ArrayKeyLookup:
    """A SELECT by many keys of several columns: `query` is given their table, and joins one other with it.

    Each key is looked for by itself in the index. Left to itself, the planner would take a range of cells that comes
    from a join for a ninth of the table, and read a month of positions to answer for one street.
    """

    def __init__(
        self, key: Mapping[str, TypeEngine[Any]], query: Callable[[Any], sa.Select[Any]], dialect: Dialect
    ) -> None:
        self._arrays = Arrays(list(key.values()), dialect)
        asked = sa.table("asked", *(sa.column(name, one) for name, one in key.items()))
        select = query(asked)
        (joined,) = select.get_final_froms()
        assert isinstance(joined, sa.Join), "the keys are joined with one table"
        assert joined.left is asked, "the keys come first"
        assert joined.onclause is not None, "the condition is that of the join"
        of_one = sa.select(*select.selected_columns).select_from(joined.right).where(joined.onclause)
        # With an OFFSET it stays a query of its own.
        found = of_one.correlate(asked).offset(sa.literal_column("0")).lateral("found")
        each = sa.select(*found.c).select_from(sa.join(asked, found, sa.true()))
        self._text = f"WITH asked ({', '.join(key)}) AS ({self._arrays.rows}) {_text(each, dialect)}"
        self._convert = readers(select, dialect)

    def rows(self, connection: Connection, keys: Collection[Row]) -> list[Any]:
        """The rows of these keys."""
        return _read(connection, self._text, self._arrays.of(keys), self._convert) if keys else []


def readers(query: sa.Select[Any], dialect: Dialect) -> list[tuple[int, Callable[[Any], Any]]]:
    """What turns the driver's values into ours, by the place of the column; columns that need nothing are not there."""
    types = [column.type.dialect_impl(dialect) for column in query.selected_columns]
    converters = [(place, one.result_processor(dialect, _FLOAT8)) for place, one in enumerate(types)]
    return [(place, convert) for place, convert in converters if convert is not None]


def _read(
    connection: Connection, text: str, arrays: tuple[list[Any], ...], convert: list[tuple[int, Callable[[Any], Any]]]
) -> list[Any]:
    result = connection.exec_driver_sql(text, arrays)
    rows = list(result.cursor.fetchall())
    result.close()
    if not convert or not rows:
        return rows
    columns: list[Any] = list(zip(*rows, strict=True))
    for place, one in convert:
        columns[place] = map(one, columns[place])
    return list(zip(*columns, strict=True))


def _text(statement: Any, dialect: Dialect) -> str:
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    text = str(compiled)
    assert set(re.findall(r"%\((\w+)\)s", text)) <= {"ids_1"}, "no values are bound but the rows"
    return text


def _updated_key(insert: Any, columns: Sequence[str]) -> tuple[int, ...] | None:
    """Where the key is that must not come twice in one statement; None where a repeat is ignored."""
    clause = insert._post_values_clause
    if not isinstance(clause, postgresql.dml.OnConflictDoUpdate):
        return None
    return tuple(columns.index(getattr(one, "name", one)) for one in clause.inferred_target_elements or ())


def _rounds(rows: Sequence[Row], key: Sequence[int] | None) -> Sequence[Sequence[Row]]:
    """The rows in parts in which no key comes twice, each in the order of the keys: two that write the same rows wait
    for each other instead of each holding what the other wants.
    """
    if key is None:
        return [rows] if rows else []
    rounds: list[dict[tuple[Any, ...], Row]] = []
    for row in rows:
        of_row = tuple(row[place] for place in key)
        for part in rounds:
            if of_row not in part:
                part[of_row] = row
                break
        else:
            rounds.append({of_row: row})
    return [[part[one] for one in sorted(part)] for part in rounds]


def _converter(one: TypeEngine[Any], dialect: Dialect) -> Converter:
    """What an array of the type must be made of beyond the values: all of one Python type, and no zero character."""
    process = one.dialect_impl(dialect).bind_processor(dialect)
    if process is not None:
        return process
    if isinstance(one, sa.Float):
        return float
    return _plain if isinstance(one, sa.String) else None


def _plain(text: str) -> str:
    """The text alone, without the name that an enumeration gives it. PostgreSQL keeps no zero character in a text."""
    return str(text).replace("\0", "")
