"""Where chance comes from: one seed, and names. The same in every process and on every machine, in any order."""

from hashlib import blake2b
from random import Random

SEED = 20261122
FOLDS = 5
TUNE = (0, 1, 2)
"""Persons of these folds are there to tune with; the others are reported."""


def chance(*names: object) -> Random:
    """A source of chance of its own for what the names name.

    >>> chance("noise", "r0007", 3).random() == chance("noise", "r0007", 3).random()
    True
    """
    return Random(number("/".join(str(name) for name in (SEED, *names))))


def number(text: str) -> int:
    """64 bits that follow from a text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def fold(user: str) -> int:
    """Which of the folds a person belongs to, 0 up to, not including, `FOLDS`."""
    return number(user) % FOLDS


def in_set(user: str, chosen: str) -> bool:
    """Whether a person belongs to the set `tune` or `report`, which have nobody in common."""
    return (fold(user) in TUNE) == (chosen == "tune")
