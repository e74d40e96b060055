"""Scans of stickers, those within ten minutes as one

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sticker_scan",
        key(),
        key(
            "sticker_id",
            sa.ForeignKey("sticker.id", name=op.f("fk_sticker_scan_sticker_id_sticker")),
            nullable=False,
        ),
        key("wearer_id", sa.ForeignKey("wearer.id", name=op.f("fk_sticker_scan_wearer_id_wearer")), nullable=False),
        sa.Column("machine", sa.Boolean, nullable=False),
        sa.Column("language", sa.String(5), nullable=False),
        sa.Column("mark", sa.LargeBinary(8), nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        moment("first_at"),
        moment("last_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sticker_scan")),
    )
    op.create_index("ix_sticker_scan_sticker_id_id", "sticker_scan", ["sticker_id", "id"])
    op.create_index("ix_sticker_scan_wearer_id_id", "sticker_scan", ["wearer_id", "id"])
    op.create_index("ix_sticker_scan_last_at", "sticker_scan", ["last_at"])
