"""An incident ends: cleared, or called off. Everything that it held is let go of, and what is to be paid for is written
down, in the same transaction.
"""

from datetime import datetime

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.dispatch.incident import ENDED, TRANSITIONS, Actor, IncidentAction, IncidentState, after, cancelling, may
from app.dispatch.model import Incident, moved
from app.dispatch.service import choosing, granting, searching, sight, telling, terms
from app.dispatch.service.keeping import HOUSE, By, Sent, in_hand, is_told, note, saved, timed_anew
from app.dispatch.store import entries, incidents
from app.dispatch.store import offers as store
from app.dispatch.timeline import CORRECTABLE, OF_STEP, Entry, What, is_plausible
from app.kit.errors import Conflict, InvalidInput, NotAllowed, NotFound
from app.kit.ids import EntryId, IncidentId, WearerId, new_id
from app.push.model import Level


def cancel(
    connection: Connection, viewer: Viewer, incident_id: IncidentId, reason: str, sent: Sent, now: datetime
) -> Incident:
    """The incident, called off: before a unit set out, or after, as far as that was known at this moment. Calling it
    off again changes nothing. What is done and not cleared, the control room clears so. Raises `NotFound`,
    `NotAllowed`, and `Conflict` once she was found or it is over.
    """
    one = in_hand(connection, incident_id)
    by = sight.seat(connection, viewer, one, now)
    action = cancelling(departed=one.departed_at is not None)
    if not may(by.actor, action):
        raise NotAllowed("Who goes does not call it off: give it back.")
    if by.actor is Actor.CONTROL and one.state in (IncidentState.NOT_FOUND, IncidentState.HANDED_OVER):
        return _cleared(connection, one, by, reason, sent, now)
    if is_told(connection, one, by, sent) or one.state in (
        IncidentState.CANCELLED_BEFORE, IncidentState.CANCELLED_AFTER
    ):  # fmt: skip
        return one
    return _cancelled(connection, one, by, reason, sent, now)


def _cleared(connection: Connection, one: Incident, by: By, reason: str, sent: Sent, now: datetime) -> Incident:
    """A guard whose phone is broken, or who forgot, keeps no incident open: the control room clears it."""
    detail = {"reason": reason} if reason else {}
    note(connection, one, What.CLEARED, by, now, sent=sent, detail=detail)
    state = after(one.state, IncidentAction.CLEAR)
    return closed(connection, one, timed_anew(connection, moved(one, state, now)), now)


def cancel_all(connection: Connection, wearer_id: WearerId, now: datetime) -> None:
    """Calls off what is open for a wearer who is no longer watched."""
    for incident_id in incidents.open_ids_of(connection, wearer_id):
        one = in_hand(connection, incident_id)
        if (one.state, cancelling(departed=one.departed_at is not None)) in TRANSITIONS:
            _cancelled(connection, one, HOUSE, "", None, now)


def end_drill(connection: Connection, wearer_id: WearerId, now: datetime) -> None:
    """Ends the practice for a wearer for whom a guard is meant now."""
    drill = incidents.open_of(connection, wearer_id, is_drill=True)
    if drill is None:
        return
    one = in_hand(connection, drill.id)
    state = IncidentState.CANCELLED_BEFORE if one.departed_at is None else IncidentState.CANCELLED_AFTER
    note(connection, one, What.CANCELLED, HOUSE, now, key="meant", detail={"reason": "it is meant now"})
    closed(connection, one, moved(one, state, now), now)


def _cancelled(
    connection: Connection, one: Incident, by: By, reason: str, sent: Sent | None, now: datetime
) -> Incident:
    state = after(one.state, cancelling(departed=one.departed_at is not None))
    detail = {"reason": reason} if reason else {}
    note(connection, one, What.CANCELLED, by, now, sent=sent, detail=detail)
    changed = timed_anew(connection, moved(one, state, now))
    if one.state is IncidentState.SEARCHING:
        changed = replace(searching.swept(connection, changed, now), sweep_at=None)
    return closed(connection, one, changed, now)


def closed(connection: Connection, one: Incident, changed: Incident, now: datetime) -> Incident:
    """The incident, over: the unit is free, nobody sees her for this, no offer waits; the ledger and the bill know."""
    waiting = [each.unit_id for each in store.waiting_of(connection, one.id)]
    store.supersede(connection, one.id, now)
    telling.take_back_offers(connection, one, now)
    granting.end(connection, one, now)
    granting.live_off(connection, one.wearer_id, now)
    changed = saved(connection, one, changed)
    was_called_off = changed.state is not IncidentState.CLEARED
    going = [] if one.unit_id is None else [one.unit_id]
    if was_called_off:
        telling.to_units(connection, changed, [*going, *waiting], "unit.called_off", "over", now)
        telling.to_contacts(connection, changed, "dispatch.cancelled", "over", now, level=Level.NOTICE)
    else:
        telling.to_contacts(connection, changed, "dispatch.cleared", "over", now, level=Level.NEWS)
    for unit_id in incidents.had_by(connection, one.id):
        choosing.free(connection, unit_id, one.id, now)
    if changed.departed_at is None:
        terms.release(connection, changed, now)
    terms.record(connection, changed, now)
    return changed


def corrected(connection: Connection, one: Incident, changed: Incident, now: datetime) -> Incident:
    """The incident with other moments than before; where it is over and paid for, the bill hears of it."""
    if changed == one:
        return one
    changed = saved(connection, one, changed)
    if one.state in ENDED:
        terms.correct(connection, changed, "timeline", None, now)
    return changed


def correct(
    connection: Connection, viewer: Viewer, incident_id: IncidentId, entry_id: EntryId, at: datetime, reason: str,
    now: datetime,
) -> Incident:  # fmt: skip
    """The incident after a time of its timeline was set right by the control room: a new line, which says why. What was
    written stays. Raises `NotFound`, `NotAllowed`, `InvalidInput`, and `Conflict` for a line that has no time to set.
    """
    one = in_hand(connection, incident_id)
    by = sight.seat(connection, viewer, one, now)
    if by.actor is not Actor.CONTROL:
        raise NotAllowed("The control room of the city sets times right.")
    wrong = entries.by_id(connection, incident_id, entry_id)
    if wrong is None:
        raise NotFound
    if wrong.what not in CORRECTABLE or wrong.corrects is not None:
        raise Conflict("This line has no time that can be set right; correct the line that it corrects.")
    if not is_plausible(at, one.requested_at, one.closed_at or now):
        raise InvalidInput("This is not within the turn-out.", "at")
    line = Entry(
        id=EntryId(new_id()), incident_id=one.id, what=wrong.what, at=at, received_at=now, actor=by.actor,
        account_id=by.account_id, unit_id=wrong.unit_id, detail={}, key=f"correct:{new_id().hex}", corrects=wrong.id,
        reason=reason,
    )  # fmt: skip
    entries.add(connection, line)
    changed = timed_anew(connection, one)
    if one.state is IncidentState.CANCELLED_BEFORE:
        changed = _set_out_after_all(changed, wrong.what)
    if changed.departed_at is not None and changed.departed_at != one.departed_at:
        terms.settle(connection, changed, changed.departed_at, now)
    changed = saved(connection, one, changed)
    if one.state in ENDED and changed != one:
        terms.correct(connection, changed, reason, viewer.account_id, now)
    return changed


def _set_out_after_all(changed: Incident, what: What) -> Incident:
    """What was called off before anybody had set out stays so, whatever a phone told later, until the control room sets
    a step of the unit right: then it was called off after that.
    """
    if what in OF_STEP.values():
        return replace(changed, state=IncidentState.CANCELLED_AFTER)
    return replace(changed, departed_at=None, arrived_at=None, found_at=None)
