"""Migrations take nothing away that the version before uses: its processes go on while the tables change under them, and
may start again on tables that are newer than they are.
"""

from collections.abc import Iterator, Mapping, Sequence

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from app.db.engine import open_engine
from app.migrations.fit import fits, needs_program
from app.migrations.run import NewerTables, configuration, upgrade
from tests.contract.upgrade.tables import losses, tables
from tests.postgres import PostgresServer

TAKEN_AWAY: Mapping[str, Sequence[str]] = {}
"""By migration: what it takes away, which the version before its own no longer used. It calls `needs_program`."""

REVISIONS = [one.revision for one in reversed(list(ScriptDirectory.from_config(configuration()).walk_revisions()))]


@pytest.fixture
def bare(postgres: PostgresServer) -> Iterator[Connection]:
    """A transaction on a database of PostgreSQL without any table."""
    with postgres.database("template0") as url:
        engine = open_engine(url)
        with engine.begin() as connection:
            yield connection
        engine.dispose()


def oldest(connection: Connection) -> str:
    """The oldest program that may work on the tables."""
    return next(one for one in REVISIONS if fits(connection, one))


@pytest.mark.postgresql
def test_each_migration_leaves_the_version_before_what_it_uses(dialect: str, bare: Connection) -> None:
    steps = configuration()
    steps.attributes["connection"] = bare
    command.upgrade(steps, REVISIONS[0])
    for revision in REVISIONS[1:]:
        before, needed = tables(bare), oldest(bare)
        command.upgrade(steps, revision)

        assert (revision, losses(before, tables(bare))) == (revision, list(TAKEN_AWAY.get(revision, ())))
        assert (oldest(bare) > needed) == (revision in TAKEN_AWAY), f"{revision}: needs_program"


CHANGES = {
    "ALTER TABLE wearer DROP COLUMN name": ["wearer.name is gone"],
    "ALTER TABLE wearer RENAME COLUMN name TO called": ["wearer.called must be given", "wearer.name is gone"],
    "ALTER TABLE lease RENAME TO held": ["lease is gone"],
    "ALTER TABLE lease ALTER COLUMN failures TYPE bigint": ["lease.failures is bigint, was integer"],
    "ALTER TABLE lease ADD COLUMN more integer NOT NULL": ["lease.more must be given"],
    "ALTER TABLE lease ALTER COLUMN owner SET NOT NULL": ["lease.owner must be given"],
    "ALTER TABLE lease DROP CONSTRAINT pk_lease": ["lease is no longer unique by btree (name)"],
    "CREATE UNIQUE INDEX u ON lease (owner)": ["lease must be unique by btree (owner)"],
    "ALTER TABLE lease ADD CHECK (token > 0)": ["lease must fulfil CHECK ((token > 0))"],
    "ALTER TABLE lease ADD FOREIGN KEY (owner) REFERENCES wearer (id)": [
        "lease must fulfil FOREIGN KEY (owner) REFERENCES wearer(id)"
    ],
    "ALTER TABLE lease ADD COLUMN more integer": [],
    "ALTER TABLE lease ADD COLUMN more integer NOT NULL DEFAULT 0": [],
    "CREATE TABLE more (id integer PRIMARY KEY)": [],
    "CREATE INDEX i ON lease (owner)": [],
}


@pytest.mark.postgresql
@pytest.mark.parametrize("change", CHANGES)
def test_what_a_change_takes_away_is_seen(dialect: str, connection: Connection, change: str) -> None:
    before = tables(connection)
    connection.exec_driver_sql(change)

    assert CHANGES[change] == losses(before, tables(connection))


def test_an_older_program_starts_again_on_newer_tables_that_fit_it(connection: Connection) -> None:
    connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    upgrade(connection)
    needs_program(connection, REVISIONS[-1])
    upgrade(connection)

    assert "9999" == connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one()


def test_an_older_program_does_not_start_on_tables_that_no_longer_fit_it(connection: Connection) -> None:
    connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    needs_program(connection, "9998")

    with pytest.raises(NewerTables, match=f"version 9999, which no longer fits this program .{REVISIONS[-1]}.: start"):
        upgrade(connection)
