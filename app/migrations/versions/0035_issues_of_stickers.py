"""Applications for stickers and what came of them, changes that were told, and exports of the register

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def _handed_in() -> list["sa.Column[object]"]:
    return [
        sa.Column("handed_in_on", sa.Date, nullable=False),
        sa.Column("applied_by", sa.String(20), nullable=False),
        sa.Column("applicant", sa.String(100), nullable=False),
        sa.Column("consent_by", sa.String(10), nullable=True),
        sa.Column("consent_on", sa.Date, nullable=True),
    ]


def upgrade() -> None:
    op.create_table(
        "sticker_issue",
        key(),
        sa.Column("city_id", sa.Integer, nullable=False),
        key("wearer_id", sa.ForeignKey("wearer.id", name=op.f("fk_sticker_issue_wearer_id_wearer")), nullable=False),
        sa.Column("scheme", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("form", sa.String(60), nullable=False),
        sa.Column("way", sa.String(10), nullable=False),
        *_handed_in(),
        sa.Column("stamped_envelope", sa.Boolean, nullable=False),
        sa.Column("wanted", sa.Integer, nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        key("created_by", nullable=False),
        moment("created_at"),
        moment("tested_at", nullable=True),
        sa.Column("handed_over_on", sa.Date, nullable=True),
        moment("handed_over_at", nullable=True),
        key("handed_over_by", nullable=True),
        sa.Column("untested", sa.String(500), nullable=False),
        moment("withdrawn_at", nullable=True),
        sa.Column("withdrawn_reason", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sticker_issue")),
    )
    op.create_index("ix_sticker_issue_wearer_id", "sticker_issue", ["wearer_id"])
    op.create_index("ix_sticker_issue_city_id_id", "sticker_issue", ["city_id", "id"])
    waits = sa.text("handed_over_on IS NULL AND withdrawn_at IS NULL")
    op.create_index(
        "uq_sticker_issue_open", "sticker_issue", ["wearer_id"], unique=True, sqlite_where=waits,
        postgresql_where=waits,
    )  # fmt: skip
    op.create_table(
        "sticker_notice",
        key(),
        sa.Column("city_id", sa.Integer, nullable=False),
        key("wearer_id", sa.ForeignKey("wearer.id", name=op.f("fk_sticker_notice_wearer_id_wearer")), nullable=False),
        sa.Column("form", sa.String(60), nullable=False),
        *_handed_in(),
        sa.Column("told", sa.String(1000), nullable=False),
        key("created_by", nullable=False),
        moment("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sticker_notice")),
    )
    op.create_index("ix_sticker_notice_wearer_id_id", "sticker_notice", ["wearer_id", "id"])
    op.create_table(
        "sticker_export",
        key(),
        sa.Column("city_id", sa.Integer, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        key("by", nullable=False),
        moment("at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sticker_export")),
    )
    op.create_index("ix_sticker_export_city_id_id", "sticker_export", ["city_id", "id"])
