"""PostgreSQL: the engine, what its durability rests on, and the writer.

The stores are the same synchronous functions as on SQLite (decision 0001), run on threads over psycopg (decision 0010).
Many processes write at once: a transaction is READ COMMITTED and locks what it decides about, by rows or by
`dialect.one_at_a_time`; who loses a deadlock begins anew. A reader sees one state (REPEATABLE READ, read only).
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from threading import Event
from typing import TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection, Engine

from app.config import InvalidSettings
from app.db import session
from app.db.errors import begins_anew
from app.db.locks import in_turn
from app.db.session import Hint
from app.db.writer import Work, Writer, run_group
from app.kit.clock import monotonic_s
from app.kit.errors import Overloaded

Result = TypeVar("Result")

log = structlog.get_logger()

VERSION_MIN = 15
POOL = 6
TRIES = 5
"""How often a group is begun anew after a conflict with another process; then each of its pieces goes alone."""
PAUSE_S = 0.005
"""Before it is begun anew it waits for up to twice this, and each time for up to twice as long."""

OPTIONS = "-c timezone=UTC -c idle_in_transaction_session_timeout=60000 -c jit=off"
"""Moments come back in UTC. Who hangs inside a transaction lets go of its locks after a minute. To compile one of our
short questions would take longer than to answer it.
"""

_MUST_BE: Mapping[str, tuple[frozenset[str], str]] = {
    "fsync": (frozenset({"on"}), "set fsync = on in postgresql.conf and restart PostgreSQL"),
    "full_page_writes": (frozenset({"on"}), "set full_page_writes = on in postgresql.conf and reload it"),
    "synchronous_commit": (
        frozenset({"on", "local", "remote_write", "remote_apply"}),
        "set synchronous_commit = on for the server, the database and the role",
    ),
}


class NotDurable(InvalidSettings):
    """The server would lose what was acknowledged, or is too old. The text says what to do."""


def postgres_engine(text: str, *, read_only: bool = False) -> Engine:
    """An engine over the database of a URL; with `read_only`, a transaction sees one state and cannot write. Raises
    `InvalidSettings`, which never says what the text was: a password may be in it.
    """
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise InvalidSettings("The setting `database` is no URL.") from None
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise InvalidSettings("The setting `database` must begin with postgresql://")
    query = dict(url.query)
    if unknown := ", ".join(sorted(query.keys() - _options())):
        raise InvalidSettings(f"The setting `database` has an option that PostgreSQL does not know: {unknown}")
    given = query.get("options", ())
    query["options"] = " ".join([OPTIONS, given] if isinstance(given, str) else [OPTIONS, *given])
    query.setdefault("application_name", "mimamori")
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg", query=query), pool_size=POOL, max_overflow=2, hide_parameters=True,
        execution_options={"preserve_rowcount": True},  # Also of an INSERT: whether the row was new.
    )  # fmt: skip
    if read_only:
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine


def _options() -> set[str]:
    """What may stand behind the question mark of a URL. Others, like `autocommit`, would be for the driver."""
    from psycopg import pq

    return {one.keyword.decode() for one in pq.Conninfo.get_defaults()}


def must_be_durable(connection: Connection) -> None:
    """Raises `NotDurable` unless the server keeps what it says that it keeps: "acknowledged is durable" rests on it."""
    version: int = connection.execute(sa.text("SELECT current_setting('server_version_num')::int")).scalar_one()
    if version < VERSION_MIN * 10_000:
        raise NotDurable(f"This PostgreSQL is version {version // 10_000}; Mimamori needs {VERSION_MIN} or newer.")
    wrong = []
    for name, (allowed, remedy) in _MUST_BE.items():
        value = connection.execute(sa.select(sa.func.current_setting(name))).scalar_one()
        if value not in allowed:
            wrong.append(f"PostgreSQL runs with {name} = {value}: a power cut would lose data; {remedy}.")
    if wrong:
        raise NotDurable(" ".join(wrong))


def read(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    """What `work` returns from one state of the store. Raises `Overloaded` when the server cannot be reached; a line
    that had died is made again first.
    """
    for _ in range(2):
        try:
            with engine.connect() as connection, connection.begin():
                return work(connection)
        except sa.exc.OperationalError as error:
            log.warning("read_failed", error=type(error.orig).__name__)
    raise Overloaded


class PostgresWriter(Writer):
    """The writer of one process among many: everything that waits is one transaction, run on a thread of its own, since
    each statement waits for the server.
    """

    async def _commit_group(self, loop: asyncio.AbstractEventLoop, connection: Connection | None) -> Connection | None:
        group = [self._queue.popleft() for _ in range(min(len(self._queue), self._group_max))]
        failure: BaseException | None = None
        hints: list[Hint] = []
        try:
            hints = await loop.run_in_executor(self._disk, self._whole, group)
        except Exception as error:  # The server is gone or full: nothing is stored, and everybody must hear it.
            log.error("commit_failed", error=type(error).__name__, units=len(group))
            failure = Overloaded("It could not be stored; try again shortly.")
            self._measure_failure()
        self._settle(group, failure, hints)
        return None

    def _whole(self, group: list[Work]) -> list[Hint]:
        """Runs and commits the group, anew as long as it loses against others or its line had died; its hints."""
        asked: dict[int, None] = {}
        for tries in range(TRIES):
            if tries:  # Who lost against each other would meet again.
                Event().wait(PAUSE_S * 2**tries * secrets.randbelow(1000) / 1000)
            began_s = monotonic_s()
            with self._engine.connect() as connection:
                try:
                    with in_turn(connection, asked):
                        hints = _attempt(connection, group)
                except _Again:
                    continue
                except Exception as error:
                    if connection.invalidated or begins_anew(error):
                        continue
                    raise
                run_s = monotonic_s()
                try:
                    connection.commit()
                except Exception:  # Nobody knows what became of it: it is not done again here, nor the line used again.
                    connection.invalidate()
                    raise
                self._measure(len(group), began_s, run_s)
                return hints
        if len(group) == 1:
            raise Overloaded
        return [hint for work in group for hint in self._alone(work)]

    def _alone(self, work: Work) -> list[Hint]:
        try:
            return self._whole([work])
        except Exception as error:  # It fails alone, whatever became of the others.
            log.error("commit_failed", error=type(error).__name__, units=1)
            self._measure_failure()
            work.outcome = Overloaded("It could not be stored; try again shortly.")
            return []


class _Again(Exception):
    """A piece lost against another process, or the line died; the group is rolled back and done again."""


def _attempt(connection: Connection, group: list[Work]) -> list[Hint]:
    """The hints of a group that waits for its commit; what it left on the connection is taken away however it ends."""
    try:
        run_group(connection, group)
        if connection.invalidated or any(begins_anew(work.outcome) for work in group):
            raise _Again
    finally:
        hints = [] if connection.invalidated else session.take(connection)
    return hints
