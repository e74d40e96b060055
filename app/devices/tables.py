"""Devices, who carries them, their health, commands, and the version of the edge's registry."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment, shard_index

device = sa.Table(
    "device",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False, index=True),
    sa.Column("format", sa.String(20), nullable=False),
    sa.Column("external_id", sa.String(100), nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("forwarder", sa.Boolean, nullable=False),
    sa.Column("key_hash", sa.LargeBinary(32), nullable=True, unique=True),
    sa.Column("key_required", sa.Boolean, nullable=False),
    sa.Column("interval_s", sa.Integer, nullable=False),
    moment("created_at"),
    moment("ended_at", nullable=True),
)
_alive = device.c.ended_at.is_(None)
sa.Index(
    "uq_device_alive", device.c.format, device.c.external_id, unique=True, sqlite_where=_alive, postgresql_where=_alive
)

shard_index("device", device.c.id, _alive)

device_carrier = sa.Table(
    "device_carrier",
    metadata,
    key("device_id", sa.ForeignKey("device.id"), primary_key=True),
    moment("from_at", primary_key=True),
    moment("until_at", nullable=True),
    key("wearer_id", sa.ForeignKey("wearer.id"), nullable=True, index=True),
    key("contact_id", sa.ForeignKey("contact.id"), nullable=True, index=True),
    sa.CheckConstraint("(wearer_id IS NULL) <> (contact_id IS NULL)", name="one_carrier"),
)

# Each value with the moment it was said: a late report wins over what is older and loses to what is newer, one by one.
device_health = sa.Table(
    "device_health",
    metadata,
    key("device_id", sa.ForeignKey("device.id"), primary_key=True),
    moment("heard_at"),
    sa.Column("battery_pct", sa.Float, nullable=True),
    moment("battery_pct_at", nullable=True),
    sa.Column("charging", sa.Boolean, nullable=True),
    moment("charging_at", nullable=True),
    sa.Column("signal_pct", sa.Float, nullable=True),
    moment("signal_pct_at", nullable=True),
    sa.Column("steps", sa.Integer, nullable=True),
    moment("steps_at", nullable=True),
    sa.Column("wearing", sa.Boolean, nullable=True),
    moment("wearing_at", nullable=True),
    sa.Column("firmware", sa.String(100), nullable=True),
    moment("firmware_at", nullable=True),
)

command = sa.Table(
    "command",
    metadata,
    key(),
    key("device_id", sa.ForeignKey("device.id"), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("interval_s", sa.Integer, nullable=True),
    sa.Column("state", sa.String(10), nullable=False),
    moment("due_at"),
    moment("expires_at"),
    key("created_by", sa.ForeignKey("account.id"), nullable=True),
    moment("created_at"),
    moment("sent_at", nullable=True),
    moment("answered_at", nullable=True),
    sa.Column("result", sa.String(200), nullable=True),
    sa.Index("ix_command_device_id_state", "device_id", "state"),
)
_open = command.c.state.in_(["queued", "sent"])
sa.Index("ix_command_due", command.c.due_at, sqlite_where=_open, postgresql_where=_open)

registry = sa.Table(
    "registry",
    metadata,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
)
