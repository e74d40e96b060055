"""What is asked of a PostgreSQL before anything is entrusted to it, and what its readers and writers are promised."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.engine import Connection

from app.cli import main
from app.config import InvalidSettings, Settings, describe
from app.db.engine import Database, check, open_engine
from app.db.postgres import NotDurable
from app.db.tables import heartbeat
from app.kit.errors import Overloaded
from tests.build import NOW
from tests.postgres import PostgresServer, running_postgres

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def careless() -> Iterator[PostgresServer]:
    """A server that says "stored" before it is."""
    with running_postgres("fsync = off\nfull_page_writes = off\n") as server:
        yield server


def refused(url: str) -> str:
    engine = open_engine(url)
    with engine.connect() as connection, pytest.raises(NotDurable) as caught:
        check(connection)
    engine.dispose()
    return str(caught.value)


def test_a_server_that_does_not_sync_is_refused_and_told_what_to_do(careless: PostgresServer) -> None:
    text = refused(careless.empty)

    assert "fsync = off" in text
    assert "fsync = on in postgresql.conf" in text
    assert "full_page_writes = off" in text
    assert "full_page_writes = on in postgresql.conf and reload" in text


def test_a_command_says_so_too(careless: PostgresServer) -> None:
    outcome = CliRunner().invoke(main, ["migrate"], env={"MIMAMORI_DATABASE": careless.empty})

    assert outcome.exit_code == 1
    assert "Error: PostgreSQL runs with fsync = off" in outcome.output


def test_a_database_whose_commits_do_not_wait_is_refused(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        engine = open_engine(url)
        with engine.begin() as connection:
            name = connection.execute(sa.text("SELECT current_database()")).scalar_one()
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
        engine.dispose()

        assert "synchronous_commit = off" in refused(url)


def test_a_server_as_it_comes_is_taken(connection: Connection) -> None:
    check(connection)


def test_a_database_that_is_not_there_is_said_in_plain_words_without_the_password() -> None:
    url = "postgresql://mimamori:secret-word@127.0.0.1:1/town"
    outcome = CliRunner().invoke(main, ["migrate"], env={"MIMAMORI_DATABASE": url})

    assert outcome.exit_code == 1
    assert "Error: The database cannot be used" in outcome.output
    assert "secret-word" not in outcome.output


@pytest.mark.parametrize("option", ["sslmod", "plugin", "autocommit"])
@pytest.mark.parametrize("command", ["migrate", "serve", "worker"])
def test_an_option_that_is_none_of_postgresql_is_said_in_plain_words(option: str, command: str) -> None:
    url = f"postgresql://mimamori:secret-word@127.0.0.1:1/town?{option}=secret-too"
    settings = {"MIMAMORI_NATS": "nats://127.0.0.1:1", "MIMAMORI_DETECTOR_SECRET": "s" * 40}
    outcome = CliRunner().invoke(main, [command], env={"MIMAMORI_DATABASE": url, **settings})

    assert outcome.exit_code == 1
    assert f"Error: The setting `database` has an option that PostgreSQL does not know: {option}\n" == outcome.output


@pytest.mark.parametrize("text", ["mysql://a:secret-word@b/c", "town", "postgresql://a:secret-word@:x/"])
def test_what_is_no_url_of_a_postgresql_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        open_engine(text)

    assert "secret-word" not in str(caught.value)


def test_the_settings_are_printed_without_the_url() -> None:
    text = describe(Settings(database="postgresql://mimamori:secret-word@host/town"))

    assert "# database is set" in text
    assert "secret-word" not in text


def test_moments_come_back_in_utc_whatever_the_server_thinks(connection: Connection) -> None:
    row = {"name": "a", "at": NOW.astimezone(tz=None), "up_since": NOW, "down_since": NOW}
    connection.execute(sa.insert(heartbeat), [row])
    at: datetime = connection.execute(sa.select(heartbeat.c.at)).scalar_one()

    assert (NOW, UTC) == (at, at.tzinfo)


async def test_a_reader_sees_one_state_whatever_is_written_meanwhile(database: Database) -> None:
    def names(connection: Connection) -> list[str]:
        return list(connection.execute(sa.select(heartbeat.c.name)).scalars())

    def reads_twice(connection: Connection) -> list[list[str]]:
        before = names(connection)
        with database.transaction() as other:
            other.execute(sa.insert(heartbeat), [{"name": "a", "at": NOW, "up_since": NOW, "down_since": NOW}])
        return [before, names(connection)]

    assert [[], []] == await database.read(reads_twice)
    assert ["a"] == await database.read(names)


def pid(connection: Connection) -> int:
    number: int = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
    return number


async def test_a_line_that_died_is_made_again_and_nobody_hears_of_it(database: Database) -> None:
    """The server was restarted, or a firewall forgot us."""
    lines = [await database.read(pid), await database.write(pid)]
    other = open_engine(database.engine.url.render_as_string(hide_password=False))
    with other.begin() as connection:
        for line in lines:
            connection.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": line})
    other.dispose()

    assert lines[0] != await database.read(pid)
    assert lines[1] != await database.write(pid)


async def test_a_server_that_is_gone_is_overload_to_whoever_asks(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        database = Database(url)
        database.start()
        await database.write(pid)
    outcomes = await asyncio.gather(database.read(pid), database.write(pid), return_exceptions=True)
    await database.stop()

    assert [Overloaded, Overloaded] == [type(outcome) for outcome in outcomes]
