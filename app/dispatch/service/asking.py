"""A guard is asked for: by a contact who was shown the price, by the control room, or by a signal, as the scheme
allows.
"""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.alerts.model import AlertState
from app.alerts.store import alerts as alerts_store
from app.dispatch.incident import Actor, IncidentState
from app.dispatch.model import Incident
from app.dispatch.service import ending, granting, offering, telling, terms
from app.dispatch.service.keeping import HOUSE, By, Sent, named, note, queue_up
from app.dispatch.store import entries, incidents
from app.dispatch.timeline import What
from app.households import service as households
from app.households.model import Scope
from app.kit.errors import Conflict, NotAllowed, NotFound
from app.kit.ids import AlertId, CityId, ContactId, IncidentId, WearerId, new_id
from app.programmes.model import Starter
from app.push.model import Level

SAME_WITHIN = timedelta(days=1)
"""A request that a bad line sends again so long after is still the same one."""


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked: why, about which alert, and the price that was agreed to (`quote`, as it was shown). `contact_id`:
    whose request an operator passes on. `is_drill`: it is practice.
    """

    sent: Sent
    reason: str = ""
    quote: str = ""
    alert_id: AlertId | None = None
    contact_id: ContactId | None = None
    is_drill: bool = False


def request(connection: Connection, viewer: Viewer, wearer_id: WearerId, asked: Asked, now: datetime) -> Incident:
    """The incident, being offered to units; or the one that is open for her, which both who asked see then. The same
    request again is the same incident, also when it is over.

    Raises `NotFound` for whom she does not concern; `NotAllowed` for who may not ask by her scheme; `Conflict` where
    the scheme has nobody go, or the price is not the one that was shown.
    """
    wearer = households.visible_wearer(connection, viewer, wearer_id, Scope.ALERTS, now)
    queue_up(connection, wearer_id)
    by = By(actor=Actor.CONTACT if viewer.role is Role.FAMILY else Actor.CONTROL, account_id=viewer.account_id)
    before = _asked_before(connection, wearer_id, by, asked.sent, now)
    if before is not None:
        return before
    if asked.alert_id is not None and not _is_hers(connection, wearer_id, asked.alert_id):
        raise NotFound
    if asked.is_drill and by.actor is not Actor.CONTROL:
        raise NotAllowed("The control room of the city leads drills.")
    running = incidents.open_of(connection, wearer_id, is_drill=asked.is_drill)
    if running is not None:
        _joined(connection, running, by, asked, now)
        return running
    starter = Starter.CONTACT if by.actor is Actor.CONTACT or asked.contact_id is not None else Starter.OPERATOR
    contract = None
    if not asked.is_drill:
        contract = terms.must_start(connection, wearer_id, starter, viewer, asked.contact_id, now)
    one = _new(wearer_id, wearer.city_id, starter, asked, now)
    if contract is not None:
        terms.agree(connection, viewer, one, asked.quote, now)
        one = terms.bound(connection, one, contract, now)
    return _begun(connection, one, by, asked.sent, now, viewer)


def by_signal(connection: Connection, alert_id: AlertId, now: datetime) -> bool:
    """Whether a guard is sent, or was already, for an alert that nobody has taken, where her scheme lets a turn-out
    begin on a signal. Nobody is asked for the price; the contract says it.
    """
    found = alerts_store.by_id(connection, alert_id)
    if found is None or found.state is not AlertState.OPEN:
        return False
    queue_up(connection, found.wearer_id)
    if incidents.open_of(connection, found.wearer_id, is_drill=False) is not None:
        return True
    if incidents.of_alert(connection, alert_id) is not None:
        return True
    contract = terms.may_start_by_itself(connection, found.wearer_id, now)
    if contract is None:
        return False
    asked = Asked(sent=Sent(key=f"alert:{alert_id.hex}"), alert_id=alert_id)
    one = _new(found.wearer_id, found.city_id, Starter.SIGNAL, asked, now)
    _begun(connection, terms.bound(connection, one, contract, now), HOUSE, None, now, None)
    return True


def _new(wearer_id: WearerId, city_id: CityId, starter: Starter, asked: Asked, now: datetime) -> Incident:
    return Incident(
        id=IncidentId(new_id()),
        city_id=city_id,
        wearer_id=wearer_id,
        state=IncidentState.REQUESTED,
        is_drill=asked.is_drill,
        starter=starter,
        requested_by=None,
        reason=asked.reason,
        alert_id=asked.alert_id,
        requested_at=now,
        state_at=now,
        offers_at=now,
    )


def _begun(
    connection: Connection, one: Incident, by: By, sent: Sent | None, now: datetime, viewer: Viewer | None
) -> Incident:
    """The incident, written down and offered: who is told of her hears that a guard was asked for."""
    if not one.is_drill:
        ending.end_drill(connection, one.wearer_id, now)
    one = replace(one, requested_by=by.account_id, live_at=granting.live(connection, one.wearer_id, now))
    if not incidents.add(connection, one):
        raise Conflict("Somebody else asked at this moment; look again.")
    detail = {"reason": one.reason} if one.reason else {}
    note(connection, one, What.REQUESTED, by, now, sent=sent, key="begin", detail=detail)
    kind, params = "dispatch.requested_by_house", dict[str, str]()
    if viewer is not None:
        kind, params = "dispatch.requested", {"by": viewer.name}
    besides = None if viewer is None else viewer.account_id
    telling.to_contacts(connection, one, kind, "begin", now, level=Level.NOTICE, params=params, besides=besides)
    return offering.begin(connection, one, now)


def _joined(connection: Connection, one: Incident, by: By, asked: Asked, now: datetime) -> None:
    """Somebody else asks for what goes on already: nothing begins anew, and the timeline says it."""
    detail = {"reason": asked.reason} if asked.reason else {}
    if one.requested_by != by.account_id:
        note(connection, one, What.JOINED, by, now, sent=asked.sent, detail=detail)


def _asked_before(connection: Connection, wearer_id: WearerId, by: By, sent: Sent, now: datetime) -> Incident | None:
    """The incident that came of this very request."""
    incident_id = entries.incident_of_key(connection, wearer_id, named(by, sent), now - SAME_WITHIN)
    return None if incident_id is None else incidents.by_id(connection, incident_id)


def _is_hers(connection: Connection, wearer_id: WearerId, alert_id: AlertId) -> bool:
    return alerts_store.one(connection, alert_id, [wearer_id]) is not None
