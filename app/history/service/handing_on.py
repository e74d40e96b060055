"""A tag was handed on some time before anybody said so: what was heard of it since is of whoever wore it then."""

from datetime import datetime

from sqlalchemy.engine import Connection

from app.db.session import hint
from app.history.store import passages as store
from app.kit.ids import TagId
from app.tags import service as tags


def attribute_passages(connection: Connection, tag_id: TagId, from_at: datetime) -> None:
    """Gives the passages of a tag that began at `from_at` or later to whoever wore it then, as it is known now.

    Who is told so late that she wore it must have her own passages, and nobody else may keep them. A passage that was
    going on at a hand-over stays with whom it began. Nobody is told anything again: what was told was heard of the tag.
    """
    tags.queue_up(connection, [tag_id])
    worn = tags.worn(connection, [tag_id]).get(tag_id)
    if worn is None:
        return
    concerned = set()
    for carrier in worn.carriers:
        until_at = carrier.until_at
        if until_at is None or until_at > from_at:
            start = max(from_at, carrier.from_at)
            before = store.attribute(connection, worn.city_id, tag_id, (start, until_at), carrier.wearer_id)
            concerned |= {*before, carrier.wearer_id} if before else set()
    for wearer_id in concerned - {None}:
        hint(connection, "place", str(wearer_id))
