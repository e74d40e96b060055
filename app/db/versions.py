"""What is read for every position and changes once a month: kept in memory as long as its version stands.

Whoever changes it gives it another number in the same transaction; whoever uses it reads the number in theirs. So what
was kept is never older than the transaction that uses it, in one process or many. It is for the writer's side only,
where one transaction runs at a time in a process.
"""

import secrets
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from app.db import dialect
from app.db.tables import version

Value = TypeVar("Value")
Key = TypeVar("Key", bound=Hashable)

ENTRIES_MAX = 50_000
"""Beyond this many everything is read anew: memory has a limit, and a town of this size is read in a second."""

_NUMBERS = dialect.Lookup(
    sa.select(version.c.name, version.c.number).where(version.c.name.in_(sa.bindparam("ids", expanding=True))),
    version.c.name,
)


def bump(connection: Connection, name: str) -> None:
    """Says that what `name` stands for is different from the end of this transaction on."""
    # A number that was never there before: one counted up in a transaction that failed would be given out again.
    statement = dialect.insert(connection, version).values(name=name, number=secrets.randbits(62))
    changed = statement.on_conflict_do_update(index_elements=["name"], set_={"number": statement.excluded.number})
    connection.execute(changed)


def numbers(connection: Connection, names: Collection[str]) -> frozenset[tuple[str, int]]:
    """The versions of these names that there are: another set says that something is different."""
    return frozenset((name, number) for name, number in _NUMBERS.rows(connection, list(names)))


class Kept(Generic[Key, Value]):
    """Values by key, read by `load` and kept while none of the versions `names` changes."""

    def __init__(self, *names: str) -> None:
        self._names = list(names)
        self._kept: WeakKeyDictionary[Engine, tuple[frozenset[tuple[str, int]], dict[Key, Value]]]
        self._kept = WeakKeyDictionary()

    def of(
        self,
        connection: Connection,
        ids: Collection[Key],
        load: Callable[[Connection, Collection[Key]], Mapping[Key, Value]],
    ) -> Mapping[Key, Value]:
        """The value of each key, and perhaps of others; `load` must give one for each that it is asked for."""
        if not ids:
            return {}
        now = numbers(connection, self._names)
        before = self._kept.get(connection.engine)
        kept = before[1] if before is not None and before[0] == now and len(before[1]) < ENTRIES_MAX else {}
        missing = [one for one in ids if one not in kept]
        if missing:
            kept.update(load(connection, missing))
        self._kept[connection.engine] = (now, kept)
        return kept
