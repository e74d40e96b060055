"""When leaving and arriving are told of a geofence

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("geofence", sa.Column("schedule", sa.JSON, nullable=True))
