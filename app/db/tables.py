"""Tables that belong to the transport of data, not to a room."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment

intent = sa.Table(
    "intent",
    metadata,
    key(),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("unique_key", sa.String(200), nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    moment("due_at"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    moment("done_at", nullable=True),
    sa.Column("error", sa.Text, nullable=True),
    sa.UniqueConstraint("kind", "unique_key"),
)
sa.Index(
    "ix_intent_due",
    intent.c.due_at,
    sqlite_where=intent.c.done_at.is_(None),
    postgresql_where=intent.c.done_at.is_(None),
)

ingest_unit = sa.Table(
    "ingest_unit",
    metadata,
    sa.Column("ingest_id", sa.LargeBinary(16), primary_key=True),
    moment("received_at", index=True),
)

dead_letter = sa.Table(
    "dead_letter",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("device_id", nullable=False),
    sa.Column("format", sa.String(20), nullable=False),
    moment("received_at"),
    sa.Column("unit", sa.LargeBinary, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="1"),
    moment("replayed_at", nullable=True),
)

heartbeat = sa.Table(
    "heartbeat",
    metadata,
    sa.Column("name", sa.String(20), primary_key=True),
    moment("at"),
    moment("up_since"),
    # Since when nothing was heard before `up_since`, because the service itself was down.
    moment("down_since"),
)

# The last number given out, where rows are numbered in the order of their commits.
counter = sa.Table(
    "counter",
    metadata,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
)

# Counts the changes of what is read far more often than it changes, so that a reader can keep it in memory.
version = sa.Table(
    "version",
    metadata,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
)

# Who of many processes does what only one should do at a time (`leases.py`); on PostgreSQL only.
lease = sa.Table(
    "lease",
    metadata,
    sa.Column("name", sa.String(60), primary_key=True),
    key("owner", nullable=True),
    sa.Column("token", sa.BigInteger, nullable=False),
    moment("ends_at"),
    # What was tried one by one after it had failed among others, and how often.
    sa.Column("suspect", sa.BigInteger, nullable=True),
    sa.Column("failures", sa.Integer, nullable=False),
)

# What changed of the register that edges keep in memory, by the part (shard) that it lies in. Written by triggers in
# the transaction of the change, and taken away by who gives that shard its next version; on PostgreSQL only.
registry_change = sa.Table(
    "registry_change",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=True),
    sa.Column("shard", sa.Integer, nullable=False),
)

# The version in which each shard of the register must be where edges read it (`shards.py`).
registry_shard = sa.Table(
    "registry_shard",
    metadata,
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)
