"""Each channel has a queue of its own; room for what addresses and messages are told of later: keys, receipts, reports

Revision ID: 0008
Revises: 0007
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.db.types import moment

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PENDING = "state IN ('waiting', 'sending')"


def upgrade() -> None:
    # What is in the tables stays as it is: a claim fills in channel and rank, as it does for rows of older processes.
    columns: dict[str, list[sa.Column[Any]]] = {
        "address": [
            sa.Column("keys", sa.JSON, nullable=True),
            sa.Column("shows_details", sa.Boolean, nullable=True),
            moment("confirmed_at", nullable=True),
            moment("last_receipt_at", nullable=True),
            moment("unanswered_since", nullable=True),
        ],
        "message": [
            sa.Column("channel", sa.String(20), nullable=True),
            sa.Column("rank", sa.SmallInteger, nullable=True),
            moment("not_before", nullable=True),
            sa.Column("on_behalf", sa.String(40), nullable=True),
            moment("delivered_at", nullable=True),
            moment("read_at", nullable=True),
        ],
        "delivery": [sa.Column("unread", sa.Boolean, nullable=True)],
    }
    for table, added in columns.items():
        for column in added:
            op.add_column(table, column)
    _index("ix_message_queue", "message", ["channel", "rank", "created_at", "id"], f"{PENDING} AND not_before IS NULL")
    _index("ix_message_held", "message", ["channel", "not_before"], f"{PENDING} AND not_before IS NOT NULL")
    _index("ix_message_unplaced", "message", ["id"], f"{PENDING} AND channel IS NULL")
    _index("ix_delivery_unread", "delivery", ["id"], "unread")


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
