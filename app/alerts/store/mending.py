"""The queries by which alerts are found that go on and that no timer looks at."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.tables import account
from app.alerts.model import Alert, AlertState
from app.alerts.store.alerts import alert_of
from app.alerts.store.escalating import Run, run_of, runs_of
from app.alerts.tables import alert, is_going_on, telling
from app.kit.ids import AlertId, TellingId, WearerId
from app.push.model import Level

_AS_INDEXED = (alert.c.wearer_id, alert.c.kind, alert.c.subject)
"""The order in which the index holds what goes on."""


def unplanned(connection: Connection, since: datetime, limit: int) -> list[Alert]:
    """Open alerts without a plan that were opened since then: an older process of the service opened them."""
    query = (
        sa.select(alert)
        .where(is_going_on(), alert.c.state == AlertState.OPEN.value)
        .where(alert.c.plan.is_(sa.null()), alert.c.opened_at >= since)
        .order_by(*_AS_INDEXED)
        .limit(limit)
    )
    return [alert_of(row) for row in connection.execute(query)]


def stuck(connection: Connection, since: datetime, limit: int) -> list[Run]:
    """Alerts that go on, changed since then, and that nothing will ever look at again: at the end of their plan, or
    lost by a defect.
    """
    query = (
        sa.select(alert)
        .where(is_going_on(), alert.c.due_at.is_(None), alert.c.plan.is_not(None))
        .where(alert.c.changed_at >= since)
        .order_by(*_AS_INDEXED)
        .limit(limit)
    )
    return runs_of(connection.execute(query))


def latest_due(connection: Connection, state: AlertState, limit: int) -> list[tuple[Run, datetime]]:
    """The alerts, open or taken, that are due last of all."""
    query = (
        sa.select(alert)
        .where(is_going_on(), alert.c.state == state.value, alert.c.due_at.is_not(None))
        .where(alert.c.plan.is_not(None))
        .order_by(alert.c.due_at.desc())
        .limit(limit)
    )
    return [(run, row.due_at) for row in connection.execute(query) if (run := run_of(row)) is not None]


def falling_after(
    connection: Connection, urgent_after: datetime, other_after: datetime, limit: int
) -> list[tuple[TellingId, WearerId]]:
    """Tellings of alerts that go on which are to be looked at later than that, of urgent ones and of others, and their
    wearers, the latest first.
    """
    query = (
        sa.select(telling.c.id, alert.c.wearer_id)
        .join(alert, alert.c.id == telling.c.alert_id)
        .where(telling.c.fall_at.is_not(None), telling.c.fall_at > urgent_after, is_going_on())
        .where(sa.or_(alert.c.level == Level.URGENT.value, telling.c.fall_at > other_after))
        .order_by(telling.c.fall_at.desc())
        .limit(limit)
    )
    return [(TellingId(row.id), WearerId(row.wearer_id)) for row in connection.execute(query)]


def taken_by_nobody(connection: Connection, limit: int) -> list[tuple[AlertId, WearerId]]:
    """Alerts that are to open again some time, and that somebody has whose account was disabled, with their wearers."""
    query = (
        sa.select(alert.c.id, alert.c.wearer_id)
        .join(account, account.c.id == alert.c.acknowledged_by)
        .where(is_going_on(), alert.c.state == AlertState.ACKNOWLEDGED.value, alert.c.due_at.is_not(None))
        .where(account.c.disabled_at.is_not(None))
        .order_by(alert.c.wearer_id)
        .limit(limit)
    )
    return [(AlertId(row.id), WearerId(row.wearer_id)) for row in connection.execute(query)]
