"""Whether tables that are newer than a program fit it: while a town upgrades, the old version runs beside the new one,
and one of its processes may have to start again (decision 0014).
"""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import dialect
from app.db.tables import version

_NAME = "oldest program"
"""The counter that holds the newest version of the tables which a program must know to work on those that are there."""


def needs_program(connection: Connection, revision: str) -> None:
    """Says, in a migration that takes something away, that a program must know `revision` to work on the tables now:
    the first whose program did not use it any more.
    """
    row = {"name": _NAME, "number": int(revision)}
    statement = dialect.insert(connection, version).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"number": row["number"]}))


def fits(connection: Connection, newest: str) -> bool:
    """Whether a program that knows the tables up to `newest` may work on those that are there."""
    oldest: int | None = connection.execute(
        sa.select(version.c.number).where(version.c.name == _NAME)
    ).scalar_one_or_none()
    return oldest is None or oldest <= int(newest)
