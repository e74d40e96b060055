"""Which unit goes, and that it is out: for incidents."""

from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from app.dispatch.nearest import ANY, Candidate, Needs, ranked
from app.dispatch.store import duty, units
from app.dispatch.units import CREW_NEEDED, Work
from app.kit.ids import CityId, IncidentId, UnitId


def available(
    connection: Connection,
    city_id: CityId,
    lat_deg: float,
    lon_deg: float,
    needs: Needs = ANY,
    *,
    now: datetime,
    limit: int | None = None,
) -> list[Candidate]:
    """The units of a city that are complete, on duty and not out, and that fit what is needed, the nearest first; each
    says how far it is and how that is known. At most `limit` of them.
    """
    free = duty.free_units(connection, city_id, needs.companies)
    return ranked(free, lat_deg, lon_deg, needs, now)[:limit]


def take(connection: Connection, unit_id: UnitId, incident_id: IncidentId, now: datetime) -> bool:
    """Whether the unit is out for the incident from now on, or was already. False where it is out for another, nobody
    of it is on duty any more, or it does no guard work. Of many at once one wins: the rest wait for its row.
    """
    found = units.unit_by_id(connection, unit_id, lock=True)
    if found is None or found.work is not Work.GUARD:
        return False
    out = duty.task_of(connection, unit_id)
    if out is not None:
        return out.incident_id == incident_id
    if len(duty.guards_on(connection, unit_id)) < CREW_NEEDED[found.kind]:
        return False
    every = found.check_every_min
    due_at = None if every is None else now + timedelta(minutes=every)
    return duty.take(connection, unit_id, incident_id, due_at, now)


def free(connection: Connection, unit_id: UnitId, incident_id: IncidentId, now: datetime) -> bool:
    """Whether the unit was out for the incident and is free from now on; asking again changes nothing."""
    return duty.free(connection, unit_id, incident_id, now)
