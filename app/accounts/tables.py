"""Cities, accounts, sign-ins, one's own addresses, and failed sign-ins (for the throttle)."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment

city = sa.Table(
    "city",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("zone", sa.String(40), nullable=False),
    sa.Column("phone", sa.String(30), nullable=True),
    moment("created_at"),
)

account = sa.Table(
    "account",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False, index=True),
    sa.Column("email", sa.String(254), nullable=False, unique=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("language", sa.String(5), nullable=False),
    sa.Column("password_hash", sa.String(200), nullable=False),
    # Of a tag vendor's account: whose tags it may follow.
    sa.Column("vendor", sa.String(100), nullable=True),
    moment("created_at"),
    moment("disabled_at", nullable=True),
)

sign_in = sa.Table(
    "sign_in",
    metadata,
    key(),
    key("account_id", sa.ForeignKey("account.id"), nullable=False, index=True),
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("label", sa.String(100), nullable=False),
    moment("created_at"),
    moment("last_used_at"),
    moment("expires_at"),
    moment("revoked_at", nullable=True),
)

account_address = sa.Table(
    "account_address",
    metadata,
    key("address_id", sa.ForeignKey("address.id"), primary_key=True),
    key("account_id", sa.ForeignKey("account.id"), nullable=False, index=True),
    # Null for an address that no phone of a sign-in registered. When a sign-in is revoked its phone must hear nothing
    # more.
    key("sign_in_id", sa.ForeignKey("sign_in.id"), nullable=True, index=True),
)

sign_in_failure = sa.Table(
    "sign_in_failure",
    metadata,
    key(),
    sa.Column("subject", sa.LargeBinary(32), nullable=False),
    moment("at"),
    sa.Index("ix_sign_in_failure_subject_at", "subject", "at"),
)
