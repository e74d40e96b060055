"""Passages that go on for long are found by themselves, so that who came hours ago is found without all who walked by

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_passage_long_hour_cell_opened_at",
        "passage",
        ["hour", "cell", "opened_at"],
        sqlite_where=sa.text("last_at - opened_at > 3600000000"),
        postgresql_where=sa.text("last_at - opened_at > interval '1 hour'"),
    )
