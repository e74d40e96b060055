"""What of alerts may no longer be kept."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.alerts.tables import alert, telling


def forget_before(connection: Connection, before: datetime, rows_max: int) -> None:
    """Deletes who was told earlier, among the `rows_max` oldest tellings, and the places of as many alerts that ended
    earlier. Keys sort by the time they were made, so no others are read; what an alert that still goes on was told then
    is deleted too, else it would hold up all that came after it.
    """
    oldest = sa.select(telling.c.id, telling.c.at).order_by(telling.c.id).limit(rows_max).subquery()
    gone = list(connection.execute(sa.select(oldest.c.id).where(oldest.c.at < before)).scalars())
    if gone:
        connection.execute(sa.delete(telling).where(telling.c.id.in_(gone)))
    placed = (alert.c.lat_deg.is_not(None), alert.c.ended_at.is_not(None), alert.c.ended_at < before)
    keys = list(connection.execute(sa.select(alert.c.id).where(*placed).limit(rows_max)).scalars())
    if keys:
        nowhere = {"lat_deg": None, "lon_deg": None, "accuracy_m": None, "place_at": None}
        connection.execute(sa.update(alert).where(alert.c.id.in_(keys)).values(nowhere))
