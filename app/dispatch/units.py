"""Companies, units and their people: what they are, who makes a unit complete, and where it works. Pure."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from app.geo.cells import is_under
from app.geo.fences import signed_distance_to_polygon_m
from app.geo.model import Point
from app.kit.ids import AccountId, CityId, CompanyId, IncidentId, RotaId, TaskId, UnitId
from app.pictures import Size

CELL = r"^8[0-9a-f]{14}$"
CHECK_MIN_MIN, CHECK_MIN_MAX = 5, 240
PHOTO_SIZE = Size(side_px=640, bytes_max=150_000)
"""Of a face, as families see it on their phones."""


class UnitKind(StrEnum):
    """What goes out together."""

    GUARD = "guard"
    PAIR = "pair"
    CAR = "car"


CREW_NEEDED = {UnitKind.GUARD: 1, UnitKind.PAIR: 2, UnitKind.CAR: 1}
"""How many must be on duty before a unit is one."""


class Work(StrEnum):
    """What a unit may be sent for. Guard work (警備業務) is under the 警備業法 and needs the company's licence; visits
    (訪問業務, as Sapporo has them) must be none of it, and neither may be done as the other.
    """

    GUARD = "guard"
    VISIT = "visit"


class Capability(StrEnum):
    """What a unit can do or has with it."""

    FIRST_AID = "first_aid"
    AED = "aed"
    CAR = "car"
    WOMAN = "woman"
    SIGN_LANGUAGE = "sign_language"
    ENGLISH = "english"
    DEMENTIA = "dementia"
    """Has learnt to speak with people who have dementia (認知症サポーター)."""
    KEYS = "keys"
    """Can bring the keys that its company keeps."""


class Base(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a unit waits."""

    lat_deg: Annotated[float, Meta(ge=-90, le=90)]
    lon_deg: Annotated[float, Meta(ge=-180, le=180)]
    name: Annotated[str, Meta(max_length=100)] = ""


Corner = tuple[Annotated[float, Meta(ge=-90, le=90)], Annotated[float, Meta(ge=-180, le=180)]]
Ward = Annotated[str, Meta(min_length=1, max_length=40)]


class Areas(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a unit works: within any of these H3 cells (hexadecimal, of any resolution) or polygons (corners as
    latitude and longitude), or in any of these wards by name.
    """

    cells: Annotated[list[Annotated[str, Meta(pattern=CELL)]], Meta(max_length=500)] = []
    polygons: Annotated[list[Annotated[list[Corner], Meta(min_length=3, max_length=100)]], Meta(max_length=20)] = []
    wards: Annotated[list[Ward], Meta(max_length=50)] = []


class Company(Struct, frozen=True, kw_only=True):
    """A company that sends units in a city. `code` is what contracts and bills call it (what stands on its documents is
    kept by `billing`); `licence` is that of the public safety commission, without which it does no guard work.
    """

    id: CompanyId
    city_id: CityId
    code: str
    name: str
    phone: str
    licence: str | None = None
    created_at: datetime
    ended_at: datetime | None = None


class Unit(Struct, frozen=True, kw_only=True):
    """Who is sent: a guard, a pair, a car. `areas` None: the whole city. `check_every_min`: how often somebody of it
    must say that all is well while it is out; None where nobody asks.
    """

    id: UnitId
    city_id: CityId
    company_id: CompanyId
    name: str
    kind: UnitKind
    work: Work = Work.GUARD
    capabilities: frozenset[Capability] = frozenset()
    areas: Areas | None = None
    base: Base | None = None
    vehicle: str | None = None
    check_every_min: int | None = None
    created_at: datetime
    ended_at: datetime | None = None


class Member(Struct, frozen=True, kw_only=True):
    """Somebody of a company, with an account. `is_guard`: goes out; otherwise sits in its control room."""

    account_id: AccountId
    company_id: CompanyId
    name: str
    is_guard: bool
    badge: str | None
    has_photo: bool


class Spell(Struct, frozen=True, kw_only=True):
    """Somebody was, or is, on duty in a unit."""

    unit_id: UnitId
    account_id: AccountId
    from_at: datetime
    until_at: datetime | None = None


class Task(Struct, frozen=True, kw_only=True):
    """A unit is, or was, out for an incident."""

    id: TaskId
    unit_id: UnitId
    incident_id: IncidentId
    taken_at: datetime
    freed_at: datetime | None = None


class UnitPlace(Struct, frozen=True, kw_only=True):
    """Where a unit was, by its people's phone: `at` by the phone's clock, `received_at` by ours."""

    at: datetime
    received_at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None


class Planned(Struct, frozen=True, kw_only=True):
    """Hours of the rota: somebody is to be on duty in a unit."""

    id: RotaId
    unit_id: UnitId
    account_id: AccountId
    from_on: date
    until_on: date | None


def works_at(areas: Areas | None, lat_deg: float, lon_deg: float, ward: str | None) -> bool | None:
    """Whether a place lies in the areas of a unit. None where only the name of the ward could say, and nobody knows it.

    >>> works_at(None, 34.75, 134.84, None), works_at(Areas(wards=["中央区"]), 43.06, 141.35, "中央区")
    (True, True)
    >>> works_at(Areas(wards=["中央区"]), 43.06, 141.35, None) is None
    True
    """
    if areas is None or not (areas.cells or areas.polygons or areas.wards):
        return True
    if ward is not None and ward in areas.wards:
        return True
    if any(is_under(int(cell, 16), lat_deg, lon_deg) for cell in areas.cells):
        return True
    if any(is_within(corners, lat_deg, lon_deg) for corners in areas.polygons):
        return True
    return None if areas.wards and ward is None else False


def is_within(corners: Sequence[Corner], lat_deg: float, lon_deg: float) -> bool:
    """Whether a place lies in a polygon."""
    return signed_distance_to_polygon_m([Point(*corner) for corner in corners], lat_deg, lon_deg) >= 0
