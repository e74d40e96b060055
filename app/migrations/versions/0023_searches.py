"""Searches for somebody who is missing, and what was told to them

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search",
        key(),
        sa.Column("city_id", sa.Integer, nullable=False),
        key("wearer_id", sa.ForeignKey("wearer.id", name=op.f("fk_search_wearer_id_wearer")), nullable=False),
        key("alert_id", nullable=True),
        sa.Column("reason", sa.String(500), nullable=False),
        moment("last_at", nullable=True),
        sa.Column("last_lat_deg", sa.Float, nullable=True),
        sa.Column("last_lon_deg", sa.Float, nullable=True),
        sa.Column("last_accuracy_m", sa.Float, nullable=True),
        sa.Column("last_known_by", sa.String(10), nullable=True),
        key("opened_by", sa.ForeignKey("account.id", name=op.f("fk_search_opened_by_account")), nullable=False),
        moment("opened_at"),
        key("closed_by", nullable=True),
        moment("closed_at", nullable=True),
        sa.Column("ended", sa.String(20), nullable=True),
        moment("find_at", nullable=True),
        sa.Column("find_lat_deg", sa.Float, nullable=True),
        sa.Column("find_lon_deg", sa.Float, nullable=True),
        sa.Column("score", sa.Float, nullable=True),
        sa.Column("score_first_rings", sa.Float, nullable=True),
        sa.Column("score_newest_rings", sa.Float, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search")),
    )
    op.create_index("ix_search_wearer_id_opened_at", "search", ["wearer_id", "opened_at"])
    op.create_index("ix_search_opened_at", "search", ["opened_at"])
    is_open = sa.text("closed_at IS NULL")
    op.create_index(
        "uq_search_open", "search", ["wearer_id"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_table(
        "search_fact",
        key(),
        key("search_id", sa.ForeignKey("search.id", name=op.f("fk_search_fact_search_id_search")), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        moment("at"),
        sa.Column("data", sa.JSON, nullable=False),
        key("by", nullable=False),
        moment("received_at"),
        moment("withdrawn_at", nullable=True),
        key("withdrawn_by", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_fact")),
    )
    op.create_index("ix_search_fact_search_id", "search_fact", ["search_id"])
    op.create_index("ix_search_fact_received_at", "search_fact", ["received_at"])
