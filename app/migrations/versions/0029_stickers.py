"""Stickers, the batches that they were printed in, and what a family shows to whoever finds her

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sticker_batch",
        key(),
        sa.Column(
            "city_id", sa.Integer, sa.ForeignKey("city.id", name=op.f("fk_sticker_batch_city_id_city")), nullable=False
        ),
        sa.Column("layout", sa.String(30), nullable=False),
        sa.Column("material", sa.String(10), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        key(
            "printed_by", sa.ForeignKey("account.id", name=op.f("fk_sticker_batch_printed_by_account")), nullable=False
        ),
        moment("printed_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sticker_batch")),
    )
    op.create_index("ix_sticker_batch_city_id_id", "sticker_batch", ["city_id", "id"])
    _sticker()
    op.create_table(
        "sticker_change",
        key(),
        key(
            "sticker_id",
            sa.ForeignKey("sticker.id", name=op.f("fk_sticker_change_sticker_id_sticker")),
            nullable=False,
        ),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        key("by", nullable=False),
        moment("at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sticker_change")),
    )
    op.create_index("ix_sticker_change_sticker_id_id", "sticker_change", ["sticker_id", "id"])
    op.create_table(
        "sticker_card",
        key("wearer_id", sa.ForeignKey("wearer.id", name=op.f("fk_sticker_card_wearer_id_wearer"))),
        sa.Column("nickname", sa.String(40), nullable=False),
        sa.Column("helps", sa.String(500), nullable=False),
        sa.Column("illness", sa.String(500), nullable=False),
        sa.Column("shows_illness", sa.Boolean, nullable=False),
        key("contact_id", sa.ForeignKey("contact.id", name=op.f("fk_sticker_card_contact_id_contact")), nullable=True),
        sa.Column("phone_shown", sa.String(10), nullable=False),
        moment("phone_consent_at", nullable=True),
        key("changed_by", nullable=True),
        moment("changed_at", nullable=True),
        sa.PrimaryKeyConstraint("wearer_id", name=op.f("pk_sticker_card")),
    )


def _sticker() -> None:
    op.create_table(
        "sticker",
        key(),
        sa.Column("city_id", sa.Integer, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("number", sa.String(8), nullable=False),
        key(
            "batch_id",
            sa.ForeignKey("sticker_batch.id", name=op.f("fk_sticker_batch_id_sticker_batch")),
            nullable=False,
        ),
        sa.Column("sheet", sa.Integer, nullable=False),
        sa.Column("material", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        key("wearer_id", sa.ForeignKey("wearer.id", name=op.f("fk_sticker_wearer_id_wearer")), nullable=True),
        key("issue_id", nullable=True),
        sa.Column("stuck_on", sa.String(60), nullable=False),
        moment("issued_at", nullable=True),
        moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sticker")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sticker_token_hash")),
        sa.UniqueConstraint("city_id", "number", name=op.f("uq_sticker_city_id_number")),
    )
    op.create_index("ix_sticker_wearer_id", "sticker", ["wearer_id"])
    op.create_index("ix_sticker_batch_id_sheet", "sticker", ["batch_id", "sheet"])
