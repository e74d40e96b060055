"""Which phones do not answer: they should have said that they showed a message, and did not."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.push.model import Level, MessageState
from app.push.outbox.rows import RANK
from app.push.reach import ANSWERS_WITHIN, RECEIPTED
from app.push.tables import address, message

LOOKED_AT_FOR = timedelta(minutes=10)
"""A message is looked at for so long after it should have been shown, so that turns may be missed, and no longer."""
JUDGED_MAX = 1000
"""Phones that one turn judges; the others come the next time."""


def judge_receipts(connection: Connection, up_since: datetime | None, now: datetime) -> int:
    """Notes since when phones do not answer; how many more those are.

    A phone that never gave a receipt has an app that is too old for it, and is not judged; nor is one by what was sent
    before we were away ourselves, and could hear no receipt. Any receipt ends it (`receive`).
    """
    found = 0
    for level, within in ANSWERS_WITHIN.items():
        until = now - within
        since = until - LOOKED_AT_FOR if up_since is None else max(until - LOOKED_AT_FOR, up_since)
        found += _judge(connection, level, since, until)
    return found


def _judge(connection: Connection, level: Level, since: datetime, until: datetime) -> int:
    """By messages of one level that were sent between."""
    query = (
        sa.select(message.c.address_id, sa.func.min(message.c.ended_at).label("sent_at"))
        .join(address, address.c.id == message.c.address_id)
        .where(*_unshown(level), message.c.ended_at > since, message.c.ended_at <= until)
        .where(address.c.unanswered_since.is_(None), address.c.dead_since.is_(None))
        .where(address.c.last_receipt_at < message.c.ended_at)
        .group_by(message.c.address_id)
        .limit(JUDGED_MAX)
    )
    rows = [{"of": row.address_id, "sent_at": row.sent_at} for row in connection.execute(query)]
    if not rows:
        return 0
    sent_at = sa.bindparam("sent_at", type_=address.c.unanswered_since.type)
    changed = sa.update(address).where(address.c.id == sa.bindparam("of"), address.c.unanswered_since.is_(None))
    rows.sort(key=lambda row: row["of"])  # Two processes that judge at once wait for each other in one order.
    # It may have answered while we looked.
    connection.execute(changed.where(address.c.last_receipt_at < sent_at).values(unanswered_since=sent_at), rows)
    return len(rows)


def _unshown(level: Level) -> list[sa.ColumnElement[bool]]:
    """What the partial index holds, spelled out in the SQL: a planner sees that only if it is no parameter."""
    channels = sorted(channel.value for channel in RECEIPTED)
    return [
        message.c.state == sa.literal(MessageState.SENT.value, literal_execute=True),
        message.c.delivered_at.is_(None),
        message.c.channel.in_(sa.bindparam("channels", channels, expanding=True, literal_execute=True)),
        message.c.rank < sa.literal(RANK[Level.NEWS.value], literal_execute=True),
        message.c.rank == RANK[level.value],
    ]
