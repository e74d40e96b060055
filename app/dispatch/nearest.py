"""Which unit goes: those that may and can, the nearest first, each with the figures that put it there. Pure.

A place that is old says less about where a unit is now: each second of its age counts as `DRIFT_M_PER_S` metres more.
Where no place of a unit is known it is taken to be at its base, and that counts as `BASE_M` metres more, since nobody
has said so. A place older than `STALE` only says that the phone is silent: such a unit comes after all others, and one
of which nothing is known after those.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from app.dispatch.units import Capability, Unit, UnitKind, UnitPlace, Work, works_at
from app.geo.measure import distance_m
from app.kit.ids import CompanyId, UnitId

STALE = timedelta(minutes=30)
"""Resgrid excludes places of this age (1,800 s) by default; we keep them as the last resort."""
DRIFT_M_PER_S = 1.0
"""Between a guard who walks (1.4 m/s) and one who waits; a car that drives tells its place more often."""
BASE_M = 2_000.0
"""What a mere guess costs: 2 km, about as much as a place of half an hour."""


class KnownFrom(StrEnum):
    """How the place of a unit is known; the order is that of the ranks."""

    PHONE = "phone"
    BASE = "base"
    OLD = "old"
    """By a phone, more than `STALE` ago."""
    NOWHERE = "nowhere"


class Needs(Struct, frozen=True, kw_only=True):
    """What an incident asks of a unit. `kinds` and `companies` empty: any. `ward`: where it is, as far as that is
    known. `without`: units that are not to be asked, or not again. `within_m`: farther ones are no help.
    """

    work: Work = Work.GUARD
    capabilities: frozenset[Capability] = frozenset()
    kinds: frozenset[UnitKind] = frozenset()
    companies: frozenset[CompanyId] = frozenset()
    without: frozenset[UnitId] = frozenset()
    ward: str | None = None
    within_m: float | None = None


ANY = Needs()


class Free(Struct, frozen=True, kw_only=True):
    """A unit that is complete, on duty and not out, and the newest place of it."""

    unit: Unit
    company_name: str
    place: UnitPlace | None = None


class Candidate(Struct, frozen=True, kw_only=True):
    """A unit that can be asked, and why it stands where it stands: `distance_m` from the place that is known of it,
    `age_s` of that place, and `counted_m`, by which it was ranked among those known alike. None where nothing is known.
    `in_area` None: whether the place is in its areas depends on the ward, which nobody knows.
    """

    unit_id: UnitId
    company_id: CompanyId
    company_name: str
    name: str
    kind: UnitKind
    known_from: KnownFrom
    distance_m: float | None
    age_s: float | None
    counted_m: float | None
    in_area: bool | None

    @property
    def is_sure(self) -> bool:
        """Whether its place is known well enough to say how far it is."""
        return self.known_from is KnownFrom.PHONE


def ranked(free: Iterable[Free], lat_deg: float, lon_deg: float, needs: Needs, now: datetime) -> list[Candidate]:
    """Those who may and can, the nearest first. The order of what is given does not matter: of equals the one that was
    registered first comes first.
    """
    found = [_candidate(one, lat_deg, lon_deg, needs.ward, now) for one in free if fits(one.unit, needs)]
    return sorted((one for one in found if one.in_area is not False and _is_within(one, needs.within_m)), key=_rank)


def fits(unit: Unit, needs: Needs) -> bool:
    """Whether a unit may and can do what is asked, wherever it is. Guard work and visits never fit each other."""
    return (
        unit.work is needs.work
        and needs.capabilities <= unit.capabilities
        and (not needs.kinds or unit.kind in needs.kinds)
        and (not needs.companies or unit.company_id in needs.companies)
        and unit.id not in needs.without
    )


def _candidate(one: Free, lat_deg: float, lon_deg: float, ward: str | None, now: datetime) -> Candidate:
    unit, place = one.unit, one.place
    known_from, distance, age_s, counted = KnownFrom.NOWHERE, None, None, None
    if place is not None:
        age = max(timedelta(0), now - place.at)
        known_from = KnownFrom.PHONE if age <= STALE else KnownFrom.OLD
        age_s = age.total_seconds()
        distance = distance_m(place.lat_deg, place.lon_deg, lat_deg, lon_deg)
        counted = distance + age_s * DRIFT_M_PER_S
    elif unit.base is not None:
        known_from = KnownFrom.BASE
        distance = distance_m(unit.base.lat_deg, unit.base.lon_deg, lat_deg, lon_deg)
        counted = distance + BASE_M
    return Candidate(
        unit_id=unit.id,
        company_id=unit.company_id,
        company_name=one.company_name,
        name=unit.name,
        kind=unit.kind,
        known_from=known_from,
        distance_m=distance,
        age_s=age_s,
        counted_m=counted,
        in_area=works_at(unit.areas, lat_deg, lon_deg, ward),
    )


def _is_within(one: Candidate, within_m: float | None) -> bool:
    """Nobody of whom it is unknown where they are is held to be too far."""
    return within_m is None or one.distance_m is None or one.distance_m <= within_m


_GROUP = {KnownFrom.PHONE: 0, KnownFrom.BASE: 0, KnownFrom.OLD: 1, KnownFrom.NOWHERE: 2}


def _rank(one: Candidate) -> tuple[int, float, UnitId]:
    return _GROUP[one.known_from], one.counted_m or 0.0, one.unit_id
