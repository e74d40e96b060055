"""What is due of incidents: a wave is over, an hour ends, live mode is asked for again, a unit does not get on."""

from datetime import datetime, timedelta

import structlog
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.db.errors import begins_anew
from app.db.session import savepoint
from app.dispatch import standing
from app.dispatch.incident import IncidentState
from app.dispatch.model import Incident
from app.dispatch.service import extending, granting, offering, searching, telling
from app.dispatch.service.keeping import HOUSE, in_hand, note, saved
from app.dispatch.store import entries, incidents
from app.dispatch.timeline import What
from app.kit.ids import IncidentId

log = structlog.get_logger()

AT_ONCE_MAX = 100
"""Incidents that one transaction takes on."""
FAILED = timedelta(minutes=1)
"""What cannot be done for a defect of ours is tried again after this."""
FORGOTTEN_MAX = 5_000


def work_off(connection: Connection, now: datetime) -> bool:
    """Does what is due, of each incident by itself: a defect costs the one that it is about a minute. Whether there may
    be more.
    """
    due, pool = incidents.due(connection, now, AT_ONCE_MAX), offering.Pool()
    for incident_id, _ in sorted(due, key=lambda one: one[1]):
        try:
            with savepoint(connection):
                _work_off(connection, incident_id, now, pool)
        except Exception as error:  # Whatever it is, the others must be gone on with.
            if begins_anew(error) or connection.invalidated:
                raise
            log.error("incident_failed", error=type(error).__name__)
            incidents.put_off(connection, incident_id, now + FAILED)
    return len(due) == AT_ONCE_MAX


def _work_off(connection: Connection, incident_id: IncidentId, now: datetime, pool: offering.Pool) -> None:
    one = in_hand(connection, incident_id)
    if one.is_over:
        return
    if _is_due(one.live_at, now):
        granting.begin(connection, one, now)
        one = saved(connection, one, replace(one, live_at=granting.live(connection, one.wearer_id, now)))
    if _is_due(one.sweep_at, now):
        one = saved(connection, one, searching.swept(connection, one, now))
    if _is_due(one.offers_at, now):
        one = offering.on_time(connection, one, now, pool)
    if _is_due(one.hours_at, now):
        one = extending.on_time(connection, one, now)
    if _is_due(one.standing_at, now):
        one = _stands_still(connection, one, now)
    if _is_due(one.due_at, now):  # It was put off, or somebody did it meanwhile: the row is timed anew.
        saved(connection, one, replace(one))


def _stands_still(connection: Connection, one: Incident, now: datetime) -> Incident:
    """The control room hears of a unit that does not get on, and of an incident that nobody has; again and again."""
    again = standing.told_at(one.state, now) or now + FAILED
    name = f"{one.state}:{int(now.timestamp())}"
    minutes = max(1, round((now - one.state_at).total_seconds() / 60))
    detail = {"state": str(one.state), "minutes": str(minutes)}
    note(connection, one, What.STANDING_STILL, HOUSE, now, key=name, unit_id=one.unit_id, detail=detail)
    kind = "dispatch.nobody_desk" if one.state is IncidentState.NOBODY else f"dispatch.still_{one.state}"
    telling.to_desk(connection, one, kind, name, now, params={"minutes": str(minutes)})
    return saved(connection, one, replace(one, standing_at=again))


def _is_due(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


def mend(connection: Connection, now: datetime) -> int:
    """Has open incidents looked at that no timer looks at; how many there were. There should be none."""
    return incidents.mend(connection, now)


def untimed(connection: Connection) -> int:
    """How many open incidents no timer looks at. There should be none."""
    return incidents.untimed(connection)


def forget_before(connection: Connection, before: datetime) -> int:
    """Forgets where lines of timelines were that came earlier; how many. Call again until it is 0."""
    return entries.forget_places_before(connection, before, FORGOTTEN_MAX)
