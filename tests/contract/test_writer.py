"""The group-commit writer: everything that waits is one transaction, and each piece fails alone."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from sqlalchemy.engine import Connection

from app import parts
from app.db.engine import Database
from app.db.session import hint
from app.db.tables import heartbeat
from app.kit.errors import NotFound, Overloaded
from tests.build import NOW


def add(name: str):
    def work(connection: Connection) -> str:
        values = {"name": name, "at": NOW, "up_since": NOW, "down_since": NOW}
        connection.execute(sa.insert(heartbeat).values(values))
        return name

    return work


def names(connection: Connection) -> set[str]:
    return set(connection.execute(sa.select(heartbeat.c.name)).scalars())


async def blocked(database: Database) -> Callable[[], object]:
    """Keeps the writer from beginning anything until the function that is given is called."""
    if database.engine.dialect.name == "sqlite":  # Somebody else has the file: the writer waits on its own thread.
        other = database.engine.connect()
        other.begin()
        return other.close
    entered, release = threading.Event(), threading.Event()

    def work(_connection: Connection) -> None:
        entered.set()
        assert release.wait(10)

    database.write(work)
    await asyncio.to_thread(entered.wait, 10)
    return release.set


@pytest.fixture
def numbers(database: Database) -> CollectorRegistry:
    """What is measured of the writer's transactions."""
    registry = CollectorRegistry()
    parts.measured(database, registry)
    return registry


async def test_what_was_answered_can_be_read(database: Database) -> None:
    assert await database.write(add("a")) == "a"
    assert {"a"} == await database.read(names)


async def test_everything_that_waits_is_one_transaction(database: Database) -> None:
    commits: list[int] = []
    sa.event.listen(database.engine, "commit", lambda _connection: commits.append(1))
    release = await blocked(database)
    waiting = [database.write(add(str(n))) for n in range(50)]
    release()
    await asyncio.gather(*waiting)

    assert len(await database.read(names)) == 50
    assert len(commits) <= 2


async def test_a_piece_that_fails_leaves_nothing_and_harms_nobody(database: Database) -> None:
    told: list[str] = []
    database.listen("live", told.append)

    def fails(connection: Connection) -> None:
        add("half")(connection)
        hint(connection, "live", "half")
        raise NotFound

    release = await blocked(database)
    pieces = [database.write(work) for work in (add("before"), fails, add("before"), add("after"))]
    release()
    outcomes = await asyncio.gather(*pieces, return_exceptions=True)

    assert [str, NotFound, sa.exc.IntegrityError, str] == [type(outcome) for outcome in outcomes]
    assert {"before", "after"} == await database.read(names)
    assert told == []


async def test_hints_are_told_after_the_commit_and_once(database: Database) -> None:
    seen: list[set[str]] = []

    def look(_key: str) -> None:
        with database.engine.connect() as connection:
            seen.append(set(connection.exec_driver_sql("SELECT name FROM heartbeat").scalars()))

    database.listen("live", look)

    def work(connection: Connection) -> None:
        add("a")(connection)
        hint(connection, "live", "x")
        hint(connection, "live", "x")

    await database.write(work)

    assert [{"a"}] == seen


async def test_items_of_one_runner_go_together(database: Database) -> None:
    groups: list[int] = []

    def runner(connection: Connection, items: Sequence[str]) -> list[object]:
        groups.append(len(items))
        return [NotFound() if item == "bad" else item for item in items]

    release = await blocked(database)
    items = [database.write_item(runner, item) for item in ("a", "bad", "c")]
    release()
    outcomes = await asyncio.gather(*items, return_exceptions=True)

    assert groups == [3]
    assert [outcomes[0], outcomes[2]] == ["a", "c"]
    assert isinstance(outcomes[1], NotFound)


async def test_a_full_queue_refuses_at_once(where: Path | str) -> None:
    database = Database(where, queue_max=2)
    database.start()
    release = await blocked(database)
    waiting = [database.write(add(str(n))) for n in range(2)]
    with pytest.raises(Overloaded):
        await database.write(add("too much"))
    release()
    await asyncio.gather(*waiting)
    await database.stop()

    assert {"0", "1"} == {await one for one in waiting}


async def test_a_commit_that_fails_is_told_to_everybody_and_the_writer_goes_on(
    database: Database, numbers: CollectorRegistry
) -> None:
    release = await blocked(database)
    pieces = [database.write(add(str(n))) for n in range(3)]
    full = threading.Event()

    def fail_with_the_pieces(connection: Connection) -> None:
        if names(connection) and not full.is_set():
            full.set()
            raise sa.exc.OperationalError("COMMIT", {}, OSError("disk full"))

    sa.event.listen(database.engine, "commit", fail_with_the_pieces)
    release()
    outcomes = await asyncio.gather(*pieces, return_exceptions=True)

    assert [Overloaded] * 3 == [type(outcome) for outcome in outcomes]
    assert await database.write(add("0")) == "0"
    assert {"0"} == await database.read(names)
    assert 1 == numbers.get_sample_value("mimamori_commits_failed_total")


async def test_each_transaction_is_measured_and_of_it_its_commit(
    database: Database, numbers: CollectorRegistry
) -> None:
    def slow(_connection: Connection) -> None:
        threading.Event().wait(0.06)

    sa.event.listen(database.engine, "commit", slow)
    await database.write(slow)
    await asyncio.gather(*(database.write(add(str(n))) for n in range(3)))

    def value(name: str) -> float:
        found = numbers.get_sample_value(f"mimamori_{name}")
        assert found is not None
        return found

    assert (4, 0) == (value("committed_total"), value("writer_waiting"))
    assert 2 == value("commit_seconds_count") == value("transaction_seconds_count")
    assert 0.12 <= value("commit_seconds_sum")  # A disk that takes its time.
    assert 0.06 <= value("transaction_seconds_sum") - value("commit_seconds_sum")


@pytest.mark.sqlite
async def test_the_store_is_durable_by_setting(database: Database) -> None:
    def settings(connection: Connection) -> tuple[object, object]:
        pragmas = ("PRAGMA journal_mode", "PRAGMA synchronous")
        return tuple(connection.exec_driver_sql(pragma).scalar() for pragma in pragmas)

    assert await database.write(settings) == ("wal", 2)


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError, match=r"read-only|readonly"):
        await database.read(add("a"))
