"""What an older version stored is still true after an upgrade."""

from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import command

from app.accounts.tables import city
from app.db.engine import sqlite_engine
from app.migrations.run import configuration, upgrade


def test_a_moment_that_was_text_is_the_same_moment_as_a_number(tmp_path: Path) -> None:
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
