"""Households, their members and wearers; contacts, consents, protections, looks."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment

household = sa.Table(
    "household",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False, index=True),
    sa.Column("name", sa.String(100), nullable=False),
    moment("created_at"),
)

household_member = sa.Table(
    "household_member",
    metadata,
    key("household_id", sa.ForeignKey("household.id"), primary_key=True),
    key("account_id", sa.ForeignKey("account.id"), primary_key=True, index=True),
)

wearer = sa.Table(
    "wearer",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False, index=True),
    key("household_id", sa.ForeignKey("household.id"), nullable=False, index=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("born_on", sa.Date, nullable=True),
    sa.Column("note", sa.String(2000), nullable=False, server_default=""),
    moment("created_at"),
    moment("ended_at", nullable=True),
)

contact = sa.Table(
    "contact",
    metadata,
    key(),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False, index=True),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("relation", sa.String(100), nullable=False, server_default=""),
    sa.Column("phone", sa.String(30), nullable=False, server_default=""),
    key("account_id", sa.ForeignKey("account.id"), nullable=True, index=True),
    moment("shares_place_since", nullable=True),
    moment("created_at"),
    moment("ended_at", nullable=True),
)

consent = sa.Table(
    "consent",
    metadata,
    key(),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False, index=True),
    key("account_id", sa.ForeignKey("account.id"), nullable=True, index=True),
    sa.Column("role", sa.String(20), nullable=True),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("given_as", sa.String(10), nullable=False),
    moment("from_at"),
    moment("until_at", nullable=True),
    key("given_by", sa.ForeignKey("account.id"), nullable=False),
    moment("given_at"),
    moment("revoked_at", nullable=True),
    key("revoked_by", sa.ForeignKey("account.id"), nullable=True),
    sa.CheckConstraint("(account_id IS NULL) <> (role IS NULL)", name="one_grantee"),
)

protection = sa.Table(
    "protection",
    metadata,
    key(),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=False, index=True),
    sa.Column("name", sa.String(100), nullable=False),
    key("account_id", sa.ForeignKey("account.id"), nullable=True),
    sa.Column("reason", sa.String(500), nullable=False, server_default=""),
    key("set_by", sa.ForeignKey("account.id"), nullable=False),
    moment("set_at"),
    moment("ended_at", nullable=True),
)

# The window is in the key, so that the second look within ten minutes meets the row of the first.
look = sa.Table(
    "look",
    metadata,
    key("wearer_id", sa.ForeignKey("wearer.id"), primary_key=True),
    sa.Column("window", sa.Integer, primary_key=True, autoincrement=False),
    key("account_id", sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("purpose", sa.String(10), primary_key=True),
    moment("at"),
)
