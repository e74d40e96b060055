"""What happened and is not told, because her people know: it was said to be fine, or one of them is with her."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.geo.quality import assumed_accuracy_m
from app.history import service as history
from app.households import service as households
from app.households.model import Scope
from app.kit.ids import ContactId, WearerId
from app.push import render
from app.push.render import Words
from app.watch import store
from app.watch.fence import fence_subject
from app.watch.model import AlertKind, Outcome, Subject, WatchEvent, WatchState
from app.watch.movement import company
from app.watch.movement.allowances import day_at, mutes
from app.watch.movement.company import Beside
from app.watch.movement.door import HOME_M, away_from_home_m
from app.watch.movement.moving import Point
from app.watch.movement.rules import RULES
from app.watch.store import allowances

_RULES = frozenset(rule.name for rule in RULES) | {"vanished"}


class InCompany(Struct, frozen=True, kw_only=True):
    """Who is beside her since when, so that nothing is told of movement, and that in words."""

    name: str
    since: datetime
    words: Words


class Quiet(Struct, frozen=True, kw_only=True):
    """Why nothing is told of her movement now: since somebody is with her; until her day is over, since somebody said
    that it is fine.
    """

    company: InCompany | None
    fine_until: datetime | None


def unmuted(
    connection: Connection, state: WatchState, subject: Subject, events: Sequence[WatchEvent]
) -> list[WatchEvent]:
    """The events without those that nobody is to be told of. Where somebody is with her is asked only when something is
    about to be told of her movement: nobody is followed for less.
    """
    told = [event for event in events if not _is_fine(event, subject)]
    began = [event for event in told if event.rule in _RULES and event.outcome is Outcome.BEGAN]
    movement = state.movement
    if not began or movement is None:
        return told
    withheld = []
    for event in began:
        contact_id = _beside(connection, state, subject, event)
        company.note(movement, contact_id, event.at)
        if contact_id is not None:
            withheld.append(event)
    company.put_back(movement, [event.at for event in withheld])
    return [event for event in told if event not in withheld]


def _beside(connection: Connection, state: WatchState, subject: Subject, event: WatchEvent) -> ContactId | None:
    movement, place = state.movement, event.place
    if movement is None or place is None:
        return None
    span = company.within(movement)
    others = [
        Beside(
            contact_id=one.contact_id,
            device_id=one.device_id,
            point=Point(
                one.at,
                one.lat_deg,
                one.lon_deg,
                assumed_accuracy_m(one.known_by) if one.accuracy_m is None else one.accuracy_m,
            ),
        )
        for one in history.companions(connection, subject.wearer_id, place.at - span, place.at + span)
    ]
    here = Point(place.at, place.lat_deg, place.lon_deg, place.accuracy_m)
    found = company.company(movement, here, others, lambda point: away_from_home_m(subject, point), HOME_M)
    return None if found is None else ContactId(found)


def quiet(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> Quiet:
    """Why nothing is told of her movement now, for those who see her alerts. Raises `NotFound`."""
    households.visible_wearer(connection, viewer, wearer_id, Scope.ALERTS, now)
    movement = store.state_of(connection, wearer_id).movement
    kept = None if movement is None else company.shown(movement, now)
    by = None
    if kept is not None:
        contact_id = ContactId(UUID(bytes=kept.contact))
        contact = households.contacts_by_id(connection, [contact_id]).get(contact_id)
        if contact is not None and contact.shares_place_since is not None:
            zone = store.zones_of(connection, [wearer_id])[wearer_id]
            params = {"by": contact.name, "at": kept.since.isoformat(), "zone": zone.key}
            words = render.words("in_company", "reason.in_company", params)
            by = InCompany(name=contact.name, since=kept.since, words=words)
    day = day_at(allowances.allowances_of(connection, [wearer_id]).get(wearer_id, ()), now)
    return Quiet(company=by, fine_until=None if day is None else day.until_at)


def _is_fine(event: WatchEvent, subject: Subject) -> bool:
    """Whether it is that she left a fence on a day on which her family said that this is fine. Rules of movement know
    by themselves.
    """
    if event.kind is not AlertKind.MOVEMENT or event.outcome is not Outcome.BEGAN or event.rule in _RULES:
        return False
    hours = [one.schedule for one in subject.fences if fence_subject(one.id, one.purpose) == event.subject]
    return mutes(subject.allowances, event.subject, event.at, subject.zone, hours)
