"""What families said is fine

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "allowance",
        key(),
        key("wearer_id", sa.ForeignKey("wearer.id", name=op.f("fk_allowance_wearer_id_wearer")), nullable=False),
        key("alert_id", nullable=False),
        sa.Column("scope", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("lat_deg", sa.Float, nullable=True),
        sa.Column("lon_deg", sa.Float, nullable=True),
        sa.Column("radius_m", sa.Float, nullable=True),
        sa.Column("from_min", sa.SmallInteger, nullable=True),
        sa.Column("until_min", sa.SmallInteger, nullable=True),
        key("said_by", sa.ForeignKey("account.id", name=op.f("fk_allowance_said_by_account")), nullable=False),
        moment("said_at"),
        moment("until_at", nullable=True),
        moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allowance")),
    )
    op.create_index(op.f("ix_allowance_wearer_id"), "allowance", ["wearer_id"])
    op.create_index(op.f("ix_allowance_alert_id"), "allowance", ["alert_id"])
    op.create_index(op.f("ix_allowance_until_at"), "allowance", ["until_at"])
