"""The Wi-Fi that is heard in a geofence

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("geofence", sa.Column("access_points", sa.JSON, nullable=True))
