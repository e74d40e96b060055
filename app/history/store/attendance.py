"""Who was at a detector at any moment of a time, whether she came in it or had been there before."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.history.model import Passage
from app.history.tables import open_passage, passage
from app.kit.ids import WearerId

LONGEST = timedelta(days=7)
"""A passage that ended and had begun longer than this before the time is not found: each day more is read for nothing.
Whoever is ill stays at home for days, and one who went out at last was there. Open ones are found however old."""

_FIELDS = Passage.__struct_fields__


def passages_at(
    connection: Connection,
    wearer_ids: Collection[UUID],
    detector_ids: Collection[UUID],
    from_at: datetime,
    until_at: datetime,
) -> dict[WearerId, list[Passage]]:
    """The passages of these wearers at these detectors that touch the time, both ends included, open ones too. Those
    that are doubtful are no proof that somebody was there, and are left out.
    """
    found: dict[WearerId, list[Passage]] = {}
    for table in (open_passage, passage):
        whose = table.c.wearer_id.in_(list(wearer_ids)) & table.c.detector_id.in_(list(detector_ids))
        touched = (table.c.opened_at <= until_at) & (table.c.last_at >= from_at) & ~table.c.doubtful
        if table is passage:
            touched &= table.c.opened_at >= from_at - LONGEST
        for row in connection.execute(sa.select(*(table.c[name] for name in _FIELDS)).where(whose, touched)):
            one = Passage(**dict(zip(_FIELDS, row, strict=True)))
            if one.wearer_id is not None:
                found.setdefault(one.wearer_id, []).append(one)
    return found
