"""What is read for every position and changes once a month: kept in memory as long as its version stands.

Whoever changes it gives it another number in the same transaction; whoever uses it reads the number in theirs. So what
was kept is never older than the transaction that uses it, in one process or many. It is for the writer's side only,
where one transaction runs at a time in a process.

Mostly a change concerns one wearer, device or tag. So what a name stands for lies in parts, by the last digits of ids:
a part has a row and a number of its own, and the number of the name then changes in its lower half alone, which says
that some part is different. Another upper half says that everything is. Whoever knows no parts, as the version before
this one does, writes numbers that are new in both halves, and takes any other number for a change of everything: each
notices what the other one changed (decision 0019).
"""

import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from typing import Any, Generic, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from app.db import dialect
from app.db.tables import version

Value = TypeVar("Value")
Key = TypeVar("Key", UUID, int)
RowKey = TypeVar("RowKey", bound=Hashable)

ENTRIES_MAX = 200_000
"""Beyond this many everything is read anew: memory has a limit. Whom the rules look at, and who carries what, take
1.5 kB a wearer; read anew, 36 µs of the 100 that a position costs.
"""

PARTS = 256
"""A change makes one in so many wearers be read anew. More parts would make a change itself dearer: whoever notices
one reads the numbers of all parts, a quarter of a millisecond.
"""

_HALF = 31
"""Bits of the lower half of a number; the upper one has as many. That one is the same by chance is as likely as that
one in two thousand million changes is not noticed until the next.
"""


_NAME_MAX = 20
"""Characters of a name in its row."""


def _newest(insert: Any) -> Any:
    return insert.on_conflict_do_update(index_elements=["name"], set_={"number": insert.excluded.number})


def _newest_below(insert: Any) -> Any:
    """The upper half stays as it is now, also where somebody else has changed it since this transaction began."""
    lower = (1 << _HALF) - 1
    upper, new = version.c.number.bitwise_and(_literal(~lower)), insert.excluded.number.bitwise_and(_literal(lower))
    return insert.on_conflict_do_update(index_elements=["name"], set_={"number": upper.bitwise_or(new)})


def _literal(number: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(number), sa.BigInteger)


_BUMP = dialect.Rows(version, ("name", "number"), _newest)
_BUMP_BELOW = dialect.Rows(version, ("name", "number"), _newest_below)
_NUMBERS = dialect.Lookup(
    sa.select(version.c.name, version.c.number).where(version.c.name.in_(sa.bindparam("ids", expanding=True))),
    version.c.name,
)


def bump(connection: Connection, name: str, ids: Iterable[UUID] | None = None) -> None:
    """Says that what `name` stands for is different from the end of this transaction on: for these ids, or for all."""
    if ids is None:
        _BUMP.insert(connection, [(name, _new_number())])
    elif parts := {_part_of(one) for one in ids}:
        # The name first: who changes parts of it waits for whoever does already, and both lock in one order.
        _BUMP_BELOW.insert(connection, [(name, _new_number())])
        _BUMP.insert(connection, [(_name_of(name, part), _new_number()) for part in parts])


def _new_number() -> int:
    """One that was never there before: counted up in a transaction that failed, it would be given out again."""
    return secrets.randbits(2 * _HALF)


def _part_of(key: UUID | int) -> int:
    return (key if isinstance(key, int) else key.int) % PARTS  # The last digits of our ids are random.


def _name_of(name: str, part: int) -> str:
    return f"{name}/{part}"


class _Known(Generic[Key, Value]):
    """What is kept, by key; under which parts of each name; and the numbers that the names and their parts had."""

    def __init__(self, own: Collection[str], others: Collection[str]) -> None:
        self.values: dict[Key, Value] = {}
        self.by_own: defaultdict[int, set[Key]] = defaultdict(set)
        self.by_name: dict[str, defaultdict[int, set[Key]]] = dict.fromkeys(own, self.by_own)
        self.by_name |= {name: defaultdict(set) for name in others}
        self.numbers: dict[str, int] = {}
        self.parts: dict[str, dict[str, int]] = {name: {} for name in self.by_name}

    def drop(self, name: str, parts: dict[str, int]) -> None:
        """Forgets what lies in the parts of `name` whose numbers are other ones than before."""
        for differing in {one for one, _ in self.parts[name].items() ^ parts.items()}:
            for key in self.by_name[name].pop(int(differing.rpartition("/")[2]), ()):
                self.values.pop(key, None)
        self.parts[name] = parts


class Kept(Generic[Key, Value]):
    """Values by key, read by `load` and kept while no version changes: those named `own` in the part of the key, and
    `others` in the parts of the ids that are found in the value.
    """

    def __init__(self, *own: str, others: Mapping[str, Callable[[Value], Iterable[UUID]]] | None = None) -> None:
        self._own = own
        self._others = dict(others or {})
        self._names = [*own, *self._others]
        self._parts = {name: [_name_of(name, part) for part in range(PARTS)] for name in self._names}
        assert all(len(one) <= _NAME_MAX for names in self._parts.values() for one in names), "they fit into a row"
        self._known: WeakKeyDictionary[Engine, _Known[Key, Value]] = WeakKeyDictionary()

    def of(
        self,
        connection: Connection,
        ids: Collection[Key],
        load: Callable[[Connection, Collection[Key]], Mapping[Key, Value]],
    ) -> Mapping[Key, Value]:
        """The value of each key; `load` must give one for each that it is asked for."""
        if not ids:
            return {}
        known = self._current(connection)
        missing = [one for one in ids if one not in known.values]
        if missing:
            self._keep(known, load(connection, missing))
        # Not all that is kept: the next change would take away from what the caller holds.
        return {one: known.values[one] for one in ids}

    def _current(self, connection: Connection) -> _Known[Key, Value]:
        """What is kept and still so. Numbers are read before the values: these may be newer, never older."""
        numbers = dict(_NUMBERS.rows(connection, self._names))
        known = self._known.get(connection.engine)
        is_full = known is not None and len(known.values) >= ENTRIES_MAX
        if known is None or is_full or _upper(known.numbers) != _upper(numbers):
            known = self._known[connection.engine] = _Known(self._own, self._others)
        if known.numbers != numbers:
            for name in self._names:
                if known.numbers.get(name) != numbers.get(name):
                    known.drop(name, dict(_NUMBERS.rows(connection, self._parts[name])))
            known.numbers = numbers
        return known

    def _keep(self, known: _Known[Key, Value], loaded: Mapping[Key, Value]) -> None:
        known.values.update(loaded)
        for key in loaded:
            known.by_own[_part_of(key)].add(key)
        for name, ids_in in self._others.items():
            by_part = known.by_name[name]
            for key, value in loaded.items():
                for one in ids_in(value):
                    by_part[_part_of(one)].add(key)


def _upper(numbers: Mapping[str, int]) -> dict[str, int]:
    return {name: number >> _HALF for name, number in numbers.items()}


class Memory(Generic[RowKey, Value]):
    """What the one writer of SQLite knows of a table that it changes with every group: rows by key, kept from one
    transaction to the next as long as nobody else changes any.

    Whoever changes the table says so in the same transaction (`changed`) and gives it another number by that. What is
    known belongs to one number and is forgotten where the table shows another one: after a transaction that failed, or
    one of another process. Where many write at once nothing is known: all would wait in turn to change the number.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._known: WeakKeyDictionary[Engine, tuple[int, dict[RowKey, Value]]] = WeakKeyDictionary()

    def of(self, connection: Connection) -> dict[RowKey, Value]:
        """What is known in this transaction; whoever reads a row puts it here for the next one."""
        number = self._number(connection)
        if number is None:
            fresh: dict[RowKey, Value] = {}
            connection.info[self._name] = fresh  # For this transaction alone.
            return fresh
        found = self._known.get(connection.engine)
        if found is None or found[0] != number:
            found = self._known[connection.engine] = number, {}
        return found[1]

    def changed(self, connection: Connection) -> dict[RowKey, Value]:
        """Says that the table is different from now on. Whoever changed it puts how it is now into what is given
        back.
        """
        if connection.dialect.name != "sqlite":
            of_transaction: dict[RowKey, Value] = connection.info.get(self._name, {})
            return of_transaction
        # What was read before there was any number is taken along once: this transaction may still fail.
        is_first = self._number(connection) is None
        known: dict[RowKey, Value] = connection.info.pop(self._name, {}) if is_first else self.of(connection)
        number = _new_number()
        _BUMP.insert(connection, [(self._name, number)])
        self._known[connection.engine] = number, known
        return known

    def _number(self, connection: Connection) -> int | None:
        if connection.dialect.name != "sqlite":
            return None
        rows = _NUMBERS.rows(connection, [self._name])
        return rows[0][1] if rows else None
