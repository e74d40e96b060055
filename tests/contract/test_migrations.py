"""The migrations add up to the tables that the rooms declare, and what an older version stored is still true after an
upgrade.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from app.accounts.tables import city
from app.db.engine import open_engine, sqlite_engine
from app.migrations.run import configuration, upgrade
from app.migrations.schema import metadata
from tests.postgres import PostgresServer


def is_declared(connection: Connection, name: str | None, kind: str) -> bool:
    """Whether a table or an index is one of its own, and not a month's of another one."""
    if connection.dialect.name == "sqlite" or kind != "table":
        return True
    query = sa.text("SELECT relispartition FROM pg_class WHERE oid = to_regclass(:name)")
    return not connection.execute(query, {"name": name}).scalar_one()


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_the_migrations_add_up_to_the_tables(connection: Connection) -> None:
    options = {
        "compare_type": connection.dialect.name != "sqlite",  # SQLite does not tell what a column was declared as.
        "include_object": lambda _object, name, kind, _reflected, _to: is_declared(connection, name, kind),
    }
    context = MigrationContext.configure(connection, opts=options)

    assert [] == compare_metadata(context, metadata)


@pytest.mark.sqlite
def test_a_moment_that_was_text_is_the_same_moment_as_a_number(dialect: str, tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path)
    with engine.begin() as connection:
        first = configuration()
        first.attributes["connection"] = connection
        command.upgrade(first, "0001")
        connection.execute(
            sa.text("INSERT INTO city VALUES (282103, '加古川市', 'Asia/Tokyo', '2026-03-31 23:59:59.000007')")
        )

        upgrade(connection)

        found = connection.execute(sa.select(city.c.created_at)).scalar_one()
        kind = connection.execute(sa.text("SELECT typeof(created_at) FROM city")).scalar_one()
    engine.dispose()
    assert (datetime(2026, 3, 31, 23, 59, 59, 7, tzinfo=UTC), "integer") == (found, kind)


@pytest.fixture
def bare(postgres: PostgresServer) -> Iterator[str]:
    """A database of PostgreSQL without any table."""
    with postgres.database("template0") as url:
        yield url


@pytest.mark.postgresql
def test_a_change_of_the_tables_does_not_wait_long_for_those_who_use_them(
    dialect: str, bare: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for the lock of a table holds up everybody who comes after."""
    monkeypatch.setattr("app.db.locks.PATIENCE_S", 0.1)
    engine = open_engine(bare)
    with engine.begin() as connection:
        first = configuration()
        first.attributes["connection"] = connection
        command.upgrade(first, "0003")
    with engine.begin() as reader, engine.connect() as other:
        reader.exec_driver_sql("SELECT * FROM position").all()
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            upgrade(other)
    with engine.begin() as connection:
        upgrade(connection)
        waits: Any = connection.exec_driver_sql("SHOW lock_timeout").scalar_one()
    engine.dispose()

    assert waits == "0"


@pytest.mark.postgresql
def test_history_lies_in_months(dialect: str, bare: str) -> None:
    engine = open_engine(bare)
    with engine.begin() as connection:
        upgrade(connection)
        query = "SELECT relname, pg_get_partkeydef(partrelid) FROM pg_partitioned_table JOIN pg_class c ON c.oid = partrelid ORDER BY 1"
        found = [tuple(row) for row in connection.exec_driver_sql(query)]
    engine.dispose()

    assert [("passage", "RANGE (opened_at)"), ("position", "RANGE (fix_at)")] == found


def test_the_newest_version_is_the_one_with_the_greatest_number() -> None:
    """`upgrade` looks at the names of the files to see whether there is anything to do."""
    newest = ScriptDirectory.from_config(configuration()).get_current_head()
    names = [
        path.stem.partition("_")[0]
        for path in (Path(__file__).parents[2] / "app/migrations/versions").glob("[0-9]*.py")
    ]

    assert newest == max(names)
