"""Units are asked, in waves; one accepts, the others are told; or nobody does, and the control room is."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.alerts.service import turning_out
from app.dispatch import offers
from app.dispatch.incident import LOOKED_FOR, Actor, IncidentAction, IncidentState, after
from app.dispatch.model import Incident, moved
from app.dispatch.nearest import Candidate, Free, KnownFrom, Needs, fits, ranked
from app.dispatch.offers import AGAIN_AFTER, Offer, OfferAction, OfferState
from app.dispatch.service import choosing, granting, sight, telling, terms
from app.dispatch.service.keeping import HOUSE, By, Sent, in_hand, is_told, note, saved, timed_anew
from app.dispatch.store import duty, units
from app.dispatch.store import offers as store
from app.dispatch.timeline import What
from app.geo import service as geo
from app.geo.model import FencePurpose
from app.history import service as history
from app.kit.errors import Conflict, NotFound
from app.kit.ids import AccountId, CityId, CompanyId, OfferId, UnitId, WearerId, new_id
from app.push.model import Level

ASKED_MAX = 200
"""Units of one wave at the most."""


class Pool:
    """The free units of cities, asked for once: in a transaction that sends none out and takes none back."""

    def __init__(self) -> None:
        self._free: dict[tuple[CityId, frozenset[CompanyId]], list[Free]] = {}

    def of(self, connection: Connection, city_id: CityId, companies: frozenset[CompanyId]) -> list[Free]:
        """Those of a city, or of some companies in it."""
        key = city_id, companies
        if key not in self._free:
            self._free[key] = duty.free_units(connection, city_id, companies)
        return self._free[key]


def begin(connection: Connection, one: Incident, now: datetime, pool: Pool | None = None) -> Incident:
    """The incident, being offered in a new round, or with nobody to offer it to."""
    return next_wave(connection, replace(one, round=one.round + 1, wave=0), now, before=one, pool=pool)


def next_wave(
    connection: Connection, one: Incident, now: datetime, *, before: Incident | None = None, pool: Pool | None = None
) -> Incident:
    """The incident, offered to the next wave of units; without anybody left, the control room is told."""
    store.lapse(connection, one.id, now)
    found = candidates(connection, one, now, pool)
    nearest = [each.unit_id for each in found]
    plan = offers.next_wave(one.wave, nearest, store.of_round(connection, one.id, one.round), now)
    if not plan.units:
        return _nobody(connection, one, now, before or one)
    wanted = set(plan.units)
    chosen = [each for each in found if each.unit_id in wanted][:ASKED_MAX]
    assert plan.expires_at is not None
    made = [_offer(one, each, plan.wave, now, plan.expires_at) for each in chosen]
    store.add(connection, made)
    state = one.state if one.state is IncidentState.OFFERING else after(one.state, IncidentAction.OFFER)
    changed = one if state is one.state else moved(one, state, now)
    changed = saved(connection, before or one, replace(changed, wave=plan.wave, offers_at=plan.expires_at))
    detail = {"wave": str(plan.wave), "units": str(len(made))}
    note(connection, one, What.OFFERED, HOUSE, now, key=f"{one.round}:{plan.wave}", detail=detail)
    ask(connection, one, made, now)
    return changed


def ask(connection: Connection, one: Incident, made: Sequence[Offer], now: datetime) -> None:
    """Asks the people of units: how far it is and until when they can say so, and not who it is about."""
    crews = duty.guards_of(connection, [offer.unit_id for offer in made])
    notes = [_question(offer, crews.get(offer.unit_id, [])) for offer in made]
    telling.tell(connection, one, notes, now)


def _question(offer: Offer, people: Sequence[AccountId]) -> telling.Telling:
    near = {} if offer.distance_m is None else {"distance_m": str(round(offer.distance_m))}
    return telling.Telling(
        kind="unit.offer_near" if near else "unit.offer",
        name=offer.id.hex,
        people=people,
        level=Level.URGENT,
        params={"until": offer.expires_at.isoformat(), **near},
        names_her=False,
    )


def candidates(connection: Connection, one: Incident, now: datetime, pool: Pool | None = None) -> list[Candidate]:
    """The units that can go, the nearest first: of the company that serves by contract, where it has any."""
    company_id = terms.company_of(connection, one, now)
    needs = Needs() if company_id is None else Needs(companies=frozenset({company_id}))
    free = (pool or Pool()).of(connection, one.city_id, needs.companies)
    place = where_is(connection, one.wearer_id)
    if place is not None:
        return ranked(free, *place, needs, now)
    fitting = [each for each in free if fits(each.unit, needs)]
    return [nowhere(each) for each in sorted(fitting, key=lambda each: each.unit.id)]


def accept(connection: Connection, viewer: Viewer, offer_id: OfferId, sent: Sent, now: datetime) -> Incident:
    """The incident, which the viewer's unit has now; the same answer again changes nothing. Of many at once one wins.

    Raises `NotFound`, and `Conflict` where another unit goes, it was called off, or this one is out already.
    """
    offer, by = _mine(connection, viewer, offer_id)
    one = in_hand(connection, offer.incident_id)
    if is_told(connection, one, by, sent) or one.unit_id == offer.unit_id:
        return one
    relieves = offer.relieves and one.unit_id is not None
    if one.state not in LOOKED_FOR and not relieves:
        raise Conflict(_why_not(one))
    state = after(one.state, IncidentAction.RELIEVE if relieves else IncidentAction.ACCEPT)
    if relieves:
        _relieved(connection, one, by, now)
    if not store.answer(connection, offer.id, OfferAction.ACCEPT, viewer.account_id, now):
        raise Conflict(_why_not(one))
    if not choosing.take(connection, offer.unit_id, one.id, now):
        raise Conflict("This unit is out for another incident, or nobody of it is on duty.")
    number = one.quota_number
    if number is None:
        number = terms.reserve(connection, one, now)
    note(connection, one, What.ACCEPTED, by, now, sent=sent, detail={"unit": _name(connection, offer.unit_id)})
    changed = replace(moved(one, state, now), unit_id=offer.unit_id, quota_number=number, offers_at=None)
    changed = saved(connection, one, timed_anew(connection, changed))
    _tell_accepted(connection, changed, offer, now)
    return changed


def decline(
    connection: Connection, viewer: Viewer, offer_id: OfferId, reason: offers.Declined, says: str, now: datetime
) -> Offer:
    """The offer, declined; when everybody of the wave has, the next wave is asked at once. Declining again changes
    nothing. Raises `NotFound`, and `Conflict` for one that was accepted or is over.
    """
    offer, by = _mine(connection, viewer, offer_id)
    one = in_hand(connection, offer.incident_id)
    if offer.state is OfferState.DECLINED:
        return offer
    words = f"{reason.value}: {says}" if says else reason.value
    if not store.answer(connection, offer.id, OfferAction.DECLINE, viewer.account_id, now, words[:200]):
        raise Conflict("This offer is not open any more.")
    detail = {"unit": _name(connection, offer.unit_id), "reason": words[:200]}
    note(connection, one, What.DECLINED, by, now, sent=Sent(key=f"decline:{offer.id.hex}"), detail=detail)
    asked = store.of_round(connection, one.id, one.round)
    if one.state is IncidentState.OFFERING and not offer.relieves and offers.is_answered(asked):
        next_wave(connection, one, now)
    found = store.by_id(connection, offer.id)
    assert found is not None
    return found


def on_time(connection: Connection, one: Incident, now: datetime, pool: Pool) -> Incident:
    """The incident, whose wave is over, or which nobody could take some minutes ago."""
    if one.state is IncidentState.OFFERING:
        return next_wave(connection, one, now, pool=pool)
    if candidates(connection, one, now, pool):
        return begin(connection, one, now, pool)
    return saved(connection, one, replace(one, offers_at=now + AGAIN_AFTER))


def _nobody(connection: Connection, one: Incident, now: datetime, before: Incident) -> Incident:
    """Nobody is left to ask: the control room is told at once, and so is the family."""
    if one.state is IncidentState.NOBODY:
        return saved(connection, before, replace(one, offers_at=now + AGAIN_AFTER))
    changed = moved(one, after(one.state, IncidentAction.RUN_OUT), now)
    changed = saved(connection, before, replace(changed, offers_at=now + AGAIN_AFTER))
    name = str(one.round)
    note(connection, one, What.NOBODY, HOUSE, now, key=name)
    telling.to_desk(connection, changed, "dispatch.nobody_desk", name, now)
    telling.to_contacts(connection, changed, "dispatch.nobody", name, now)
    return changed


def _relieved(connection: Connection, one: Incident, by: By, now: datetime) -> None:
    """The unit that was out is free: another one has it from here."""
    assert one.unit_id is not None
    store.give_back(connection, one.id, "relieved")
    choosing.free(connection, one.unit_id, one.id, now)
    granting.end(connection, one, now)
    note(connection, one, What.RELIEVED, by, now, unit_id=one.unit_id)
    about = f"relieved:{one.id}"  # Of its own: what asked units is taken back in a moment.
    telling.to_units(connection, one, [one.unit_id], "unit.relieved", by_name(one, now), now, about=about)


def _tell_accepted(connection: Connection, one: Incident, offer: Offer, now: datetime) -> None:
    others = [each.unit_id for each in store.waiting_of(connection, one.id)]
    store.supersede(connection, one.id, now)
    telling.take_back_offers(connection, one, now)
    telling.to_units(connection, one, others, "unit.taken", by_name(one, now), now, level=Level.NEWS)
    assert one.unit_id is not None
    granting.begin(connection, one, now)
    unit = units.unit_by_id(connection, one.unit_id)
    company = None if unit is None else units.company_by_id(connection, unit.company_id)
    params = {"unit": _name(connection, one.unit_id), "company": "" if company is None else company.name}
    telling.to_contacts(connection, one, "dispatch.accepted", offer.id.hex, now, params=params)
    if one.alert_id is not None and not one.is_drill:
        turning_out.note(connection, one.alert_id, one.id, now)


def nowhere(free: Free) -> Candidate:
    """A unit of which nobody can say how far it is, since nobody knows where she is."""
    unit = free.unit
    return Candidate(
        unit_id=unit.id, company_id=unit.company_id, company_name=free.company_name, name=unit.name, kind=unit.kind,
        known_from=KnownFrom.NOWHERE, distance_m=None, age_s=None, counted_m=None, in_area=None,
    )  # fmt: skip


def by_name(one: Incident, now: datetime) -> str:
    """What a telling is called that may come more than once of an incident."""
    return f"{one.round}:{int(now.timestamp() * 1000)}"


def _offer(one: Incident, each: Candidate, wave: int, now: datetime, until: datetime) -> Offer:
    return Offer(
        id=OfferId(new_id()), incident_id=one.id, unit_id=each.unit_id, round=one.round, wave=wave,
        state=OfferState.OPEN, offered_at=now, expires_at=until, distance_m=each.distance_m,
    )  # fmt: skip


def _mine(connection: Connection, viewer: Viewer, offer_id: OfferId) -> tuple[Offer, By]:
    offer = store.by_id(connection, offer_id)
    if offer is None or offer.unit_id not in sight.units_now(connection, viewer):
        raise NotFound
    return offer, By(actor=Actor.GUARD, account_id=viewer.account_id, unit_id=offer.unit_id)


def _why_not(one: Incident) -> str:
    return "It was called off." if one.is_over else "Another unit goes already."


def _name(connection: Connection, unit_id: UnitId) -> str:
    found = units.unit_by_id(connection, unit_id)
    return "" if found is None else found.name


def where_is(connection: Connection, wearer_id: WearerId) -> tuple[float, float] | None:
    """Where she probably is: her newest place, else her home; None where nobody knows. No look of anybody."""
    found = history.last_known(connection, [wearer_id]).get(wearer_id)
    if found is not None:
        return found.lat_deg, found.lon_deg
    fences = geo.fences_of(connection, [wearer_id]).get(wearer_id, [])
    for fence in sorted(fences, key=lambda each: each.purpose is not FencePurpose.HOME):
        if fence.centre is not None:
            return fence.centre.lat_deg, fence.centre.lon_deg
    return None
