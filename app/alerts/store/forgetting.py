"""What of alerts may no longer be kept."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.alerts.tables import alert, alert_ack, alert_going, telling


def forget_before(connection: Connection, before: datetime, rows_max: int) -> None:
    """Deletes who was told, took an alert or went there earlier, among the `rows_max` oldest rows of each, and the
    places of as many alerts that ended earlier. Keys sort by the time they were made, so no others are read; what an
    alert that still goes on was told then is deleted too, else it would hold up all that came after it.
    """
    for table in (telling, alert_ack, alert_going):
        keys = list(table.primary_key)
        oldest = sa.select(*keys, table.c.at).order_by(*keys).limit(rows_max).subquery()
        gone = connection.execute(sa.select(*(oldest.c[key.name] for key in keys)).where(oldest.c.at < before)).all()
        if gone:
            connection.execute(sa.delete(table).where(sa.tuple_(*keys).in_(map(tuple, gone))))
    placed = (alert.c.lat_deg.is_not(None), alert.c.ended_at.is_not(None), alert.c.ended_at < before)
    ended = list(connection.execute(sa.select(alert.c.id).where(*placed).limit(rows_max)).scalars())
    if ended:
        nowhere = {"lat_deg": None, "lon_deg": None, "accuracy_m": None, "place_at": None}
        connection.execute(sa.update(alert).where(alert.c.id.in_(ended)).values(nowhere))
