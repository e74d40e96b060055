"""The Wi-Fi that is heard in a geofence

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("geofence", sa.Column("access_points", sa.JSON, nullable=True))
