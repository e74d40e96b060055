"""Places where people say that somebody was

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "told_place",
        key("source_id"),
        moment("at"),
        sa.Column("city_id", sa.Integer, nullable=False),
        key("wearer_id", nullable=False),
        moment("received_at"),
        sa.Column("lat_deg", sa.Float, nullable=False),
        sa.Column("lon_deg", sa.Float, nullable=False),
        sa.Column("accuracy_m", sa.Float, nullable=True),
        sa.Column("known_by", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "at", name=op.f("pk_told_place")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_told_place_at", "told_place", ["at"])
    op.create_index("ix_told_place_wearer_id_at", "told_place", ["wearer_id", "at"])
