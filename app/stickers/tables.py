"""Stickers, batches, and the cards of wearers."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment

sticker_batch = sa.Table(
    "sticker_batch",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False),
    sa.Column("layout", sa.String(30), nullable=False),
    sa.Column("material", sa.String(10), nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    key("printed_by", sa.ForeignKey("account.id"), nullable=False),
    moment("printed_at"),
    sa.Index("ix_sticker_batch_city_id_id", "city_id", "id"),
)

sticker = sa.Table(
    "sticker",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    # SHA-256 of the code: who reads the database can open no page.
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("number", sa.String(8), nullable=False),
    key("batch_id", sa.ForeignKey("sticker_batch.id"), nullable=False),
    sa.Column("sheet", sa.Integer, nullable=False),
    sa.Column("material", sa.String(10), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=True),
    key("issue_id", nullable=True),
    sa.Column("stuck_on", sa.String(60), nullable=False),
    moment("issued_at", nullable=True),
    moment("ended_at", nullable=True),
    sa.UniqueConstraint("city_id", "number"),
    sa.Index("ix_sticker_wearer_id", "wearer_id"),
    sa.Index("ix_sticker_batch_id_sheet", "batch_id", "sheet"),
)

# Who made a sticker good, lost or withdrawn, and why. Never changed.
sticker_change = sa.Table(
    "sticker_change",
    metadata,
    key(),
    key("sticker_id", sa.ForeignKey("sticker.id"), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    key("by", nullable=False),
    moment("at"),
    sa.Index("ix_sticker_change_sticker_id_id", "sticker_id", "id"),
)

sticker_card = sa.Table(
    "sticker_card",
    metadata,
    key("wearer_id", sa.ForeignKey("wearer.id"), primary_key=True),
    sa.Column("nickname", sa.String(40), nullable=False),
    sa.Column("helps", sa.String(500), nullable=False),
    sa.Column("illness", sa.String(500), nullable=False),
    sa.Column("shows_illness", sa.Boolean, nullable=False),
    key("contact_id", sa.ForeignKey("contact.id"), nullable=True),
    sa.Column("phone_shown", sa.String(10), nullable=False),
    moment("phone_consent_at", nullable=True),
    key("changed_by", nullable=True),
    moment("changed_at", nullable=True),
)
