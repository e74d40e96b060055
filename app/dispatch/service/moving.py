"""What a unit reports: it sets out, is there, looks for her, has found her, has handed her over. A phone may send it
late, twice or in any order.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.alerts.service import turning_out
from app.dispatch.incident import Actor, IncidentAction, IncidentState, after, is_behind, may
from app.dispatch.model import Incident, moved
from app.dispatch.service import ending, looking, searching, serving, sight, telling, terms
from app.dispatch.service.keeping import By, Sent, in_hand, is_told, note, saved, timed_anew
from app.dispatch.timeline import OF_STEP, time_of
from app.kit.errors import NotAllowed
from app.kit.ids import IncidentId
from app.missing import service as missing
from app.missing.model import Ended, Find
from app.push.model import Level


class Report(Struct, frozen=True, kw_only=True):
    """What a phone says that its unit has done. `ended`: how she was found; `find`: where, and what the map of the
    search had rated the place; `says`: to whom she was handed over, or what else is to be kept.
    """

    step: IncidentAction
    sent: Sent
    ended: Ended | None = None
    find: Find | None = None
    says: str = ""


FOUND = frozenset({IncidentAction.FIND, IncidentAction.HAND_OVER})

TOLD: Mapping[IncidentAction, tuple[str, Level]] = {
    IncidentAction.DEPART: ("dispatch.en_route", Level.NEWS),
    IncidentAction.ARRIVE: ("dispatch.on_scene", Level.NEWS),
    IncidentAction.SEARCH: ("dispatch.searching", Level.NEWS),
    IncidentAction.FIND: ("dispatch.found", Level.URGENT),
    IncidentAction.NOT_FIND: ("dispatch.not_found", Level.URGENT),
    IncidentAction.HAND_OVER: ("dispatch.handed_over", Level.NOTICE),
}
"""What her contacts hear of each step, and how much it matters."""


def report(connection: Connection, viewer: Viewer, incident_id: IncidentId, told: Report, now: datetime) -> Incident:
    """The incident after a report of its unit; sent again it changes nothing, and a step that lies behind is a line of
    the timeline. What a unit reports that had it before moves nothing either.

    Raises `NotFound`, `NotAllowed` for who only looks on, and `Conflict` for what cannot be yet, or any more.
    """
    one = in_hand(connection, incident_id)
    by = sight.going(connection, viewer, one, now)
    if not may(by.actor, told.step):
        raise NotAllowed("Only the unit that goes reports this.")
    if is_told(connection, one, by, told.sent):
        return one
    return _reported(connection, one, by, told, now)


def scored(
    connection: Connection, viewer: Viewer, incident_id: IncidentId, sent: Sent, lat_deg: float, lon_deg: float,
    now: datetime,
) -> Find | None:  # fmt: skip
    """What the map of the search had rated the place where she was found; None where nobody searches. It writes
    nothing, and takes long. Raises `NotFound`.
    """
    one, _ = looking.visible(connection, viewer, incident_id, now)
    at = time_of(sent.said_at, one.requested_at, now)
    return missing.scored_by_house(connection, one.wearer_id, at, lat_deg, lon_deg)


def _reported(connection: Connection, one: Incident, by: By, told: Report, now: datetime) -> Incident:
    # That she was found counts whoever says it, also a unit that had it before.
    has_it = by.actor is Actor.CONTROL or by.unit_id == one.unit_id or told.step in FOUND
    state = after(one.state, told.step) if has_it else one.state
    detail = {"says": told.says} if told.says else {}
    detail |= {"ended": told.ended.value} if told.ended is not None else {}
    detail |= {"late": "yes"} if not has_it or is_behind(one.state, told.step) else {}
    note(connection, one, OF_STEP[told.step], by, now, sent=told.sent, detail=detail)
    if by.unit_id is not None:
        serving.is_well(connection, by.unit_id, now)
    changed = one if state is one.state else moved(one, state, now)
    if one.state is IncidentState.CANCELLED_BEFORE:
        return one  # Who called it off was told that nobody had set out: that stands, unless the control room mends it.
    changed = timed_anew(connection, changed)
    if one.departed_at != changed.departed_at and changed.departed_at is not None:
        terms.settle(connection, changed, changed.departed_at, now)
    if state is one.state:
        return ending.corrected(connection, one, changed, now)
    if one.state is IncidentState.SEARCHING:
        changed = replace(searching.swept(connection, changed, now), sweep_at=None)
    if state is IncidentState.CLEARED:
        return ending.closed(connection, one, changed, now)
    changed = saved(connection, one, changed)
    _follow(connection, changed, by, told, now)
    return changed


def _follow(connection: Connection, one: Incident, by: By, told: Report, now: datetime) -> None:
    """What follows from a step for others: the search, the alert, her contacts."""
    assert by.account_id is not None
    if told.step is IncidentAction.SEARCH:
        searching.opened(connection, one, by.account_id, now)
    if told.step in (IncidentAction.FIND, IncidentAction.HAND_OVER):
        searching.found(connection, one, by.account_id, told.ended or Ended.FOUND_WELL, told.find, now)
    if told.step is IncidentAction.HAND_OVER and one.alert_id is not None and not one.is_drill:
        turning_out.over(connection, one.wearer_id, one.alert_id, one.id, now)
    kind, level = TOLD[told.step]
    params = {"by": told.says} if told.says and told.step is IncidentAction.HAND_OVER else {}
    telling.to_contacts(connection, one, kind, str(told.step), now, level=level, params=params)
    if told.step is IncidentAction.NOT_FIND:
        telling.to_desk(connection, one, "dispatch.not_found_desk", str(told.step), now)
