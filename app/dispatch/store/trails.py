"""Where units went while they were out for an incident."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.dispatch.tables import unit_task, unit_trail
from app.dispatch.units import UnitPlace
from app.kit.ids import AccountId, IncidentId

POINTS_MAX = 5_000


def between(
    connection: Connection, incident_id: IncidentId, from_at: datetime, until_at: datetime
) -> list[tuple[AccountId, UnitPlace]]:
    """Where whose phone was from one moment up to another, by when it came here, so that none is taken twice or left
    out; in order of the phones' time.
    """
    query = (
        sa.select(unit_trail)
        .join(unit_task, unit_task.c.id == unit_trail.c.task_id)
        .where(unit_task.c.incident_id == incident_id)
        .where(unit_trail.c.received_at >= from_at, unit_trail.c.received_at < until_at)
        .order_by(unit_trail.c.at)
        .limit(POINTS_MAX)
    )
    return [
        (
            AccountId(row.account_id),
            UnitPlace(
                at=row.at, received_at=row.received_at, lat_deg=row.lat_deg, lon_deg=row.lon_deg,
                accuracy_m=row.accuracy_m,
            ),
        )
        for row in connection.execute(query)
    ]  # fmt: skip
