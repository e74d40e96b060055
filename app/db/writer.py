"""The one writer of the embedded store: everything that waits becomes one transaction (group commit).

It takes all work that queued up while the last commit ran, runs each piece inside its own savepoint, commits once, and
only then answers everybody. So a commit to disk, the slowest thing we do, is paid once for many, and nobody hears
"done" before it is durable.

The work itself runs on the event loop's thread; only what waits for the disk (taking the lock, the commit) runs on
another. Measured: with the work on a thread of its own every row gave up the interpreter's lock and had to win it back
from a busy event loop, and the same load took three times as long.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import structlog
from msgspec import Struct
from sqlalchemy.engine import Connection, Engine

from app.db import session
from app.db.session import Hint
from app.kit.clock import monotonic_s
from app.kit.errors import MimamoriError, Overloaded

log = structlog.get_logger()

Runner = Callable[[Connection, Sequence[Any]], Sequence[Any]]
"""Runs many items of one kind together and gives one outcome an item, in order; an exception as an outcome fails that
item alone.
"""


class Measures(Protocol):
    """What is told of each transaction."""

    def committed(self, pieces: int, seconds: float, commit_s: float) -> None:
        """It took so long, of which its commit."""
        ...

    def not_committed(self) -> None:
        """It stored nothing."""
        ...


_QUIET_TURNS = 3
"""Turns of the event loop without a newcomer: a request takes two from its bytes to the queue."""


class Work(Struct):
    """One piece that waits: a function of its own, or an item for a runner that takes many at once."""

    future: "asyncio.Future[Any]"
    function: Callable[[Connection], Any] | None = None
    runner: Runner | None = None
    item: Any = None
    outcome: Any = None


class Writer:
    """Takes work and answers it on the event loop that started it. `submit…` raises `Overloaded` when full."""

    def __init__(
        self, engine: Engine, *, group_max: int, queue_max: int, on_hints: Callable[[list[Hint]], None]
    ) -> None:
        self._engine = engine
        self._group_max = group_max
        self._queue_max = queue_max
        self._on_hints = on_hints
        self._queue: deque[Work] = deque()
        self._wake = asyncio.Event()
        self._stopping = False
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="mimamori-disk")
        self._task: asyncio.Task[None] | None = None
        self.measures: Measures | None = None

    def start(self) -> None:
        """Begins to take work on the running event loop."""
        self._task = asyncio.create_task(self._run(), name="mimamori-writer")

    async def stop(self) -> None:
        """Commits what waits, then ends."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        self._disk.shutdown()

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
        assert self._task is not None, "the writer is not started"
        return self._task.get_loop().create_future()

    def _put(self, work: Work) -> "asyncio.Future[Any]":
        if len(self._queue) >= self._queue_max or self._stopping:
            raise Overloaded
        self._queue.append(work)
        self._wake.set()
        return work.future

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        connection: Connection | None = None
        while self._queue or not self._stopping:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._gather()
            connection = await self._commit_group(loop, connection)
        if connection is not None:
            await loop.run_in_executor(self._disk, connection.close)

    async def _gather(self) -> None:
        """Lets in what is at the door: a group costs as much as a dozen units whatever its size, so that one which
        begins with the first of a burst makes all wait for two commits instead of one.
        """
        known, turns = 0, 0
        while turns < _QUIET_TURNS and len(self._queue) < self._group_max:
            turns = turns + 1 if len(self._queue) == known else 0
            known = len(self._queue)
            await asyncio.sleep(0)

    async def _commit_group(self, loop: asyncio.AbstractEventLoop, connection: Connection | None) -> Connection | None:
        """Runs and commits one group; the connection to go on with, or None after it failed."""
        group: list[Work] = []
        hints: list[Hint] = []
        failure: BaseException | None = None
        try:
            connection = await loop.run_in_executor(self._disk, self._begin, connection)
            began_s = monotonic_s()
            group = [self._queue.popleft() for _ in range(min(len(self._queue), self._group_max))]
            run_group(connection, group)
            hints = session.take(connection)
            run_s = monotonic_s()
            await loop.run_in_executor(self._disk, connection.commit)
            self._measure(len(group), began_s, run_s)
        except Exception as error:
            # The disk is full or the file is gone: nothing of the group is stored, and everybody must hear it.
            log.error("commit_failed", error=type(error).__name__, units=len(group))
            failure = Overloaded("It could not be stored; try again shortly.")
            group = group or [self._queue.popleft() for _ in range(min(len(self._queue), self._group_max))]
            if connection is not None:
                connection.invalidate()
                connection.close()
            connection, hints = None, []
            self._measure_failure()
        self._settle(group, failure, hints)
        return connection

    def _measure(self, pieces: int, began_s: float, run_s: float) -> None:
        if self.measures is not None:
            now_s = monotonic_s()
            self.measures.committed(pieces, now_s - began_s, now_s - run_s)

    def _measure_failure(self) -> None:
        if self.measures is not None:
            self.measures.not_committed()

    def _begin(self, connection: Connection | None) -> Connection:
        """A connection inside a transaction that holds the lock for writing."""
        connection = connection or self._engine.connect()
        connection.begin()
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


def run_group(connection: Connection, group: list[Work]) -> None:
    """Fills the outcome of every piece. Items of one runner go together, at the place of the first of them."""
    done: set[Runner] = set()
    for work in group:
        if work.function is not None:
            work.outcome = _run_one(connection, work.function)
        elif work.runner is not None and work.runner not in done:
            done.add(work.runner)
            same = [other for other in group if other.runner == work.runner]
            outcomes = work.runner(connection, [other.item for other in same])
            for other, outcome in zip(same, outcomes, strict=True):
                other.outcome = outcome


def _run_one(connection: Connection, function: Callable[[Connection], Any]) -> Any:
    """What `function` returned, or the exception that it raised; then nothing of it is left in the transaction."""
    place = session.mark(connection)
    try:
        with session.savepoint(connection):
            return function(connection)
    except MimamoriError as error:
        session.forget_from(connection, place)
        return error
    except (
        Exception
    ) as error:  # A defect in one piece must not take the others of its group with it; its caller hears it.
        session.forget_from(connection, place)
        return error
