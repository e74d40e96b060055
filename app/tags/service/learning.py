"""What passages and reports teach of a tag: how often it is heard, and how much is left in its battery."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import versions
from app.tags.passages import gap_s
from app.tags.store.tags import TAG_CARRIERS_VERSION
from app.tags.tables import tag

LEARN_WEIGHT = 0.3
"""How much the newest passage counts against what the ones before it taught."""

GAP_CHANGE_MIN = 0.1
"""A gap that would be hardly another one is not taken over."""

BATTERY_EVERY = timedelta(hours=1)
BATTERY_PCT_STEP = 2.0
"""A tag repeats its battery every few seconds; it is written when it changed, or to show that it is still known."""

_LEARN = (
    sa.update(tag)
    .where(tag.c.id == sa.bindparam("tag"))
    .values(
        learnt_s=(1 - LEARN_WEIGHT) * sa.func.coalesce(tag.c.learnt_s, tag.c.interval_s)
        + LEARN_WEIGHT * sa.bindparam("taught_s")
    )
)


def teach_intervals(connection: Connection, taught: Sequence[tuple[UUID, float]]) -> None:
    """Notes how often tags were heard in passages that ended, seconds. It counts from the next `learn_intervals` on: if
    it did at once, which sightings belong together would depend on the order in which they arrive.
    """
    if taught:
        connection.execute(_LEARN, [{"tag": tag_id, "taught_s": interval_s} for tag_id, interval_s in taught])


def learn_intervals(connection: Connection) -> int:
    """Takes over what was learnt since, where it makes another gap; for how many tags."""
    known = sa.select(tag.c.id, tag.c.interval_s, tag.c.learnt_s).where(tag.c.learnt_s.is_not(None))
    # In SQL only what may matter: gaps below the least one are all alike.
    apart = sa.func.abs(tag.c.learnt_s - tag.c.interval_s) > 1.0
    changed = [
        (row.id, row.learnt_s)
        for row in connection.execute(known.where(apart))
        if abs(gap_s(row.learnt_s) / gap_s(row.interval_s) - 1) >= GAP_CHANGE_MIN
    ]
    for tag_id, interval_s in changed:
        connection.execute(sa.update(tag).where(tag.c.id == tag_id).values(interval_s=interval_s))
    if changed:
        versions.bump(connection, TAG_CARRIERS_VERSION, [tag_id for tag_id, _ in changed])
    return len(changed)


def save_battery(connection: Connection, tag_id: UUID, battery_pct: float, at: datetime) -> bool:
    """Whether the charge of a tag is news; then it is kept. What is older than what is known is none."""
    known = tag.c
    news = sa.or_(
        known.battery_at.is_(None),
        sa.and_(
            known.battery_at < at,
            sa.or_(
                known.battery_at <= at - BATTERY_EVERY, sa.func.abs(known.battery_pct - battery_pct) >= BATTERY_PCT_STEP
            ),
        ),
    )
    statement = sa.update(tag).where(known.id == tag_id, news).values(battery_pct=battery_pct, battery_at=at)
    return bool(connection.execute(statement).rowcount)
