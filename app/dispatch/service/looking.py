"""What people see of incidents: who goes and from where, how far it has come, and for whoever goes, where she is."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.dispatch import hours, timeline
from app.dispatch.incident import ENDED, LOOKED_FOR, Actor
from app.dispatch.model import Incident
from app.dispatch.offers import Offer
from app.dispatch.service import offering, serving, sight
from app.dispatch.service.keeping import By
from app.dispatch.service.proving import Proof, proof
from app.dispatch.store import duty, entries, incidents, units
from app.dispatch.store import offers as offers_store
from app.dispatch.timeline import Entry, What
from app.dispatch.units import UnitPlace
from app.geo.measure import distance_m
from app.history import service as history
from app.history.model import Position, TrackPoint
from app.households import service as households
from app.households.model import Contact, Purpose, Scope
from app.kit.errors import NotFound
from app.kit.ids import AccountId, IncidentId, OfferId, UnitId

TRACK_BEFORE = timedelta(minutes=30)
"""Who goes sees her way from so long before the request on."""
TRACK_POINTS_MAX = 300
AROUND_M = 500
"""Before a unit has accepted it is told where it would go no finer than so."""


class Going(Struct, frozen=True, kw_only=True):
    """A contact who said that he goes himself."""

    account_id: AccountId
    name: str
    arrives_at: datetime | None


class Out(Struct, frozen=True, kw_only=True):
    """The unit that goes: by what it is known at the door, where it is and how far from her, in metres."""

    proof: Proof
    place: UnitPlace | None
    distance_m: float | None


class Shown(Struct, frozen=True, kw_only=True):
    """An incident as somebody sees it. `contacts` and `note`: whom a guard can call, and what he must know of her."""

    incident: Incident
    wearer_name: str
    by: By
    requested_by: str | None
    ends_at: datetime | None
    out: Out | None = None
    going: Sequence[Going] = ()
    contacts: Sequence[Contact] = ()
    note: str = ""


class Line(Struct, frozen=True, kw_only=True):
    """A line of the timeline, with names; `at` as it stands after corrections."""

    entry: Entry
    at: datetime
    by: str | None
    unit: str | None


class Asked(Struct, frozen=True, kw_only=True):
    """An offer to a unit of the viewer's, and about where it is: no person and no exact place."""

    offer: Offer
    unit: str
    is_drill: bool
    near: tuple[float, float] | None


class Where(Struct, frozen=True, kw_only=True):
    """Where she is, and her way since shortly before the request."""

    position: Position | None
    track: Sequence[TrackPoint]


def visible(connection: Connection, viewer: Viewer, incident_id: IncidentId, now: datetime) -> tuple[Incident, By]:
    """The incident and as what the viewer sees it. Raises `NotFound`."""
    found = incidents.by_id(connection, incident_id)
    if found is None:
        raise NotFound
    return found, sight.seat(connection, viewer, found, now)


def shown(connection: Connection, viewer: Viewer, incident_id: IncidentId, secret: bytes, now: datetime) -> Shown:
    """One incident with who goes, and the word of the day, which is made from the service's `secret`. Where a unit is,
    is a look at it, which is noted. Raises `NotFound`.
    """
    one, by = visible(connection, viewer, incident_id, now)
    (found,) = _shown(connection, [(one, by)])
    out = None
    if one.unit_id is not None:
        out = _out(connection, viewer, one, by, secret, now)
    more = (found.contacts, found.note)
    if by.unit_id is not None and by.unit_id == one.unit_id and one.state not in ENDED:
        wearer = households.wearers_by_id(connection, [one.wearer_id])[one.wearer_id]
        told = households.told(connection, one.wearer_id, now)
        more = ([each.contact for each in told], wearer.note)
    return Shown(
        incident=one, wearer_name=found.wearer_name, by=by, requested_by=found.requested_by, ends_at=found.ends_at,
        out=out, going=_going(connection, one), contacts=more[0], note=more[1],
    )  # fmt: skip


def listed(
    connection: Connection, viewer: Viewer, is_open: bool | None, before: tuple[datetime, UUID] | None, count: int,
    now: datetime,
) -> list[Shown]:  # fmt: skip
    """Up to `count` incidents that the viewer may see, newest first; without places."""
    unit_ids = sight.units_now(connection, viewer) if viewer.role in sight.OF_COMPANY else []
    wearer_ids = households.visible_wearer_ids(connection, viewer, Scope.ALERTS, now)
    found = incidents.newest(connection, wearer_ids, unit_ids, is_open=is_open, before=before, count=count)
    return _shown(connection, [(one, _as(viewer)) for one in found])


def lines(connection: Connection, viewer: Viewer, incident_id: IncidentId, now: datetime) -> list[Line]:
    """The whole timeline in order of time, corrections after what they correct. Raises `NotFound`."""
    one, _ = visible(connection, viewer, incident_id, now)
    found = entries.of(connection, one.id)
    stands = {each.id: each.at for each in timeline.corrected(found)}
    names = incidents.names_of(connection, {each.account_id for each in found if each.account_id is not None})
    called = {
        unit_id: unit.name
        for unit_id in {each.unit_id for each in found if each.unit_id is not None}
        if (unit := units.unit_by_id(connection, unit_id)) is not None
    }
    made = [
        Line(
            entry=each,
            at=stands.get(each.id, each.at),
            by=None if each.account_id is None else names.get(each.account_id),
            unit=None if each.unit_id is None else called.get(each.unit_id),
        )
        for each in found
    ]
    return sorted(made, key=lambda line: (line.at, line.entry.id))


def offers(connection: Connection, viewer: Viewer, after: UUID | None, count: int, now: datetime) -> list[Asked]:
    """Up to `count` offers that the viewer's units may still accept, oldest first."""
    mine = sight.units_now(connection, viewer)
    return _asked(connection, offers_store.waiting_for(connection, mine, after, count))


def offer(connection: Connection, viewer: Viewer, offer_id: OfferId) -> Asked:
    """One offer to a unit of the viewer's. Raises `NotFound`."""
    found = offers_store.by_id(connection, offer_id)
    if found is None or found.unit_id not in sight.units_now(connection, viewer):
        raise NotFound
    return asked(connection, found)


def asked(connection: Connection, one: Offer) -> Asked:
    """An offer as it is shown."""
    (made,) = _asked(connection, [one])
    return made


def photo(connection: Connection, viewer: Viewer, incident_id: IncidentId, guard_id: AccountId, now: datetime) -> bytes:
    """The photo of somebody who goes, a JPEG file, while they do. Raises `NotFound`."""
    one, _ = visible(connection, viewer, incident_id, now)
    if one.unit_id is None or one.state in ENDED or guard_id not in duty.guards_on(connection, one.unit_id):
        raise NotFound
    found = units.photo(connection, guard_id)
    if found is None:
        raise NotFound
    return found


def where(connection: Connection, viewer: Viewer, incident_id: IncidentId, now: datetime) -> Where:
    """Where she is, for whom a consent shows it: who goes is given one while his unit has the incident and it is open.
    The look is noted, and the family can read it. Raises `NotFound`.
    """
    one = incidents.by_id(connection, incident_id)
    if one is None:
        raise NotFound
    households.visible_wearer(connection, viewer, one.wearer_id, Scope.PLACE, now)
    households.look(connection, viewer, one.wearer_id, Purpose.DISPATCH, now)
    position = history.last_known(connection, [one.wearer_id]).get(one.wearer_id)
    track: Sequence[TrackPoint] = ()
    if one.wearer_id in households.visible_wearer_ids(connection, viewer, Scope.TRACK, now, [one.wearer_id]):
        begin = one.requested_at - TRACK_BEFORE
        track = history.track(connection, viewer, one.wearer_id, begin, now, TRACK_POINTS_MAX, now).points
    return Where(position=position, track=track)


def _shown(connection: Connection, some: Sequence[tuple[Incident, By]]) -> list[Shown]:
    wearers = households.wearers_by_id(connection, {one.wearer_id for one, _ in some})
    names = incidents.names_of(connection, {one.requested_by for one, _ in some if one.requested_by is not None})
    return [
        Shown(
            incident=one,
            wearer_name=wearers[one.wearer_id].name,
            by=by,
            requested_by=None if one.requested_by is None else names.get(one.requested_by),
            ends_at=_ends_at(one),
        )
        for one, by in some
    ]


def _ends_at(one: Incident) -> datetime | None:
    if one.departed_at is None or one.state in ENDED:
        return None
    return hours.ends_at(one.departed_at, one.granted, one.limit)


def _out(connection: Connection, viewer: Viewer, one: Incident, by: By, secret: bytes, now: datetime) -> Out | None:
    """The unit that has it. Its place is for who waits for it, while it is out; and so are its people and the word that
    they say at the door: after that they go to others. A unit that had it before sees of the one that has it now, which
    may be another company's, no more than its name.
    """
    assert one.unit_id is not None
    if units.unit_by_id(connection, one.unit_id) is None:
        return None
    place = None
    was_relieved = by.unit_id not in (None, one.unit_id)
    if one.state not in ENDED and one.state not in LOOKED_FOR and not was_relieved:
        if by.unit_id == one.unit_id:
            place = duty.places(connection, [one.unit_id]).get(one.unit_id)
        else:
            place = serving.place_of(connection, viewer, one.unit_id, now)
    hers = None if place is None else offering.where_is(connection, one.wearer_id)
    shown = proof(connection, secret, one.unit_id, now)
    return Out(
        proof=replace(shown, word="", people=[]) if one.state in ENDED or was_relieved else shown,
        place=place,
        distance_m=None if place is None or hers is None else distance_m(place.lat_deg, place.lon_deg, *hers),
    )


def _going(connection: Connection, one: Incident) -> list[Going]:
    """The contacts who are on the way, each with what he said last."""
    said = {line.account_id: line for line in entries.newest(connection, [one.id], What.ON_THE_WAY).get(one.id, [])}
    names = incidents.names_of(connection, [account_id for account_id in said if account_id is not None])
    return [
        Going(account_id=account_id, name=names.get(account_id, ""), arrives_at=_moment(line.detail.get("arrives_at")))
        for account_id, line in said.items()
        if account_id is not None
    ]


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _asked(connection: Connection, found: Sequence[Offer]) -> list[Asked]:
    about = incidents.by_ids(connection, {one.incident_id for one in found})
    called: dict[UnitId, str] = {}
    for one in found:
        unit = units.unit_by_id(connection, one.unit_id)
        called[one.unit_id] = "" if unit is None else unit.name
    return [
        Asked(
            offer=one,
            unit=called[one.unit_id],
            is_drill=about[one.incident_id].is_drill,
            near=_near(offering.where_is(connection, about[one.incident_id].wearer_id)),
        )
        for one in found
    ]


def _near(place: tuple[float, float] | None) -> tuple[float, float] | None:
    """A place no finer than `AROUND_M`: to two decimals of a degree, about 1 km."""
    return None if place is None else (round(place[0], 2), round(place[1], 2))


def _as(viewer: Viewer) -> By:
    if viewer.role in sight.OF_COMPANY:
        return By(actor=Actor.GUARD, account_id=viewer.account_id)
    actor = Actor.CONTACT if viewer.role is Role.FAMILY else Actor.CONTROL
    return By(actor=actor, account_id=viewer.account_id)
