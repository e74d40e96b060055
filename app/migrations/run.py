"""Brings a database to the newest version of the tables.

Alembic is loaded only where there is something to do: a start on an existing database is a tenth sooner without it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from app.config import InvalidSettings
from app.db.locks import impatient, one_at_a_time
from app.migrations.fit import fits

if TYPE_CHECKING:
    from alembic.config import Config

log = structlog.get_logger()

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
    up a system that runs; nothing of it is left then. Tables that are newer than this program stay as they are. Raises
    `OperationalError`, and `NewerTables` for those that do not fit it.
    """
    if _is_done(connection):
        return
    from alembic import command

    one_at_a_time(connection, "migrations")
    config = configuration()
    config.attributes["connection"] = connection
    with impatient(connection):
        command.upgrade(config, "head")


class NewerTables(InvalidSettings):
    """A newer program changed the tables so that this one cannot work on them."""


def _is_done(connection: Connection) -> bool:
    """Whether the tables are those of the newest file of `versions`, whose names begin with their numbers, or newer.
    Raises `NewerTables`.
    """
    if not sa.inspect(connection).has_table("alembic_version"):
        return False
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    newest = max(path.stem.partition("_")[0] for path in (_HERE / "versions").glob("[0-9]*.py"))
    if found is None or found <= newest:
        return bool(found == newest)
    if not fits(connection, newest):
        raise NewerTables(
            f"The tables are of version {found}, which no longer fits this program ({newest}): start the newer program."
        )
    log.warning("tables_are_newer", tables=found, program=newest)
    return True


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
