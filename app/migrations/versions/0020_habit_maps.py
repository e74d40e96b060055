"""Where wearers go, learnt from their days

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "habit_map",
        key("wearer_id", sa.ForeignKey("wearer.id", name=op.f("fk_habit_map_wearer_id_wearer")), nullable=False),
        sa.Column("city_id", sa.Integer, nullable=False),
        sa.Column("map", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        moment("learnt_until"),
        moment("due_at"),
        sa.PrimaryKeyConstraint("wearer_id", name=op.f("pk_habit_map")),
    )
    op.create_index(op.f("ix_habit_map_due_at"), "habit_map", ["due_at"])
