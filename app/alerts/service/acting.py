"""What people do to an alert. A stale button does the right thing or says why not."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.alerts.model import Alert, AlertAction, AlertState, What
from app.alerts.service import telling, viewing
from app.alerts.store import alerts as store
from app.alerts.transitions import after
from app.db.session import hint
from app.kit.errors import Conflict
from app.kit.ids import AlertId, WearerId
from app.push.model import Level


def acknowledge(connection: Connection, viewer: Viewer, alert_id: AlertId, now: datetime) -> Alert:
    """The alert, taken by the viewer; the others hear who sees to it. Taking it twice oneself changes nothing.

    Raises `NotFound` for alerts that are not the viewer's to see, `Conflict` when somebody else has it or it is over.
    """
    alert = _mine(connection, viewer, alert_id, now)
    if alert.acknowledged_by == viewer.account_id:
        return alert
    state = after(alert.state, AlertAction.ACKNOWLEDGE)
    changed = msgspec.structs.replace(
        alert, state=state, acknowledged_at=now, acknowledged_by=viewer.account_id, changed_at=now
    )
    return _act(connection, viewer, alert, changed, What.ACKNOWLEDGED, now)


def resolve(connection: Connection, viewer: Viewer, alert_id: AlertId, now: datetime) -> Alert:
    """The alert, over. Raises as `acknowledge`."""
    return _end(connection, viewer, alert_id, AlertAction.RESOLVE, What.RESOLVED, now)


def cancel(connection: Connection, viewer: Viewer, alert_id: AlertId, now: datetime) -> Alert:
    """The alert, called off: there was nothing to see to. Raises as `acknowledge`."""
    return _end(connection, viewer, alert_id, AlertAction.CANCEL, What.CANCELLED, now)


def cancel_all(
    connection: Connection, wearer_id: WearerId, now: datetime, subjects: tuple[str, ...] | None = None
) -> None:
    """Calls off whatever is going on for a wearer who is no longer watched, or only what is about `subjects`; nobody
    needs to be told.
    """
    store.queue_up(connection, [wearer_id])
    if subjects is None:
        telling.forget_news(connection, wearer_id, now)
    _cancel(connection, wearer_id, store.going_on_of(connection, wearer_id, subjects), now)


def cancel_about(connection: Connection, wearer_id: WearerId, begins: str, now: datetime) -> None:
    """Calls off what is going on about subjects whose name begins so: all days of an expectation."""
    store.queue_up(connection, [wearer_id])
    alerts = [one for one in store.going_on_of(connection, wearer_id) if one.subject.startswith(begins)]
    _cancel(connection, wearer_id, alerts, now)


def _cancel(connection: Connection, wearer_id: WearerId, alerts: Sequence[Alert], now: datetime) -> None:
    for alert in alerts:
        ended = msgspec.structs.replace(
            alert, state=after(alert.state, AlertAction.CANCEL), ended_at=now, changed_at=now
        )
        if store.move(connection, ended, alert.state):
            store.add_history(connection, alert.id, What.CANCELLED, now)
        telling.forget(connection, alert, now)
    hint(connection, "live", str(wearer_id))


def _end(
    connection: Connection, viewer: Viewer, alert_id: AlertId, action: AlertAction, what: What, now: datetime
) -> Alert:
    alert = _mine(connection, viewer, alert_id, now)
    if alert.ended_by == viewer.account_id and alert.state is after(AlertState.OPEN, action):
        return alert
    changed = msgspec.structs.replace(
        alert, state=after(alert.state, action), ended_at=now, ended_by=viewer.account_id, changed_at=now
    )
    return _act(connection, viewer, alert, changed, what, now)


def _mine(connection: Connection, viewer: Viewer, alert_id: AlertId, now: datetime) -> Alert:
    """The alert if the viewer may see it, as it is once nobody else is at it."""
    alert = viewing.visible(connection, viewer, alert_id, now)
    store.queue_up(connection, [alert.wearer_id])
    return store.as_it_is(connection, alert)


def _act(connection: Connection, viewer: Viewer, alert: Alert, changed: Alert, what: What, now: datetime) -> Alert:
    if not store.move(connection, changed, alert.state):
        raise Conflict("Somebody else was quicker; look again.")
    number = store.add_history(connection, alert.id, what, now, account_id=viewer.account_id)
    telling.forget(connection, alert, now)
    kind = "alert.acknowledged" if what is What.ACKNOWLEDGED else "alert.resolved"
    telling.tell(
        connection, changed, kind, None, number, now,
        level=Level.NEWS, besides=viewer.account_id, params={"by": viewer.name},
    )  # fmt: skip
    hint(connection, "live", str(alert.wearer_id))
    return changed
