"""What a turn-out does to the alert that it began with: its history says that a guard goes, and it is over when she was
handed over. The caller has queued up by wearer.
"""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.engine import Connection

from app.alerts.model import AlertAction, What
from app.alerts.service import telling
from app.alerts.store import alerts as store
from app.alerts.transitions import GOING_ON, after
from app.db.session import hint
from app.kit.ids import AlertId, WearerId


def note(connection: Connection, alert_id: AlertId, incident_id: UUID, now: datetime) -> None:
    """Notes in the history of an alert that a guard goes."""
    store.add_history(connection, alert_id, What.DISPATCHED, now, detail={"dispatch": str(incident_id)})


def over(connection: Connection, wearer_id: WearerId, alert_id: AlertId, incident_id: UUID, now: datetime) -> None:
    """Resolves an alert that goes on still: she was handed over. Who was told of it hears that from the turn-out."""
    for alert in store.going_on_of(connection, wearer_id):
        if alert.id != alert_id or alert.state not in GOING_ON:
            continue
        ended = msgspec.structs.replace(
            alert, state=after(alert.state, AlertAction.RESOLVE), ended_at=now, changed_at=now
        )
        if store.move(connection, ended, alert.state):
            store.add_history(connection, alert.id, What.RESOLVED, now, detail={"dispatch": str(incident_id)})
        telling.forget(connection, alert, now)
        hint(connection, "live", str(wearer_id))
