"""Addresses, messages to send (the outbox) and every attempt to deliver one."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment

address = sa.Table(
    "address",
    metadata,
    key(),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("value", sa.String(4096), nullable=False),
    sa.Column("language", sa.String(5), nullable=False),
    moment("created_at"),
    moment("last_seen_at"),
    moment("dead_since", nullable=True),
    sa.Column("dead_reason", sa.String(200), nullable=True),
    sa.UniqueConstraint("channel", "value"),
)

message = sa.Table(
    "message",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("address_id", sa.ForeignKey("address.id"), nullable=False),
    sa.Column("unique_key", sa.String(200), nullable=False, unique=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("level", sa.String(10), nullable=False),
    sa.Column("about", sa.String(80), nullable=False, index=True),
    sa.Column("params", sa.JSON, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    moment("created_at"),
    moment("due_at"),
    moment("expires_at"),
    moment("claimed_until", nullable=True),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    moment("ended_at", nullable=True),
    sa.Column("error", sa.String(200), nullable=True),
)
_pending = message.c.state.in_(["waiting", "sending"])
sa.Index("ix_message_due", message.c.due_at, sqlite_where=_pending, postgresql_where=_pending)

delivery = sa.Table(
    "delivery",
    metadata,
    key(),
    key("message_id", sa.ForeignKey("message.id"), nullable=False, index=True),
    sa.Column("attempt", sa.Integer, nullable=False),
    moment("at"),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("provider_id", sa.String(200), nullable=True),
    sa.Column("error", sa.String(200), nullable=True),
)
