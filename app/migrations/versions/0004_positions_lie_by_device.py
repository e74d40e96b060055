"""Positions have no index by wearer any more: they are found by the devices that she carried

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_position_wearer_id_fix_at", table_name="position")
