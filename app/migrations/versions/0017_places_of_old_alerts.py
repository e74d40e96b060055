"""Alerts that are over and still hold a place, which is forgotten with all other places

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    placed = sa.text("lat_deg IS NOT NULL AND ended_at IS NOT NULL")
    op.create_index("ix_alert_placed", "alert", ["ended_at"], sqlite_where=placed, postgresql_where=placed)
