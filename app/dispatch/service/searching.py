"""What guards who look for her tell the search: where they went, and where she was found."""

from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.dispatch.model import SWEEP_EVERY, Incident
from app.dispatch.service.keeping import HOUSE, note
from app.dispatch.store import trails
from app.dispatch.timeline import What
from app.kit.ids import AccountId
from app.missing import service as missing
from app.missing.facts import WayPoint
from app.missing.model import Ended, Find

WIDTH_M = 30.0
"""How wide a strip somebody looks at who walks along a street: 15 m to either side. An assumption."""


def opened(connection: Connection, one: Incident, by: AccountId, now: datetime) -> None:
    """Opens the search for her where none is; not for practice, which must not move a map that others use."""
    if not one.is_drill:
        missing.open_by_house(connection, one.wearer_id, by, REASON, one.alert_id, now)


REASON = "警備員が探しています"
"""Read by people in the list of searches; it is kept as it was said, like every reason."""


def swept(connection: Connection, one: Incident, now: datetime) -> Incident:
    """The incident, after the search was told where its unit went since the last time; not saved yet."""
    changed = replace(one, sweep_at=now + SWEEP_EVERY, swept_until=now)
    if one.is_drill or one.unit_id is None or one.swept_until is None:
        return changed
    legs = missing.told_by_house(connection, one.wearer_id, _ways(connection, one, now), WIDTH_M, now)
    if legs:
        note(connection, one, What.SWEPT, HOUSE, now, unit_id=one.unit_id, detail={"points": str(legs)})
    return changed


def found(connection: Connection, one: Incident, by: AccountId, ended: Ended, find: Find | None, now: datetime) -> None:
    """Closes the search for her: she was found."""
    if not one.is_drill:
        missing.close_by_house(connection, one.wearer_id, by, ended, find, now)


def _ways(connection: Connection, one: Incident, now: datetime) -> dict[AccountId, list[WayPoint]]:
    """Where each of the unit's people was since the search was told last."""
    assert one.swept_until is not None
    ways: dict[AccountId, list[WayPoint]] = {}
    for account_id, point in trails.between(connection, one.id, one.swept_until, now + timedelta(seconds=1)):
        ways.setdefault(account_id, []).append(WayPoint(at=point.at, lat_deg=point.lat_deg, lon_deg=point.lon_deg))
    return ways
