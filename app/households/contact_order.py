"""The order in which contacts are told: places 1 to n without a gap, whatever is put in, taken out or moved."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from app.kit.errors import Conflict, InvalidInput

Key = TypeVar("Key")


def inserted(order: Sequence[Key], new: Key, rank: int | None = None) -> list[Key]:
    """`order` with `new` at place `rank`; at the end without one, or where the list is shorter.

    >>> inserted(["a", "b"], "c", 1), inserted(["a", "b"], "c"), inserted([], "c", 9)
    (['c', 'a', 'b'], ['a', 'b', 'c'], ['c'])
    """
    assert new not in order, "a contact has one place"
    place = len(order) if rank is None else min(rank - 1, len(order))
    return [*order[:place], new, *order[place:]]


def removed(order: Sequence[Key], gone: Key) -> list[Key]:
    """`order` without `gone`; the others keep their order and move up."""
    return [key for key in order if key != gone]


def reordered(order: Sequence[Key], wanted: Sequence[Key]) -> list[Key]:
    """`wanted`, which must name each of `order` once.

    Raises `InvalidInput` if one is named twice, `Conflict` if others are named: somebody changed the list meanwhile.
    """
    if len(set(wanted)) != len(wanted):
        raise InvalidInput("A contact is named twice.", "contacts")
    if set(wanted) != set(order):
        raise Conflict("The list has changed meanwhile; look at it again.")
    return list(wanted)


def moves(ranks: Mapping[Key, int], order: Sequence[Key]) -> dict[Key, int]:
    """The new rank, from 1, of each in `order` whose rank in `ranks` is another or missing: what has to be written.

    >>> moves({"a": 1, "b": 2, "c": 3}, ["a", "c"])
    {'c': 2}
    """
    return {key: rank for rank, key in enumerate(order, 1) if ranks.get(key) != rank}
