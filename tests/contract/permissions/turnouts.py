"""Turn-outs for the world of permissions: one that a unit has, and practice that is offered to it."""

from datetime import timedelta
from typing import Any

from sqlalchemy.engine import Connection

from app.dispatch.hours import Limit
from app.dispatch.incident import Actor, IncidentState
from app.dispatch.model import Incident
from app.dispatch.offers import Offer, OfferState
from app.dispatch.store import entries, incidents, offers
from app.dispatch.timeline import Entry, What
from app.kit.ids import CityId, EntryId, IncidentId, OfferId, UnitId, WearerId, new_id
from app.programmes.model import Starter
from tests.build import NOW

BEGUN = NOW - timedelta(minutes=20)


def send(c: Connection, city: CityId, wearer_id: WearerId, unit_id: UnitId | None, reason: str) -> tuple[Any, EntryId]:
    """A turn-out for a wearer: the unit has it and looks for her. And the line that says when it set out."""
    one = _incident(city, wearer_id, reason, unit_id=unit_id, state=IncidentState.SEARCHING, departed_at=BEGUN)
    incidents.add(c, one)
    line = Entry(
        id=EntryId(new_id()), incident_id=one.id, what=What.DEPARTED, at=BEGUN, received_at=BEGUN, actor=Actor.GUARD,
        unit_id=unit_id, key="departed",
    )  # fmt: skip
    entries.add(c, line)
    if unit_id is not None:
        offers.add(c, [_offer(one, unit_id, OfferState.ACCEPTED)])
    return one, line.id


def offer(c: Connection, city: CityId, wearer_id: WearerId, unit_id: UnitId, reason: str) -> OfferId:
    """Practice that is offered to a unit."""
    one = _incident(city, wearer_id, reason, is_drill=True, state=IncidentState.OFFERING)
    incidents.add(c, one)
    made = _offer(one, unit_id, OfferState.OPEN)
    offers.add(c, [made])
    return made.id


def _incident(city: CityId, wearer_id: WearerId, reason: str, **more: Any) -> Incident:
    values: dict[str, Any] = {
        "id": IncidentId(new_id()), "city_id": city, "wearer_id": wearer_id, "is_drill": False,
        "starter": Starter.OPERATOR, "requested_by": None, "reason": reason, "round": 1, "wave": 1,
        "limit": Limit(unit_minutes=60, cap_minutes=180), "requested_at": BEGUN, "state_at": BEGUN,
        "standing_at": NOW + timedelta(hours=1),
    }  # fmt: skip
    return Incident(**values | more)


def _offer(one: Incident, unit_id: UnitId, state: OfferState) -> Offer:
    return Offer(
        id=OfferId(new_id()), incident_id=one.id, unit_id=unit_id, round=1, wave=1, state=state, offered_at=BEGUN,
        expires_at=NOW + timedelta(minutes=1), answered_at=None if state is OfferState.OPEN else BEGUN,
    )  # fmt: skip
