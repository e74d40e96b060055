"""What tables of PostgreSQL promise to a program that was written for them, and which promises a change breaks."""

from collections.abc import Iterator, Mapping

from msgspec import Struct
from sqlalchemy.engine import Connection

_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull AND NOT a.atthasdef
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
AND a.attnum > 0 AND NOT a.attisdropped
"""
_UNIQUE = """
SELECT c.relname, regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', '')
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition AND i.indisunique
"""
_MUST = """
SELECT c.relname, pg_get_constraintdef(o.oid) FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition AND o.contype IN ('c', 'f', 'x')
"""


class Table(Struct, kw_only=True):
    """Its columns with their types and whether a new row must give them; what is unique; what else a row must fulfil."""

    columns: dict[str, tuple[str, bool]]
    unique: set[str]
    must: set[str]


def tables(connection: Connection) -> dict[str, Table]:
    """All tables that are there, but for the months of partitioned ones."""
    found: dict[str, Table] = {}
    for name, column, kind, needed in connection.exec_driver_sql(_COLUMNS):
        table = found.setdefault(name, Table(columns={}, unique=set(), must=set()))
        table.columns[column] = kind, needed
    for name, definition in connection.exec_driver_sql(_UNIQUE):
        found[name].unique.add(definition)
    for name, definition in connection.exec_driver_sql(_MUST):
        found[name].must.add(definition)
    return found


def losses(before: Mapping[str, Table], after: Mapping[str, Table]) -> list[str]:
    """What a program that was written for the tables `before` can no longer do with those `after`."""
    return sorted(loss for name, table in before.items() for loss in _losses(name, table, after.get(name)))


def _losses(name: str, before: Table, after: Table | None) -> Iterator[str]:
    if after is None:
        yield f"{name} is gone"
        return
    for column, (kind, _needed) in before.columns.items():
        if column not in after.columns:
            yield f"{name}.{column} is gone"
        elif after.columns[column][0] != kind:
            yield f"{name}.{column} is {after.columns[column][0]}, was {kind}"
    for column, (_kind, needed) in after.columns.items():
        if needed and not before.columns.get(column, ("", False))[1]:
            yield f"{name}.{column} must be given"
    for unique in before.unique - after.unique:  # A statement with ON CONFLICT fails without it.
        yield f"{name} is no longer unique by {unique}"
    for unique in after.unique - before.unique:
        yield f"{name} must be unique by {unique}"
    for must in after.must - before.must:
        yield f"{name} must fulfil {must}"
