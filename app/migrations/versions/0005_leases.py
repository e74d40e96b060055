"""Who of many workers works on what

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

import app.db.types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("owner", app.db.types.Key(length=16), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("suspect", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
