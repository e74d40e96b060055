"""The telephone of a city, which stands on stickers

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("city", sa.Column("phone", sa.String(30), nullable=True))
