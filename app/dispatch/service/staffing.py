"""Companies, their people and units: who may see and change them. What is another's is like what is not there."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Role, Viewer
from app.accounts.names import one_line
from app.db.intents import intend
from app.dispatch.store import duty, watching
from app.dispatch.store import units as store
from app.dispatch.store.units import ROLES
from app.dispatch.units import CREW_NEEDED, Areas, Company, Member, Spell, Task, Unit, Work
from app.geo.cells import is_cell
from app.geo.fences import corner_fault
from app.geo.model import Point
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import AccountId, CityId, CompanyId, UnitId, new_id
from app.pictures import Picture

OF_COMPANY = frozenset(ROLES)
UNITS_MAX = 1_000
"""Of one company."""

COMPANY_LEFT = "company_left"
"""The intent: somebody is of a company no more. What he could read of it elsewhere ends."""


class UnitView(Struct, frozen=True, kw_only=True):
    """A unit, who of it is on duty, and what it is out for. `is_complete`: enough of them to be sent."""

    unit: Unit
    company_name: str
    on_duty: list[tuple[Spell, str]]
    is_complete: bool
    task: Task | None


class Sight(Struct, frozen=True):
    """Whose companies and units somebody sees: those of a city, or of one company; None: of all."""

    city_id: CityId | None
    company_id: CompanyId | None


def sight_of(connection: Connection, viewer: Viewer) -> Sight:
    """What the viewer sees. Raises `NotFound` for guards and control rooms of no company."""
    if viewer.role in OF_COMPANY:
        company_id = store.company_of(connection, viewer.account_id)
        if company_id is None:
            raise NotFound
        return Sight(viewer.city_id, company_id)
    return Sight(None if viewer.role is Role.ADMINISTRATOR else viewer.city_id, None)


def visible_company(connection: Connection, viewer: Viewer, company_id: CompanyId) -> Company:
    """The company, if the viewer sees it. Raises `NotFound`."""
    sight, found = sight_of(connection, viewer), store.company_by_id(connection, company_id)
    if found is None or sight.city_id not in (None, found.city_id) or sight.company_id not in (None, found.id):
        raise NotFound
    return found


def visible_unit(connection: Connection, viewer: Viewer, unit_id: UnitId) -> Unit:
    """The unit, if the viewer sees its company. Raises `NotFound`."""
    found = store.unit_by_id(connection, unit_id)
    if found is None:
        raise NotFound
    visible_company(connection, viewer, found.company_id)
    return found


def companies(connection: Connection, viewer: Viewer, after: UUID | None, count: int) -> list[Company]:
    """Up to `count` of the companies that the viewer sees, oldest first; none for whoever is of none."""
    try:
        sight = sight_of(connection, viewer)
    except NotFound:
        return []
    return store.companies(connection, sight.city_id, sight.company_id, after, count)


def add_company(
    connection: Connection, viewer: Viewer, city_id: CityId | None, values: Mapping[str, str | None], now: datetime
) -> Company:
    """A new company of a city. Raises `NotFound` for a city that is not the viewer's to manage, `InvalidInput`,
    `Conflict` for a code that is taken.
    """
    where = viewer.city_id if city_id is None else city_id
    if viewer.role is not Role.ADMINISTRATOR and where != viewer.city_id:
        raise NotFound
    city = accounts.city(connection, where)
    checked: dict[str, Any] = _checked(values)
    company = Company(id=CompanyId(new_id()), city_id=city.id, created_at=now, **checked)
    if not store.add_company(connection, company):
        raise Conflict("A company of the city has this code.")
    return company


def change_company(
    connection: Connection, viewer: Viewer, company_id: CompanyId, values: Mapping[str, str | None]
) -> Company:
    """The company after the change. Raises `NotFound`, `InvalidInput`, and `Conflict` for taking its licence while it
    has units for guard work.
    """
    found = visible_company(connection, viewer, company_id)
    if values.get("licence", found.licence) is None and _does_guard_work(connection, company_id):
        raise Conflict("It has units for guard work, which needs a licence.")
    if values:
        store.update_company(connection, company_id, _checked(values))
    return visible_company(connection, viewer, company_id)


def end_company(connection: Connection, viewer: Viewer, company_id: CompanyId, now: datetime) -> None:
    """Ends a company and its units. Raises `NotFound`, and `Conflict` while one of them is out."""
    found = visible_company(connection, viewer, company_id)
    for unit in store.units(connection, found.city_id, company_id, None, UNITS_MAX):
        _end(connection, viewer, unit, now)
    for member in store.members(connection, company_id):
        _leaves(connection, member.account_id, company_id, now)
    store.update_company(connection, company_id, {"ended_at": now})


def crew(connection: Connection, viewer: Viewer, company_id: CompanyId) -> list[Member]:
    """The people of a company. Raises `NotFound`."""
    return store.members(connection, visible_company(connection, viewer, company_id).id)


def put_member(
    connection: Connection,
    viewer: Viewer,
    company_id: CompanyId,
    account_id: AccountId,
    badge: str | None,
    now: datetime,
) -> Member:
    """Makes an account of the city one of the company's. Raises `NotFound`, `InvalidInput` for who is neither a guard
    nor of a control room, `Conflict` for who is on duty for another company.
    """
    company = visible_company(connection, viewer, company_id)
    account = accounts.account_in_city(connection, account_id, company.city_id)
    if account.role not in OF_COMPANY:
        raise InvalidInput("Only guards and people of a control room are of a company.", "guard_id")
    before = store.company_of(connection, account_id)
    if before not in (None, company_id) and duty.spell_of(connection, account_id) is not None:
        raise Conflict("This guard is on duty for another company.")
    if before not in (None, company_id):
        store.drop_member(connection, account_id, CompanyId(before))  # With the photo: it is the other company's.
        _leaves(connection, account_id, CompanyId(before), now)
    store.put_member(connection, account_id, company_id, None if badge is None else one_line(badge, "badge"), now)
    return store.members(connection, company_id, [account_id])[0]


def drop_member(
    connection: Connection, viewer: Viewer, company_id: CompanyId, account_id: AccountId, now: datetime
) -> None:
    """Takes somebody out of a company, and off duty. Raises `NotFound`, and `Conflict` while his unit is out."""
    visible_company(connection, viewer, company_id)
    if store.company_of(connection, account_id) != company_id:
        raise NotFound
    spell = duty.spell_of(connection, account_id)
    if spell is not None:
        must_be_in(connection, spell.unit_id)
        duty.end(connection, spell.unit_id, account_id, viewer.account_id, now)
    store.drop_member(connection, account_id, company_id)
    _leaves(connection, account_id, company_id, now)


def _leaves(connection: Connection, account_id: AccountId, company_id: CompanyId, now: datetime) -> None:
    key = f"{COMPANY_LEFT}:{account_id}:{company_id}:{now.isoformat()}"
    intend(connection, COMPANY_LEFT, key, {"account_id": str(account_id)}, now)


def must_see_member(connection: Connection, viewer: Viewer, account_id: AccountId) -> None:
    """Raises `NotFound` for who is of no company that the viewer sees."""
    company_id = store.company_of(connection, account_id)
    if company_id is None:
        raise NotFound
    visible_company(connection, viewer, company_id)


def put_photo(connection: Connection, viewer: Viewer, account_id: AccountId, photo: Picture, now: datetime) -> None:
    """Keeps the photo of somebody of a company that the viewer sees. Raises `NotFound`."""
    must_see_member(connection, viewer, account_id)
    store.put_photo(connection, account_id, photo, now)


def photo(connection: Connection, viewer: Viewer, account_id: AccountId) -> bytes:
    """The photo of somebody of a company that the viewer sees. Raises `NotFound`, also where there is none."""
    must_see_member(connection, viewer, account_id)
    return photo_of(connection, account_id)


def photo_of(connection: Connection, account_id: AccountId) -> bytes:
    """The photo of a guard, for whoever else may see it. Raises `NotFound` where there is none."""
    found = store.photo(connection, account_id)
    if found is None:
        raise NotFound
    return found


def units(connection: Connection, viewer: Viewer, after: UUID | None, count: int) -> list[UnitView]:
    """Up to `count` of the units that the viewer sees, oldest first; none for whoever is of no company."""
    try:
        sight = sight_of(connection, viewer)
    except NotFound:
        return []
    return _views(connection, store.units(connection, sight.city_id, sight.company_id, after, count))


def unit(connection: Connection, viewer: Viewer, unit_id: UnitId) -> UnitView:
    """One of them. Raises `NotFound`."""
    return _views(connection, [visible_unit(connection, viewer, unit_id)])[0]


def add_unit(
    connection: Connection, viewer: Viewer, company_id: CompanyId | None, values: Mapping[str, Any], now: datetime
) -> UnitView:
    """A new unit of the viewer's company, or of one that is named. Raises `NotFound`, `InvalidInput`, `Conflict`."""
    own = sight_of(connection, viewer).company_id
    whose = company_id or own
    if whose is None:
        raise InvalidInput("Say which company's it is.", "company")
    company = visible_company(connection, viewer, whose)
    one = Unit(id=UnitId(new_id()), city_id=company.city_id, company_id=company.id, created_at=now, **_sound(values))
    if one.work is Work.GUARD and company.licence is None:
        raise InvalidInput("Guard work needs the company's licence (警備業法).", "work")
    if len(store.units(connection, one.city_id, one.company_id, None, UNITS_MAX)) >= UNITS_MAX:
        raise Conflict("The company has as many units as it can have.")
    store.add_unit(connection, one)
    return _views(connection, [one])[0]


def change_unit(connection: Connection, viewer: Viewer, unit_id: UnitId, values: Mapping[str, Any]) -> UnitView:
    """The unit after the change; `kind` and `work` stay for good. Raises `NotFound`, `InvalidInput`."""
    visible_unit(connection, viewer, unit_id)
    if values:
        store.update_unit(connection, unit_id, _sound(values))
    return unit(connection, viewer, unit_id)


def end_unit(connection: Connection, viewer: Viewer, unit_id: UnitId, now: datetime) -> None:
    """Ends a unit; whoever was on duty in it is not any more. Raises `NotFound`, and `Conflict` while it is out."""
    _end(connection, viewer, visible_unit(connection, viewer, unit_id), now)


def must_be_in(connection: Connection, unit_id: UnitId) -> None:
    """Locks the unit. Raises `Conflict` while it is out."""
    store.unit_by_id(connection, unit_id, lock=True)
    if duty.task_of(connection, unit_id) is not None:
        raise Conflict("The unit is out for an incident: that has to be handed over or ended first.")


def _end(connection: Connection, viewer: Viewer, one: Unit, now: datetime) -> None:
    must_be_in(connection, one.id)
    for spell in duty.spells(connection, unit_ids=[one.id]):
        duty.end(connection, one.id, spell.account_id, viewer.account_id, now)
    store.update_unit(connection, one.id, {"ended_at": now})


def _does_guard_work(connection: Connection, company_id: CompanyId) -> bool:
    return any(one.work is Work.GUARD for one in store.units(connection, None, company_id, None, UNITS_MAX))


def _views(connection: Connection, found: Sequence[Unit]) -> list[UnitView]:
    ids = [one.id for one in found]
    spells = duty.spells(connection, unit_ids=ids)
    names = watching.names_of(connection, {spell.account_id for spell in spells})
    tasks = duty.tasks(connection, ids)
    companies_by_id = {
        one: company.name
        for one in {unit.company_id for unit in found}
        if (company := store.company_by_id(connection, one)) is not None
    }
    views = []
    for one in found:
        mine = [(spell, names[spell.account_id]) for spell in spells if spell.unit_id == one.id]
        views.append(
            UnitView(
                unit=one,
                company_name=companies_by_id.get(one.company_id, ""),
                on_duty=mine,
                is_complete=len(mine) >= CREW_NEEDED[one.kind],
                task=tasks.get(one.id),
            )
        )
    return views


def _checked(values: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name: None if value is None else one_line(value, name) for name, value in values.items()}


def _sound(values: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(values)
    for name in ("name", "vehicle"):
        if found.get(name) is not None:
            found[name] = one_line(found[name], name)
    areas: Areas | None = found.get("areas")
    if areas is not None:
        _must_be_areas(areas)
    return found


def _must_be_areas(areas: Areas) -> None:
    for number, cell in enumerate(areas.cells):
        if not is_cell(int(cell, 16)):
            raise InvalidInput("This is no H3 cell.", f"areas.cells[{number}]")
    for number, corners in enumerate(areas.polygons):
        fault = corner_fault([Point(*corner) for corner in corners])
        if fault is not None:
            where = f"areas.polygons[{number}]" + ("" if fault.corner is None else f"[{fault.corner}]")
            raise InvalidInput(fault.why, where)
