"""The one writer of the embedded store: everything that waits becomes one transaction (group commit).

One thread owns one connection. It takes all work that queued up while the last commit ran, runs each piece inside its
own savepoint, commits once, and only then answers everybody. So a commit to disk, the slowest thing we do, is paid once
for many, and nobody hears "done" before it is durable.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from msgspec import Struct
from sqlalchemy.engine import Connection, Engine

from app.db import session
from app.db.session import Hint
from app.kit.errors import MimamoriError, Overloaded

log = structlog.get_logger()

Runner = Callable[[Connection, Sequence[Any]], Sequence[Any]]
"""Runs many items of one kind together and gives one outcome an item, in order; an exception as an outcome fails that
item alone.
"""


class Work(Struct):
    """One piece that waits: a function of its own, or an item for a runner that takes many at once."""

    future: "asyncio.Future[Any]"
    function: Callable[[Connection], Any] | None = None
    runner: Runner | None = None
    item: Any = None
    outcome: Any = None


class Writer:
    """Takes work from the event loop, runs it on its thread, answers on the event loop. `submit…` raises `Overloaded`
    when full.
    """

    def __init__(
        self, engine: Engine, *, group_max: int, queue_max: int, on_hints: Callable[[list[Hint]], None]
    ) -> None:
        self._engine = engine
        self._group_max = group_max
        self._queue_max = queue_max
        self._on_hints = on_hints
        self._queue: deque[Work] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts the thread; answers go to the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="mimamori-writer", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Commits what waits, then ends the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    @property
    def waiting(self) -> int:
        """How many pieces of work wait."""
        return len(self._queue)

    def submit(self, function: Callable[[Connection], Any]) -> "asyncio.Future[Any]":
        """The result of `function`, once it is committed."""
        return self._put(Work(self._future(), function=function))

    def submit_item(self, runner: Runner, item: Any) -> "asyncio.Future[Any]":
        """The outcome of `item`, run by `runner` together with what else waits for it, once it is committed."""
        return self._put(Work(self._future(), runner=runner, item=item))

    def _future(self) -> "asyncio.Future[Any]":
        assert self._loop is not None, "the writer is not started"
        return self._loop.create_future()

    def _put(self, work: Work) -> "asyncio.Future[Any]":
        if len(self._queue) >= self._queue_max or self._stopping:
            raise Overloaded
        with self._wake:
            self._queue.append(work)
            self._wake.notify()
        return work.future

    def _run(self) -> None:
        connection: Connection | None = None
        while True:
            with self._wake:
                while not self._queue and not self._stopping:
                    self._wake.wait()
                if not self._queue:
                    break
                group = [self._queue.popleft() for _ in range(min(len(self._queue), self._group_max))]
            connection = self._commit(connection, group)
        if connection is not None:
            connection.close()

    def _commit(self, connection: Connection | None, group: list[Work]) -> Connection | None:
        """Runs and commits one group; the connection to go on with, or None after it failed."""
        hints: list[Hint] = []
        failure: BaseException | None = None
        try:
            connection = connection or self._engine.connect()
            with connection.begin():
                _run_group(connection, group)
                hints = session.take(connection)
        except (
            Exception
        ) as error:  # The disk is full or the file is gone: nothing of the group is stored, everybody must hear it.
            log.error("commit_failed", error=type(error).__name__, units=len(group))
            failure = Overloaded("It could not be stored; try again shortly.")
            if connection is not None:
                connection.invalidate()
                connection.close()
            connection, hints = None, []
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._settle, group, failure, hints)
        return connection

    def _settle(self, group: list[Work], failure: BaseException | None, hints: list[Hint]) -> None:
        for work in group:
            if work.future.done():  # The asker went away; the work is done all the same.
                continue
            outcome = failure or work.outcome
            if isinstance(outcome, BaseException):
                work.future.set_exception(outcome)
            else:
                work.future.set_result(outcome)
        if hints:
            self._on_hints(hints)


def _run_group(connection: Connection, group: list[Work]) -> None:
    """Fills the outcome of every piece. Items of one runner go together, at the place of the first of them."""
    done: set[Runner] = set()
    for work in group:
        if work.function is not None:
            work.outcome = _run_one(connection, work.function)
        elif work.runner is not None and work.runner not in done:
            done.add(work.runner)
            same = [other for other in group if other.runner == work.runner]
            runner, items = work.runner, [other.item for other in same]
            outcomes = _run_one(connection, lambda c, runner=runner, items=items: runner(c, items))  # type: ignore[misc]
            for index, other in enumerate(same):
                other.outcome = outcomes if isinstance(outcomes, BaseException) else outcomes[index]


def _run_one(connection: Connection, function: Callable[[Connection], Any]) -> Any:
    """What `function` returned, or the exception that it raised; then nothing of it is left in the transaction."""
    place = session.mark(connection)
    try:
        with connection.begin_nested():
            return function(connection)
    except MimamoriError as error:
        session.forget_from(connection, place)
        return error
    except (
        Exception
    ) as error:  # A defect in one piece must not take the others of its group with it; its caller hears it.
        session.forget_from(connection, place)
        return error
