"""Where vendors want their feeds posted, and how far they have them

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vendor_hook",
        key(),
        key("account_id", sa.ForeignKey("account.id", name=op.f("fk_vendor_hook_account_id_account")), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("cursor", sa.BigInteger, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False, server_default="0"),
        moment("created_at"),
        moment("next_at"),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        moment("failed_since", nullable=True),
        sa.Column("error", sa.String(200), nullable=True),
        moment("delivered_at", nullable=True),
        moment("tested_at", nullable=True),
        moment("off_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_hook")),
        sa.UniqueConstraint("account_id", name=op.f("uq_vendor_hook_account_id")),
    )
