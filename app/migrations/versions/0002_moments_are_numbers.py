"""Moments are whole microseconds since 1970 in SQLite, no longer text

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OF_TEXT = "CAST(strftime('%s', {0}) AS INTEGER) * 1000000 + CAST(substr({0}, 21, 6) AS INTEGER)"
"""Exact to the microsecond: `julianday` is not."""


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":  # `timestamptz` stays as it is.
        return
    inspector = sa.inspect(connection)
    for table in inspector.get_table_names():
        for column in inspector.get_columns(table):
            if isinstance(column["type"], sa.DateTime):
                name = f'"{column["name"]}"'
                text = _OF_TEXT.format(name)
                op.execute(f"UPDATE \"{table}\" SET {name} = {text} WHERE typeof({name}) = 'text'")  # noqa: S608
