"""Habit maps that are kept in memory, so that a position is looked at without reading one.

A state names the number of the map beside it, and the two are written in one transaction: whoever has loaded a state
knows whether the map in memory is the one to use, in one process or many, and asks nobody for it.
"""

from collections.abc import Mapping
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
from msgspec import Struct
from sqlalchemy.engine import Connection, Engine

from app.watch.model import Subject
from app.watch.movement.habits import decode
from app.watch.store import Kept
from app.watch.store import habits as maps

BYTES_MAX = 1_000_000_000
"""What all maps in memory may take. A hundred thousand usual ones take 570 MB (`mimamori bench --only watches`)."""

OVERHEAD_BYTES = 2_400
"""What a map takes in memory besides its numbers."""


class _Remembered(Struct, kw_only=True):
    """Somebody with her map: `plain` is she without it, so that a change of anything else is noticed."""

    version: int
    plain: Subject
    whole: Subject
    size: int


class _Memory:
    def __init__(self) -> None:
        self.by_wearer: dict[UUID, _Remembered] = {}
        self.size = 0

    def keep(self, wearer_id: UUID, one: _Remembered) -> None:
        self.drop(wearer_id)
        self.by_wearer[wearer_id] = one
        self.size += one.size
        while self.size > BYTES_MAX and len(self.by_wearer) > 1:
            self.drop(next(iter(self.by_wearer)))

    def drop(self, wearer_id: UUID) -> None:
        gone = self.by_wearer.pop(wearer_id, None)
        if gone is not None:
            self.size -= gone.size


_MEMORIES: WeakKeyDictionary[Engine, _Memory] = WeakKeyDictionary()


def forget(connection: Connection, wearer_id: UUID) -> None:
    """Lets go of the map of somebody who is no longer watched."""
    memory = _MEMORIES.get(connection.engine)
    if memory is not None:
        memory.drop(wearer_id)


def with_habits(
    connection: Connection, kept: Mapping[UUID, Kept], subjects: Mapping[UUID, Subject]
) -> Mapping[UUID, Subject]:
    """The subjects, each with the map that her state names. For the writer's side only, as the states are."""
    memory = _MEMORIES.get(connection.engine)
    if memory is None:
        memory = _MEMORIES[connection.engine] = _Memory()
    found = dict(subjects)
    missing: list[UUID] = []
    for wearer_id, one in kept.items():
        learnt = one.state.learnt
        if learnt is None:
            continue
        known = memory.by_wearer.get(wearer_id)
        if known is None or known.version != learnt.version:
            missing.append(wearer_id)
            continue
        plain = subjects[wearer_id]
        if known.plain is not plain:
            known.plain, known.whole = plain, msgspec.structs.replace(plain, habits=known.whole.habits)
        found[wearer_id] = known.whole
    if missing:
        stored = maps.maps_of(connection, missing)
        for wearer_id in missing:
            if wearer_id in stored:
                version, encoded = stored[wearer_id]
                whole = msgspec.structs.replace(subjects[wearer_id], habits=decode(encoded))
                size = len(encoded) + OVERHEAD_BYTES
                memory.keep(wearer_id, _Remembered(version=version, plain=subjects[wearer_id], whole=whole, size=size))
                found[wearer_id] = whole
    return found
