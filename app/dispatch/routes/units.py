"""Units, who is on duty in them, and where they are."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.accounts.routes.fields import Name
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.dispatch.routes.companies import changes
from app.dispatch.service import serving, staffing
from app.dispatch.service.staffing import UnitView
from app.dispatch.units import CHECK_MIN_MAX, CHECK_MIN_MIN, Areas, Base, Capability, UnitKind, UnitPlace, Work
from app.kit.clock import Clock
from app.kit.errors import NotFound, Overloaded
from app.kit.ids import AccountId, CompanyId, UnitId

Vehicle = Annotated[str, Meta(min_length=1, max_length=100, description="what it comes in, as one sees it")]
CheckEvery = Annotated[
    int,
    Meta(
        ge=CHECK_MIN_MIN,
        le=CHECK_MIN_MAX,
        description="minutes within which somebody of it must say that all is well while it is out",
    ),
]
Abilities = Annotated[list[Capability], Meta(max_length=len(Capability))]


class UnitIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new unit. Whose it is need not be said by its own control room."""

    name: Name
    kind: UnitKind
    work: Work = Work.GUARD
    capabilities: Abilities = []
    areas: Areas | None = None
    base: Base | None = None
    vehicle: Vehicle | None = None
    check_every_min: CheckEvery | None = None
    company: UUID | UnsetType = UNSET


class UnitPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change about a unit; what is absent stays, null takes a value away."""

    name: Name | UnsetType = UNSET
    capabilities: Abilities | UnsetType = UNSET
    areas: Areas | UnsetType | None = UNSET
    base: Base | UnsetType | None = UNSET
    vehicle: Vehicle | UnsetType | None = UNSET
    check_every_min: CheckEvery | UnsetType | None = UNSET


class OnDuty(Struct, frozen=True, kw_only=True):
    """Somebody who is on duty in a unit."""

    account: UUID
    name: str
    since: datetime


class UnitOut(Struct, frozen=True, kw_only=True):
    """A unit. `is_complete`: so many are on duty in it that it can be sent; `out_since`: it is out for an incident."""

    id: UUID
    company: UUID
    company_name: str
    name: str
    kind: UnitKind
    work: Work
    capabilities: list[Capability]
    areas: Areas | None
    base: Base | None
    vehicle: str | None
    check_every_min: int | None
    on_duty: list[OnDuty]
    is_complete: bool
    out_since: datetime | None
    created_at: datetime


class PlaceOut(Struct, frozen=True, kw_only=True):
    """Where a unit was: `at` by its phone's clock, `received_at` by ours; `accuracy_m` as the phone says it."""

    at: datetime
    received_at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None


class UnitPlaceOut(Struct, frozen=True, kw_only=True):
    """The newest place of a unit; null where none is known."""

    place: PlaceOut | None


@get(
    "/v1/units",
    guards=[May(Action.UNIT_READ)],
    tags=["units"],
    operation_id="list_units",
    summary="Units and who is on",
)
async def list_units(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[UnitOut]:
    """For staff those of the city, for administrators all, oldest first; for guards and control rooms those of their
    own company. Where they are is not in the list.
    """
    after = decode_cursor(cursor, UUID)
    found = await database.read(lambda c: staffing.units(c, viewer, after, limit + 1))
    return page([unit_out(one) for one in found], limit, lambda one: one.id)


@post(
    "/v1/units",
    guards=[May(Action.UNIT_WRITE)],
    tags=["units"],
    operation_id="add_unit",
    summary="Add a unit",
    raises_problems=[NotFound],
)
async def add_unit(
    data: JSONBody[UnitIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> UnitOut:
    """Adds a guard, a pair or a car to one's own company; clerks and administrators say to which. Guard work (警備業務)
    needs the company's licence; visits are none, and a unit for the one is never sent for the other.
    """
    now, values = clock(), _values(data)
    company = values.pop("company", None)
    company_id = None if company is None else CompanyId(company)
    return unit_out(await database.write(lambda c: staffing.add_unit(c, viewer, company_id, values, now)))


@get(
    "/v1/units/{unit_id:uuid}",
    guards=[May(Action.UNIT_READ)],
    tags=["units"],
    operation_id="get_unit",
    summary="One unit",
)
async def get_unit(
    unit_id: FromPath[UUID], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> UnitOut:
    """One of the units of the list; 404 for every other."""
    return unit_out(await database.read(lambda c: staffing.unit(c, viewer, UnitId(unit_id))))


@patch(
    "/v1/units/{unit_id:uuid}",
    guards=[May(Action.UNIT_WRITE)],
    tags=["units"],
    operation_id="change_unit",
    summary="Change a unit",
)
async def change_unit(
    unit_id: FromPath[UUID],
    data: JSONBody[UnitPatch],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> UnitOut:
    """The unit as it is from now on; its kind and its work stay for good. For the control room of its company, clerks
    and administrators.
    """
    values = _values(data)
    return unit_out(await database.write(lambda c: staffing.change_unit(c, viewer, UnitId(unit_id), values)))


@delete(
    "/v1/units/{unit_id:uuid}",
    guards=[May(Action.UNIT_WRITE)],
    tags=["units"],
    operation_id="end_unit",
    summary="End a unit",
)
async def end_unit(
    unit_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Ends a unit; whoever is on duty in it is not any more. 409 while it is out."""
    now = clock()
    await database.write(lambda c: staffing.end_unit(c, viewer, UnitId(unit_id), now))


@put(
    "/v1/units/{unit_id:uuid}/duty/{guard_id:uuid}",
    guards=[May(Action.UNIT_WRITE)],
    tags=["units"],
    operation_id="begin_duty_of",
    summary="Put a guard on duty",
)
async def begin_duty_of(
    unit_id: FromPath[UUID],
    guard_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> UnitOut:
    """A guard of the unit's company is on duty in it from now on; again changes nothing. For the control room, clerks
    and administrators; a guard does so himself with `PUT /v1/me/duty`. 409 for who is on duty in another unit.
    """
    now, key = clock(), UnitId(unit_id)
    await database.write(lambda c: serving.begin(c, viewer, key, AccountId(guard_id), now))
    return unit_out(await database.read(lambda c: staffing.unit(c, viewer, key)))


@delete(
    "/v1/units/{unit_id:uuid}/duty/{guard_id:uuid}",
    guards=[May(Action.UNIT_WRITE)],
    tags=["units"],
    operation_id="end_duty_of",
    summary="Take a guard off duty",
)
async def end_duty_of(
    unit_id: FromPath[UUID],
    guard_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """A guard is off duty from now on. 404 for who is not on duty in the unit, 409 while it is out."""
    now = clock()
    await database.write(lambda c: serving.end(c, viewer, UnitId(unit_id), AccountId(guard_id), now))


@get(
    "/v1/units/{unit_id:uuid}/place",
    guards=[May(Action.UNIT_PLACE)],
    tags=["units"],
    operation_id="get_unit_place",
    summary="Where a unit is",
    raises_problems=[Overloaded],  # The look is a write.
)
async def get_unit_place(
    unit_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> UnitPlaceOut:
    """The newest place that the phones of those on duty in it told. For the control room of its company, operators of
    its city and administrators. The look is noted, and the guards can read it.
    """
    now = clock()
    return UnitPlaceOut(place=place_out(await database.write(lambda c: serving.place(c, viewer, UnitId(unit_id), now))))


def place_out(one: UnitPlace | None) -> PlaceOut | None:
    """A place of a unit as it is shown."""
    if one is None:
        return None
    return PlaceOut(
        at=one.at, received_at=one.received_at, lat_deg=one.lat_deg, lon_deg=one.lon_deg, accuracy_m=one.accuracy_m
    )


def unit_out(view: UnitView) -> UnitOut:
    """A unit as it is shown."""
    one = view.unit
    return UnitOut(
        id=one.id,
        company=one.company_id,
        company_name=view.company_name,
        name=one.name,
        kind=one.kind,
        work=one.work,
        capabilities=sorted(one.capabilities),
        areas=one.areas,
        base=one.base,
        vehicle=one.vehicle,
        check_every_min=one.check_every_min,
        on_duty=[OnDuty(account=spell.account_id, name=name, since=spell.from_at) for spell, name in view.on_duty],
        is_complete=view.is_complete,
        out_since=None if view.task is None else view.task.taken_at,
        created_at=one.created_at,
    )


def _values(data: Struct) -> dict[str, Any]:
    values = changes(data)
    if "capabilities" in values:
        values["capabilities"] = frozenset(values["capabilities"])
    return values


ROUTES: list[HTTPRouteHandler] = [
    list_units, add_unit, get_unit, change_unit, end_unit, begin_duty_of, end_duty_of, get_unit_place
]  # fmt: skip
