"""The months of positions and passages as tables of their own, on PostgreSQL: retention drops a month as a whole.

Made ahead, and back to the oldest row that retention keeps, so that what comes late has its month. What fits into none,
because no job ran or a clock is far off, lies in the default partition until its month is made: a row always finds a
place, and no request waits for a table to be made.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time
from functools import partial

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from app.db.locks import impatient, one_at_a_time
from app.db.session import savepoint
from app.history.tables import passage, position
from app.kit.calendar import add_months

log = structlog.get_logger()

PATIENCE_S = 0.2
"""A month is made or dropped at once or at a later turn: meanwhile all who write wait behind it."""

MONTHS_AHEAD = 2
MOMENTS = {position.name: position.c.fix_at.name, passage.name: passage.c.opened_at.name}
"""What is partitioned, by which column."""

_LOCK_NOT_AVAILABLE = "55P03"


def make(connection: Connection, from_at: datetime, now: datetime) -> list[str]:
    """Makes the months that are missing from `from_at` on until some time after now; their names. Those of a table that
    is in use are left for the next time.
    """
    if connection.dialect.name != "postgresql":
        return []
    made: list[str] = []
    one_at_a_time(connection, "partitions")
    for table in MOMENTS:
        there = set(_partitions(connection, table))
        wanted = {_name(table, begin): (begin, end) for begin, end in _months(from_at, now)}
        for name in sorted(wanted.keys() - there):
            if not _at_once(connection, partial(_make, connection, table, name, *wanted[name])):
                break
            made.append(name)
    return made


def drop_before(connection: Connection, before: datetime) -> list[str]:
    """Drops the months that ended before then; their names. Those of a table that is in use are left for the next
    time.
    """
    if connection.dialect.name != "postgresql":
        return []
    dropped: list[str] = []
    for table in MOMENTS:
        oldest = _name(table, before.astimezone(UTC))
        for name in sorted(_partitions(connection, table)):
            if name != f"{table}_default" and name < oldest:
                if not _at_once(connection, partial(_drop, connection, name)):
                    break
                dropped.append(name)
    return dropped


def _at_once(connection: Connection, work: Callable[[], None]) -> bool:
    """Whether it was done. Whoever reads for long (`pg_dump` does) must neither stop a service that starts nor keep
    the other work of a job from being done.
    """
    try:
        with savepoint(connection), impatient(connection, PATIENCE_S):
            work()
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        log.warning("partitions_postponed")
        return False
    return True


def _drop(connection: Connection, name: str) -> None:
    connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}"')


def _make(connection: Connection, table: str, name: str, begin: datetime, end: datetime) -> None:
    """As a table of its own first: attaching it locks out nobody who reads or writes other months."""
    column = MOMENTS[table]
    first, last = f"'{begin.isoformat()}'", f"'{end.isoformat()}'"
    connection.exec_driver_sql(f"LOCK TABLE {table}_default IN ACCESS EXCLUSIVE MODE")
    connection.exec_driver_sql(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
    connection.exec_driver_sql(
        f"WITH moved AS (DELETE FROM {table}_default WHERE {column} >= {first} AND {column} < {last} RETURNING *) "  # noqa: S608
        f"INSERT INTO {name} SELECT * FROM moved"
    )
    connection.exec_driver_sql(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({last})")


def _months(from_at: datetime, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Each month of UTC from that of `from_at` to the last one ahead, as its first moment and that of the next one."""
    begin = from_at.astimezone(UTC).date().replace(day=1)
    last = add_months(now.astimezone(UTC).date(), MONTHS_AHEAD)
    while begin <= last:
        end = add_months(begin, 1)
        yield datetime.combine(begin, time(), UTC), datetime.combine(end, time(), UTC)
        begin = end


def _name(table: str, begin: datetime) -> str:
    return f"{table}_{begin:%Y_%m}"


def _partitions(connection: Connection, table: str) -> list[str]:
    query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(:parent)"
    return list(connection.execute(sa.text(query), {"parent": table}).scalars())
