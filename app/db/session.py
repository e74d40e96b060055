"""What should be noticed after a transaction is committed.

A hint says "go and look", nothing more: it may be lost with the process, the truth is in the tables. It is the only
thing that leaves a transaction besides its rows.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.db import driver

_KEY = "mimamori_hints"


class Hint(Struct, frozen=True):
    """`topic` names who should look (`live`, `outbox`, `registry`, `command`), `key` what at."""

    topic: str
    key: str = ""


class Listeners:
    """Who looks when they are told of a hint."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Callable[[str], None]]] = {}

    def listen(self, topic: str, listener: Callable[[str], None]) -> Callable[[], None]:
        """Calls `listener` with the key of every hint of `topic`, on the event loop; gives the function that ends
        it.
        """
        listeners = self._listeners.setdefault(topic, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener) if listener in listeners else None

    def tell(self, hints: Sequence[Hint]) -> None:
        """Passes them on to whoever listens."""
        for one in hints:
            for listener in tuple(self._listeners.get(one.topic, ())):
                listener(one.key)


def hint(connection: Connection, topic: str, key: str = "") -> None:
    """Notes that `topic` should be looked at once this transaction is committed."""
    hints: list[Hint] = connection.info.setdefault(_KEY, [])
    hints.append(Hint(topic, key))


def mark(connection: Connection) -> int:
    """How many hints there are: a place to fall back to when a savepoint is rolled back."""
    return len(connection.info.get(_KEY, ()))


def forget_from(connection: Connection, place: int) -> None:
    """Drops the hints noted since `mark`, with the work that they belonged to."""
    del connection.info.setdefault(_KEY, [])[place:]


def take(connection: Connection) -> list[Hint]:
    """All hints of the transaction, each once, in order."""
    hints: list[Hint] = connection.info.pop(_KEY, [])
    return list(dict.fromkeys(hints))


@contextmanager
def savepoint(connection: Connection, *, anew: bool = False) -> Iterator[None]:
    """What is done in the block is done whole or not at all, in the transaction around it.

    As `begin_nested`, at a tenth of its price: that one makes and compiles a new name for every savepoint. `anew`: the
    caller goes on with nothing that was read before, so that where nothing was written either, the transaction itself
    is begun anew instead. Then SQLite need not copy every page that the block changes: a tenth of a group's price.
    """
    if anew and driver.is_untouched(connection):
        try:
            yield
        except BaseException:
            driver.begin_anew(connection)
            raise
        return
    driver.rows_of(connection, "SAVEPOINT part")
    try:
        with driver.inside_savepoint(connection):
            yield
    except BaseException:
        if connection.invalidated:  # The line is dead, and the whole transaction with it.
            raise
        driver.rows_of(connection, "ROLLBACK TO part")
        driver.rows_of(connection, "RELEASE part")
        raise
    driver.rows_of(connection, "RELEASE part")
