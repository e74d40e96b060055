"""An incident changes hands: its unit gives it back, the control room takes it from it or asks another one to take
over, and a contact says that he is on the way himself.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.dispatch.incident import LOOKED_FOR, OUT, Actor, IncidentAction, after, may, must_be_open
from app.dispatch.model import Incident, moved
from app.dispatch.offers import WAVES, Offer, OfferState
from app.dispatch.service import choosing, granting, looking, offering, sight, telling
from app.dispatch.service.keeping import Sent, in_hand, is_told, note
from app.dispatch.store import offers as store
from app.dispatch.timeline import What
from app.kit.errors import Conflict, NotAllowed
from app.kit.ids import IncidentId, OfferId, UnitId, new_id
from app.push.model import Level


def give_back(
    connection: Connection, viewer: Viewer, incident_id: IncidentId, reason: str, sent: Sent, now: datetime
) -> Incident:
    """The incident, offered to others: its unit cannot go, or the control room takes it from it. What the unit did so
    far stands, and the clock goes on if it had set out. Raises `NotFound`, `NotAllowed`, and `Conflict` once she was
    found, or where no unit has it.
    """
    one = in_hand(connection, incident_id)
    by = sight.going(connection, viewer, one, now)
    if not may(by.actor, IncidentAction.GIVE_BACK):
        raise NotAllowed("The unit gives it back, or the control room takes it.")
    if is_told(connection, one, by, sent):
        return one
    if by.actor is Actor.GUARD and by.unit_id != one.unit_id:
        raise Conflict("Your unit does not have it any more.")
    state = after(one.state, IncidentAction.GIVE_BACK)
    assert one.unit_id is not None
    note(connection, one, What.GIVEN_BACK, by, now, sent=sent, unit_id=one.unit_id, detail={"reason": reason})
    store.give_back(connection, one.id, reason[:200])
    choosing.free(connection, one.unit_id, one.id, now)
    granting.end(connection, one, now)
    name = offering.by_name(one, now)
    telling.to_units(connection, one, [one.unit_id], "unit.relieved", name, now, level=Level.NOTICE)
    telling.to_contacts(connection, one, "dispatch.given_back", name, now)
    changed = replace(moved(one, state, now), unit_id=None, round=one.round + 1, wave=0)
    return offering.next_wave(connection, changed, now, before=one)


def ask_unit(
    connection: Connection, viewer: Viewer, incident_id: IncidentId, unit_id: UnitId, now: datetime
) -> looking.Asked:
    """The offer to one unit that the control room wants to go: to take it, or to take over from the one that is out,
    which goes on until this one accepts. Asking again while it may still accept is the same offer.

    Raises `NotFound`, `NotAllowed`, and `Conflict` for a unit that cannot go now, and once she was found.
    """
    one = in_hand(connection, incident_id)
    by = sight.seat(connection, viewer, one, now)
    if by.actor is not Actor.CONTROL:
        raise NotAllowed("The control room of the city asks units.")
    must_be_open(one.state)
    if one.state not in LOOKED_FOR and one.state not in OUT:
        raise Conflict("She was found, or the search is over.")
    waiting = [each for each in store.waiting_of(connection, one.id) if each.unit_id == unit_id]
    if waiting and waiting[-1].state is OfferState.OPEN:
        return looking.asked(connection, waiting[-1])
    found = next((each for each in offering.candidates(connection, one, now) if each.unit_id == unit_id), None)
    if found is None:
        raise Conflict("This unit is out, not on duty, or not one for this wearer.")
    offer = Offer(
        id=OfferId(new_id()), incident_id=one.id, unit_id=unit_id, round=one.round, wave=_next_number(connection, one),
        state=OfferState.OPEN, offered_at=now, expires_at=now + WAVES[-1].wait, distance_m=found.distance_m,
        relieves=one.state in OUT,
    )  # fmt: skip
    store.add(connection, [offer])
    note(connection, one, What.OFFERED, by, now, sent=Sent(key=offer.id.hex), unit_id=unit_id, detail={"units": "1"})
    offering.ask(connection, one, [offer], now)
    return looking.asked(connection, offer)


def on_my_way(
    connection: Connection, viewer: Viewer, incident_id: IncidentId, arrives_in: timedelta | None, sent: Sent,
    now: datetime,
) -> Incident:  # fmt: skip
    """The incident, to which a contact goes as well; the guards and the other contacts hear it. Raises `NotFound`,
    `NotAllowed`, and `Conflict` when it is over.
    """
    one = in_hand(connection, incident_id)
    by = sight.seat(connection, viewer, one, now)
    if by.actor is not Actor.CONTACT:
        raise NotAllowed("A contact says so.")
    if is_told(connection, one, by, sent):
        return one
    must_be_open(one.state)
    arrives_at = None if arrives_in is None else now + arrives_in
    detail = {} if arrives_at is None else {"arrives_at": arrives_at.isoformat()}
    line = note(connection, one, What.ON_THE_WAY, by, now, sent=sent, detail=detail)
    assert line is not None
    kind = "dispatch.contact_goes" if arrives_at is None else "dispatch.contact_goes_at"
    params = {"by": viewer.name} | ({} if arrives_at is None else {"until": arrives_at.isoformat()})
    telling.to_contacts(
        connection, one, kind, line.id.hex, now, level=Level.NEWS, params=params, besides=viewer.account_id
    )
    unit = [] if one.unit_id is None else [one.unit_id]
    telling.to_units(connection, one, unit, "unit.contact_comes", line.id.hex, now, level=Level.NOTICE)
    return one


def _next_number(connection: Connection, one: Incident) -> int:
    """Beyond the waves of the round, so that no wave asks under the same name."""
    asked = store.waiting_of(connection, one.id)
    return max([len(WAVES), *(each.wave for each in asked if each.round == one.round)]) + 1
