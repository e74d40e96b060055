"""Waiting for others where many processes write one PostgreSQL. SQLite has one writer: nothing is to be waited for."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Connection

PATIENCE_S = 3
"""How long a change of the tables themselves waits for those who use them: who waits holds up all who come after."""

_SPACE = 0x6D696D61
"""Our own among the numbers that applications of one database may lock."""


def one_at_a_time(connection: Connection, name: str) -> None:
    """From here to the end of the transaction no other one of any process is past this line for the same `name`."""
    if connection.dialect.name == "postgresql":
        number = zlib.crc32(name.encode()) - 2**31
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SPACE, number)))


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
