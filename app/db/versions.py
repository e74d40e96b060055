"""What is read for every position and changes once a month: kept in memory as long as its version stands.

Whoever changes it gives it another number in the same transaction; whoever uses it reads the number in theirs. So what
was kept is never older than the transaction that uses it, in one process or many. It is for the writer's side only,
where one transaction runs at a time in a process.
"""

import secrets
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from app.db import dialect
from app.db.tables import version

Value = TypeVar("Value")
Key = TypeVar("Key", bound=Hashable)

ENTRIES_MAX = 200_000
"""Beyond this many everything is read anew: memory has a limit. Whom the rules look at, and who carries what, take
1.4 kB a wearer; read anew, 36 µs of the 100 that a position costs.
"""


def _newest(insert: Any) -> Any:
    return insert.on_conflict_do_update(index_elements=["name"], set_={"number": insert.excluded.number})


_BUMP = dialect.Rows(version, ("name", "number"), _newest)
_NUMBERS = dialect.Lookup(
    sa.select(version.c.name, version.c.number).where(version.c.name.in_(sa.bindparam("ids", expanding=True))),
    version.c.name,
)


def bump(connection: Connection, name: str) -> None:
    """Says that what `name` stands for is different from the end of this transaction on."""
    _BUMP.insert(connection, [(name, _new_number())])


def _new_number() -> int:
    """One that was never there before: counted up in a transaction that failed, it would be given out again."""
    return secrets.randbits(62)


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


class Memory(Generic[Key, Value]):
    """What the one writer of SQLite knows of a table that it changes with every group: rows by key, kept from one
    transaction to the next as long as nobody else changes any.

    Whoever changes the table says so in the same transaction (`changed`) and gives it another number by that. What is
    known belongs to one number and is forgotten where the table shows another one: after a transaction that failed, or
    one of another process. Where many write at once nothing is known: all would wait in turn to change the number.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._known: WeakKeyDictionary[Engine, tuple[int, dict[Key, Value]]] = WeakKeyDictionary()

    def of(self, connection: Connection) -> dict[Key, Value]:
        """What is known in this transaction; whoever reads a row puts it here for the next one."""
        number = self._number(connection)
        if number is None:
            fresh: dict[Key, Value] = {}
            connection.info[self._name] = fresh  # For this transaction alone.
            return fresh
        found = self._known.get(connection.engine)
        if found is None or found[0] != number:
            found = self._known[connection.engine] = number, {}
        return found[1]

    def changed(self, connection: Connection) -> dict[Key, Value]:
        """Says that the table is different from now on. Whoever changed it puts how it is now into what is given
        back.
        """
        if connection.dialect.name != "sqlite":
            of_transaction: dict[Key, Value] = connection.info.get(self._name, {})
            return of_transaction
        # What was read before there was any number is taken along once: this transaction may still fail.
        is_first = self._number(connection) is None
        known: dict[Key, Value] = connection.info.pop(self._name, {}) if is_first else self.of(connection)
        number = _new_number()
        _BUMP.insert(connection, [(self._name, number)])
        self._known[connection.engine] = number, known
        return known

    def _number(self, connection: Connection) -> int | None:
        if connection.dialect.name != "sqlite":
            return None
        rows = _NUMBERS.rows(connection, [self._name])
        return rows[0][1] if rows else None
