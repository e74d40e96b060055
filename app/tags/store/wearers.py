"""Whom each tag concerns now, for the edge."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import shards
from app.households.tables import contact
from app.tags.tables import tag, tag_carrier, tag_loan


def wearers_now(connection: Connection, in_shards: Collection[int]) -> dict[UUID, UUID]:
    """The wearer of each tag of some shards that is worn; of one that a contact carries, whose contact it is: what is
    heard of both goes the same way, so that it is known who was with her when her own tag is judged.
    """
    worn = sa.select(tag_carrier.c.tag_id, tag_carrier.c.wearer_id).join(tag, tag.c.id == tag_carrier.c.tag_id)
    worn = worn.where(tag_carrier.c.until_at.is_(None), tag.c.ended_at.is_(None))
    lent = sa.select(tag_loan.c.tag_id, contact.c.wearer_id).join(tag, tag.c.id == tag_loan.c.tag_id)
    lent = lent.join(contact, contact.c.id == tag_loan.c.contact_id)
    lent = lent.where(tag_loan.c.until_at.is_(None), tag.c.ended_at.is_(None))
    return {
        row[0]: row[1] for query in (lent, worn) for row in connection.execute(shards.only(query, tag.c.id, in_shards))
    }
