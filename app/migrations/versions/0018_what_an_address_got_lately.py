"""What an address was sent lately and what waits for it

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    paced = sa.text("rank > 0")
    columns = ["address_id", "ended_at"]
    op.create_index("ix_message_lately", "message", columns, sqlite_where=paced, postgresql_where=paced)
