"""Messages of which no phone has said that it showed them

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    unshown = sa.text("state = 'sent' AND delivered_at IS NULL AND rank < 2 AND channel IN ('fcm', 'webpush')")
    columns = ["rank", "ended_at"]
    op.create_index("ix_message_unshown", "message", columns, sqlite_where=unshown, postgresql_where=unshown)
