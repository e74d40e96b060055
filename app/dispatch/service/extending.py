"""One more hour: the contact is asked before the one is over that was agreed to; without a yes the turn-out ends."""

from datetime import datetime

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.dispatch import hours
from app.dispatch.incident import LOOKED_FOR, Actor, IncidentAction, IncidentState, after
from app.dispatch.model import TIMED, Incident, moved, timed
from app.dispatch.service import ending, searching, sight, telling, terms
from app.dispatch.service.keeping import HOUSE, Sent, in_hand, is_told, note, saved, timed_anew
from app.dispatch.timeline import What
from app.kit.errors import Conflict, NotAllowed
from app.kit.ids import IncidentId


def answer(
    connection: Connection,
    viewer: Viewer,
    incident_id: IncidentId,
    number: int,
    sent: Sent,
    now: datetime,
    *,
    yes: bool,
) -> Incident:
    """The incident with one more hour, or without. `number` is the hour that is meant (2: the second), so that two
    contacts who both say yes agree to one hour and not to two. The first answer to an hour counts, a yes also after a
    no, as long as the time is not over.

    Raises `NotFound`, `NotAllowed` for who does not pay for it, and `Conflict` at the cap, or when it is over.
    """
    one = in_hand(connection, incident_id)
    by = sight.seat(connection, viewer, one, now)
    if by.actor not in (Actor.CONTACT, Actor.CONTROL):
        raise NotAllowed("The family is asked for one more hour.")
    if is_told(connection, one, by, sent) or (yes and number <= one.granted):
        return one
    if one.departed_at is None or one.state not in TIMED:
        raise Conflict("There is nothing to make longer.")
    if number != one.granted + 1:
        raise Conflict("This is not the next hour; look again.")
    granted = hours.extended(one.granted, one.limit)
    if not yes:
        note(connection, one, What.EXTENSION_REFUSED, by, now, sent=sent, detail={"hour": str(number)})
        return one
    terms.may_agree(connection, one, by, now)
    note(connection, one, What.EXTENDED, by, now, sent=sent, detail={"hour": str(number)})
    changed = timed(replace(one, granted=granted, asked=max(one.asked, granted)))
    changed = saved(connection, one, changed)
    unit = [] if one.unit_id is None else [one.unit_id]
    params = {"until": _end(changed, now).isoformat()}
    telling.to_units(connection, changed, unit, "unit.extended", str(number), now, params=params, about=about(one))
    telling.to_contacts(
        connection, changed, "dispatch.extended", str(number), now, params=params, besides=viewer.account_id
    )
    return changed


def on_time(connection: Connection, one: Incident, now: datetime) -> Incident:
    """The incident whose hour is nearly over: the contact is asked; or is over: so is the turn-out."""
    if one.departed_at is None:
        return saved(connection, one, replace(one, hours_at=None))
    end = hours.ends_at(one.departed_at, one.granted, one.limit)
    if end is not None and end <= now:
        return _over(connection, one, now)
    number = one.granted + 1
    if one.asked < number and hours.can_be_extended(one.granted, one.limit):
        params = {"until": _end(one, now).isoformat()}
        note(connection, one, What.EXTENSION_ASKED, HOUSE, now, key=str(number), detail={"hour": str(number)})
        telling.to_contacts(connection, one, "dispatch.extend", str(number), now, params=params)
        return saved(connection, one, timed(replace(one, asked=number)))
    return saved(connection, one, timed(one))


def _over(connection: Connection, one: Incident, now: datetime) -> Incident:
    """The time that was agreed to is over. The unit stops looking; where none is out, nobody is sent any more."""
    number = str(one.granted)
    note(connection, one, What.TIME_UP, HOUSE, now, key=number)
    if one.state in LOOKED_FOR:  # The one that was out gave it back, and no other was found.
        state = IncidentState.CANCELLED_AFTER
        note(connection, one, What.CANCELLED, HOUSE, now, key="time_up")
        return ending.closed(connection, one, timed_anew(connection, moved(one, state, now)), now)
    note(connection, one, What.NOT_FOUND, HOUSE, now, key=number, unit_id=one.unit_id)
    changed = timed_anew(connection, moved(one, after(one.state, IncidentAction.NOT_FIND), now))
    if one.state is IncidentState.SEARCHING:
        changed = replace(searching.swept(connection, changed, now), sweep_at=None)
    changed = saved(connection, one, changed)
    unit = [] if one.unit_id is None else [one.unit_id]
    telling.to_units(connection, changed, unit, "unit.time_up", number, now, about=about(one))
    telling.to_contacts(connection, changed, "dispatch.time_up", number, now)
    telling.to_desk(connection, changed, "dispatch.not_found_desk", f"time_up:{number}", now)
    return changed


def about(one: Incident) -> str:
    """What the unit hears of its hours is called on its phones."""
    return f"hours:{one.id}"


def _end(one: Incident, now: datetime) -> datetime:
    assert one.departed_at is not None
    return hours.ends_at(one.departed_at, one.granted, one.limit) or now
