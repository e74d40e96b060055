"""On which days somebody strayed, as those who answer alerts saw it."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.alerts.model import AlertState
from app.alerts.tables import alert
from app.kit.ids import WearerId
from app.watch.model import AlertKind
from app.watch.tables import allowance


def strayed(
    connection: Connection, wearer_ids: Collection[WearerId], since: datetime
) -> dict[WearerId, list[datetime]]:
    """When each of these wearers strayed since then: an alert about movement that somebody took, and nobody called off
    or said to be fine.
    """
    said = sa.exists().where(allowance.c.alert_id == alert.c.id, allowance.c.ended_at.is_(None))
    query = sa.select(alert.c.wearer_id, alert.c.happened_at).where(
        alert.c.wearer_id.in_(list(wearer_ids)),
        alert.c.opened_at >= since,
        alert.c.kind == AlertKind.MOVEMENT.value,
        alert.c.acknowledged_at.is_not(None),
        alert.c.state != AlertState.CANCELLED.value,
        ~said,
    )
    found: dict[WearerId, list[datetime]] = {}
    for row in connection.execute(query):
        found.setdefault(WearerId(row.wearer_id), []).append(row.happened_at)
    return found
