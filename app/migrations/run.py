"""Brings a database to the newest version of the tables."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from app.db.locks import impatient, one_at_a_time


def configuration() -> Config:
    """Alembic's configuration, without a file: where the versions are is known."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: Connection) -> None:
    """Applies every migration that is missing, in the caller's transaction.

    On PostgreSQL whoever comes second waits, and a change that cannot have its lock at once gives up instead of holding
    up a system that runs; nothing of it is left then. Raises `OperationalError`.
    """
    one_at_a_time(connection, "migrations")
    config = configuration()
    config.attributes["connection"] = connection
    with impatient(connection):
        command.upgrade(config, "head")


def versions(connection: Connection) -> tuple[str | None, str | None, bool]:
    """The version of the tables that are there (None: none), the newest that this program knows, and whether it knows
    that of the tables.
    """
    found = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(configuration())
    known = {one.revision for one in script.walk_revisions()}
    return found, script.get_current_head(), found is None or found in known
