"""Brings a database to the newest version of the tables.

Alembic is loaded only where there is something to do: a start on an existing database is a tenth sooner without it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db.locks import impatient, one_at_a_time

if TYPE_CHECKING:
    from alembic.config import Config

_HERE = Path(__file__).parent


def configuration() -> "Config":
    """Alembic's configuration, without a file: where the versions are is known."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: Connection) -> None:
    """Applies every migration that is missing, in the caller's transaction.

    On PostgreSQL whoever comes second waits, and a change that cannot have its lock at once gives up instead of holding
    up a system that runs; nothing of it is left then. Raises `OperationalError`.
    """
    if _is_newest(connection):
        return
    from alembic import command

    one_at_a_time(connection, "migrations")
    config = configuration()
    config.attributes["connection"] = connection
    with impatient(connection):
        command.upgrade(config, "head")


def _is_newest(connection: Connection) -> bool:
    """Whether the tables are those of the newest file of `versions`, whose names begin with their numbers."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return False
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all()
    return list(found) == [max(path.stem.partition("_")[0] for path in (_HERE / "versions").glob("[0-9]*.py"))]


def versions(connection: Connection) -> tuple[str | None, str | None, bool]:
    """The version of the tables that are there (None: none), the newest that this program knows, and whether it knows
    that of the tables.
    """
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    found = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(configuration())
    known = {one.revision for one in script.walk_revisions()}
    return found, script.get_current_head(), found is None or found in known
