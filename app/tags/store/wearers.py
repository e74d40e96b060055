"""Who wears each tag now, for the edge."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.tags.tables import tag_carrier


def wearers_now(connection: Connection) -> dict[UUID, UUID]:
    """The wearer of each tag that is worn."""
    query = sa.select(tag_carrier.c.tag_id, tag_carrier.c.wearer_id).where(tag_carrier.c.until_at.is_(None))
    return {row[0]: row[1] for row in connection.execute(query)}
