"""The registers of SOS networks

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "network_entry",
        key(),
        sa.Column("city_id", sa.Integer, nullable=False),
        key("wearer_id", sa.ForeignKey("wearer.id", name=op.f("fk_network_entry_wearer_id_wearer")), nullable=False),
        sa.Column("network", sa.String(60), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("entered_on", sa.Date, nullable=False),
        sa.Column("applied_by", sa.String(20), nullable=False),
        sa.Column("applicant", sa.String(100), nullable=False),
        sa.Column("consent_by", sa.String(10), nullable=True),
        sa.Column("consent_on", sa.Date, nullable=True),
        sa.Column("police_since", sa.Date, nullable=True),
        sa.Column("features", sa.String(2000), nullable=False),
        sa.Column("left_on", sa.Date, nullable=True),
        key("created_by", nullable=False),
        moment("created_at"),
        moment("withdrawn_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_entry")),
    )
    op.create_index("ix_network_entry_city_id_id", "network_entry", ["city_id", "id"])
    op.create_index("ix_network_entry_wearer_id", "network_entry", ["wearer_id"])
    running = sa.text("left_on IS NULL AND withdrawn_at IS NULL")
    op.create_index(
        "uq_network_entry_running", "network_entry", ["wearer_id", "network"], unique=True, sqlite_where=running,
        postgresql_where=running,
    )  # fmt: skip
    meant = sa.text("withdrawn_at IS NULL")
    op.create_index(
        "uq_network_entry_number", "network_entry", ["city_id", "network", "number"], unique=True, sqlite_where=meant,
        postgresql_where=meant,
    )  # fmt: skip
    op.create_table(
        "network_change",
        key(),
        key(
            "entry_id",
            sa.ForeignKey("network_entry.id", name=op.f("fk_network_change_entry_id_network_entry")),
            nullable=False,
        ),
        sa.Column("before", sa.JSON, nullable=False),
        sa.Column("after", sa.JSON, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        key("by", nullable=False),
        moment("at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_change")),
    )
    op.create_index("ix_network_change_entry_id_id", "network_change", ["entry_id", "id"])
