"""Waiting for others where many processes write one PostgreSQL. SQLite has one writer: nothing is to be waited for."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Connection

PATIENCE_S = 3
"""How long a change of the tables themselves waits for those who use them: who waits holds up all who come after."""

_SPACE = 0x6D696D61
"""Our own among the numbers that applications of one database may lock."""


_asked: WeakKeyDictionary[Connection, dict[int, None]] = WeakKeyDictionary()
"""What the transactions that are begun anew asked for, in this try and those before."""


def one_at_a_time(connection: Connection, name: str) -> None:
    """From here to the end of the transaction no other one of any process is past this line for the same `name`."""
    if connection.dialect.name != "postgresql":
        return
    number = zlib.crc32(name.encode()) - 2**31
    asked = _asked.get(connection)
    if asked is None:
        _wait(connection, number)
        return
    in_turn = number >= max(asked, default=number)
    asked[number] = None
    if in_turn:
        _wait(connection, number)
    elif not connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_SPACE, number))).scalar_one():
        raise _out_of_turn()


@contextmanager
def in_turn(connection: Connection, asked: dict[int, None]) -> Iterator[None]:
    """In the block, a transaction that would be begun anew waits for names in the order of their numbers only. What it
    asked for in the try before (`asked`, which grows) it has from the beginning.

    Two that wait for each other in opposite order would both stand still until the server notices, a second later. Here
    the second one fails at once as it would then, and does not in the next try.
    """
    _asked[connection] = asked
    try:
        for number in sorted(asked):
            _wait(connection, number)
        yield
    finally:
        del _asked[connection]


def _wait(connection: Connection, number: int) -> None:
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SPACE, number)))


def _out_of_turn() -> sa.exc.OperationalError:
    from psycopg.errors import DeadlockDetected  # Only whoever uses PostgreSQL loads its driver.

    return sa.exc.OperationalError("one_at_a_time", None, DeadlockDetected("out of turn"))


@contextmanager
def impatient(connection: Connection, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """In the block, who cannot have a lock of PostgreSQL within `patience_s` gives up with an `OperationalError`."""
    if connection.dialect.name != "postgresql":
        yield
        return
    before = connection.execute(sa.text("SHOW lock_timeout")).scalar_one()
    _set(connection, f"{int(patience_s * 1000)}ms")
    yield
    _set(connection, before)  # After an error the transaction, or its part, is rolled back, and this with it.


def _set(connection: Connection, value: str) -> None:
    connection.execute(sa.select(sa.func.set_config("lock_timeout", value, True)))
