"""Where vendors want their feeds, and how far they have them."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment

vendor_hook = sa.Table(
    "vendor_hook",
    metadata,
    key(),
    key("account_id", sa.ForeignKey("account.id"), nullable=False, unique=True),
    sa.Column("url", sa.String(2000), nullable=False),
    sa.Column("cursor", sa.BigInteger, nullable=False),
    # Whoever posts takes a turn, and writes down what became of it only in that turn.
    sa.Column("turn", sa.Integer, nullable=False, server_default="0"),
    moment("created_at"),
    moment("next_at"),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    moment("failed_since", nullable=True),
    sa.Column("error", sa.String(200), nullable=True),
    moment("delivered_at", nullable=True),
    moment("tested_at", nullable=True),
    moment("off_at", nullable=True),
)
