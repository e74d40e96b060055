"""Addresses, messages to send (the outbox) and every attempt to deliver one.

A process of a version before 0008 puts messages without `channel` and `rank`; whoever claims fills them in.
"""

from typing import Any

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
    # What a service wants besides the value to reach it: of Web Push the public key and the secret of the browser.
    sa.Column("keys", sa.JSON, nullable=True),
    # Whether its owner wants names and places on a screen that everybody sees.
    sa.Column("shows_details", sa.Boolean, nullable=True),
    # When whoever reads there said that it is theirs; only asked of addresses that anybody can type (e-mail).
    moment("confirmed_at", nullable=True),
    # When a message was last said to have been shown there, and since when those that should be were not.
    moment("last_receipt_at", nullable=True),
    moment("unanswered_since", nullable=True),
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
    # The channel of its address and its level as a number, urgent first: what a claim finds it by.
    sa.Column("channel", sa.String(20), nullable=True),
    sa.Column("rank", sa.SmallInteger, nullable=True),
    # Not to be sent before then (quiet hours, throttle). `due_at` could not say so: what was never tried is due at once
    # whatever it says, so that a clock that was ahead holds nothing up.
    moment("not_before", nullable=True),
    # What whoever put it calls it: what became of it is reported under this name; none, and nothing is reported.
    sa.Column("on_behalf", sa.String(40), nullable=True),
    # When the phone said that it showed it, and that somebody opened it.
    moment("delivered_at", nullable=True),
    moment("read_at", nullable=True),
)


def _index(name: str, *columns: "sa.Column[Any]", where: "sa.ColumnElement[bool]") -> None:
    sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)


_pending = message.c.state.in_(["waiting", "sending"])
_index("ix_message_due", message.c.due_at, where=_pending)
# In the order in which a channel takes them: a claim reads as many as it wants, however many there are.
_index(
    "ix_message_queue", message.c.channel, message.c.rank, message.c.created_at, message.c.id,
    where=_pending & message.c.not_before.is_(None),
)  # fmt: skip
_index("ix_message_held", message.c.channel, message.c.not_before, where=_pending & message.c.not_before.is_not(None))
# What an address was sent lately and what waits for it, but for what never waits.
_index("ix_message_lately", message.c.address_id, message.c.ended_at, where=message.c.rank > 0)
_of = message.c.on_behalf.is_not(None)
sa.Index("ix_message_on_behalf", message.c.on_behalf, sqlite_where=_of, postgresql_where=_of)
# What older processes put, until somebody fills in where it belongs.
_index("ix_message_unplaced", message.c.id, where=_pending & message.c.channel.is_(None))
# What was sent and should have been shown by now, by when it was sent.
_index(
    "ix_message_unshown", message.c.rank, message.c.ended_at,
    where=(message.c.state == "sent") & message.c.delivered_at.is_(None) & (message.c.rank < 2)
    & message.c.channel.in_(["fcm", "webpush"]),
)  # fmt: skip

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
    # True until whoever put the message has taken note of it.
    sa.Column("unread", sa.Boolean, nullable=True),
)
_index("ix_delivery_unread", delivery.c.id, where=delivery.c.unread)
