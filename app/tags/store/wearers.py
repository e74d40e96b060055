"""Who wears each tag now, for the edge."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import shards
from app.tags.tables import tag, tag_carrier


def wearers_now(connection: Connection, in_shards: Collection[int]) -> dict[UUID, UUID]:
    """The wearer of each tag of some shards that is worn."""
    query = sa.select(tag_carrier.c.tag_id, tag_carrier.c.wearer_id).join(tag, tag.c.id == tag_carrier.c.tag_id)
    query = query.where(tag_carrier.c.until_at.is_(None), tag.c.ended_at.is_(None))
    return {row[0]: row[1] for row in connection.execute(shards.only(query, tag.c.id, in_shards))}
