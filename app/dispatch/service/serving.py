"""On duty and off, as it is and as the rota has it; where units are; and that all is well with those who are out."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Viewer
from app.alerts.duty import Shift, on_duty
from app.alerts.policies import Calendar
from app.dispatch import checks
from app.dispatch.places import OLD, Refusal, Told, sorted_out
from app.dispatch.service.staffing import must_be_in, sight_of, visible_unit
from app.dispatch.store import duty, units, watching
from app.dispatch.store.watching import Look
from app.dispatch.units import Planned, Spell, Task, Unit, UnitPlace
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import AccountId, CityId, RotaId, ShiftId, UnitId, new_id

ROTA_MAX = 2_000
"""Rows of a company's rota."""


class Served(Struct, frozen=True, kw_only=True):
    """Somebody's own duty: where and since when, what the unit is out for, when he must say next that all is well; and
    where the rota has him now.
    """

    spell: Spell | None
    unit: Unit | None
    task: Task | None
    check_due_at: datetime | None
    planned: list[UnitId]


class PlannedView(Struct, frozen=True, kw_only=True):
    """A row of the rota. `is_planned` now; `is_on`: whether he is in fact on duty in that unit."""

    planned: Planned
    hours: Calendar
    name: str
    is_planned: bool
    is_on: bool


def own_duty(connection: Connection, viewer: Viewer, now: datetime) -> Served:
    """The viewer's own duty."""
    spell = duty.spell_of(connection, viewer.account_id)
    unit = None if spell is None else units.unit_by_id(connection, spell.unit_id)
    task = None if spell is None else duty.task_of(connection, spell.unit_id)
    due = None if spell is None else watching.check(connection, spell.unit_id)
    company_id = units.company_of(connection, viewer.account_id)
    rows = [] if company_id is None else watching.planned(connection, None, company_id, account_id=viewer.account_id)
    zone = ZoneInfo(accounts.city(connection, viewer.city_id).zone)
    planned = [one.unit_id for one, hours in rows if _is_planned(one, hours, now, zone)]
    return Served(spell=spell, unit=unit, task=task, check_due_at=None if due is None else due.due_at, planned=planned)


def begin(connection: Connection, viewer: Viewer, unit_id: UnitId, guard_id: AccountId, now: datetime) -> None:
    """Puts a guard of the unit's company on duty in it; again changes nothing. Raises `NotFound`, and `Conflict` for
    who is on duty in another unit.
    """
    unit = visible_unit(connection, viewer, unit_id)
    units.unit_by_id(connection, unit_id, lock=True)
    if not any(one.is_guard for one in units.members(connection, unit.company_id, [guard_id])):
        raise NotFound
    if not duty.begin(connection, unit_id, guard_id, viewer.account_id, now):
        spell = duty.spell_of(connection, guard_id)
        if spell is None or spell.unit_id != unit_id:
            raise Conflict("This guard is on duty in another unit.")


def end(connection: Connection, viewer: Viewer, unit_id: UnitId, guard_id: AccountId, now: datetime) -> None:
    """Takes a guard off duty in a unit. Raises `NotFound`, also for who is not on duty there, and `Conflict` while the
    unit is out: somebody must know of the incident first.
    """
    visible_unit(connection, viewer, unit_id)
    must_be_in(connection, unit_id)
    if not duty.end(connection, unit_id, guard_id, viewer.account_id, now):
        raise NotFound


def end_own(connection: Connection, viewer: Viewer, now: datetime) -> None:
    """Takes the viewer off duty, wherever he is; again changes nothing. Raises `Conflict` as `end` does."""
    spell = duty.spell_of(connection, viewer.account_id)
    if spell is not None:
        must_be_in(connection, spell.unit_id)
        duty.end(connection, spell.unit_id, viewer.account_id, viewer.account_id, now)


def tell_places(
    connection: Connection, viewer: Viewer, batch: Sequence[Told], now: datetime
) -> tuple[int, dict[int, Refusal]]:
    """Keeps what the viewer's phone measured while he was on duty: how many places, and of the others by their number
    why not. The newest one says where the unit is; those while it was out are its trail. Raises `Conflict` where he is
    off duty and nothing of the batch is of when he was not.
    """
    spells = duty.spells_since(connection, viewer.account_id, now - OLD)
    tasks = duty.tasks_since(connection, {one.unit_id for one in spells}, now - OLD) if spells else []
    kept, refused = sorted_out(batch, spells, tasks, now)
    if not kept and all(spell.until_at is not None for spell in spells):
        raise Conflict("You are off duty: your place is not kept.")
    watching.add_trail(connection, viewer.account_id, kept, now)
    current = max((one for one in kept if one.is_now), key=lambda one: one.told.at, default=None)
    if current is not None:
        told = current.told
        place = UnitPlace(
            at=min(told.at, now), received_at=now, lat_deg=told.lat_deg, lon_deg=told.lon_deg,
            accuracy_m=told.accuracy_m,
        )  # fmt: skip
        duty.put_place(connection, current.unit_id, viewer.account_id, place)
    return len(kept), refused


def place(connection: Connection, viewer: Viewer, unit_id: UnitId, now: datetime) -> UnitPlace | None:
    """Where a unit is that the viewer sees; the look is noted, and its people can read it. Raises `NotFound`."""
    return place_of(connection, viewer, visible_unit(connection, viewer, unit_id).id, now)


def place_of(connection: Connection, viewer: Viewer, unit_id: UnitId, now: datetime) -> UnitPlace | None:
    """Where a unit is, for whoever else may see that; the look is noted."""
    found = duty.places(connection, [unit_id]).get(unit_id)
    if found is not None:
        watching.add_look(connection, unit_id, viewer.account_id, now)
    return found


def looks(connection: Connection, viewer: Viewer, before: tuple[datetime, UUID] | None, count: int) -> list[Look]:
    """Up to `count` looks at where the viewer's unit was while he was on duty in it, newest first."""
    return watching.looks_at(connection, viewer.account_id, before, count)


def check_in(connection: Connection, viewer: Viewer, now: datetime) -> Served:
    """All is well with the viewer's unit; where nobody asks that changes nothing. Raises `Conflict` off duty."""
    spell = duty.spell_of(connection, viewer.account_id)
    if spell is None:
        raise Conflict("You are off duty.")
    is_well(connection, spell.unit_id, now)
    return own_duty(connection, viewer, now)


def is_well(connection: Connection, unit_id: UnitId, now: datetime) -> None:
    """Somebody of a unit has said that all is well, or pressed another button: it is asked again after its time."""
    due, unit = watching.check(connection, unit_id), units.unit_by_id(connection, unit_id)
    if due is not None and unit is not None and unit.check_every_min is not None:
        watching.check_in(connection, due.task_id, checks.well(unit.check_every_min, now), now)


def rota(connection: Connection, viewer: Viewer, now: datetime) -> list[PlannedView]:
    """The rota that the viewer sees, oldest row first; none for whoever is of no company."""
    try:
        sight = sight_of(connection, viewer)
    except NotFound:
        return []
    return _rota(connection, watching.planned(connection, sight.city_id, sight.company_id), viewer.city_id, now)


def plan(
    connection: Connection, viewer: Viewer, unit_id: UnitId, guard_id: AccountId, hours: Calendar,
    from_on: date, until_on: date | None, now: datetime,
) -> PlannedView:  # fmt: skip
    """New hours of a guard in a unit of his company. Raises `NotFound`, `InvalidInput`, and `Conflict` when the rota is
    full.
    """
    if until_on is not None and until_on < from_on:
        raise InvalidInput("It ends before it begins.", "until_on")
    unit = visible_unit(connection, viewer, unit_id)
    if not any(one.is_guard for one in units.members(connection, unit.company_id, [guard_id])):
        raise NotFound
    if len(watching.planned(connection, None, unit.company_id)) >= ROTA_MAX:
        raise Conflict("The rota is full; take old rows off it.")
    one = Planned(id=RotaId(new_id()), unit_id=unit_id, account_id=guard_id, from_on=from_on, until_on=until_on)
    watching.add_planned(connection, unit.city_id, one, hours, viewer.account_id, now)
    return _rota(connection, [(one, hours)], unit.city_id, now)[0]


def end_planned(connection: Connection, viewer: Viewer, rota_id: RotaId, now: datetime) -> None:
    """Takes hours off the rota. Raises `NotFound`."""
    sight = sight_of(connection, viewer)
    if not watching.planned(connection, sight.city_id, sight.company_id, rota_id=rota_id):
        raise NotFound
    watching.end_planned(connection, rota_id, now)


def _rota(
    connection: Connection, rows: Sequence[tuple[Planned, Calendar]], city_id: CityId, now: datetime
) -> list[PlannedView]:
    zone = ZoneInfo(accounts.city(connection, city_id).zone)
    people = {one.account_id for one, _ in rows}
    names = watching.names_of(connection, people)
    on = {(one.unit_id, one.account_id) for one in duty.spells(connection, account_ids=people)}
    return [
        PlannedView(
            planned=one,
            hours=hours,
            name=names.get(one.account_id, ""),
            is_planned=_is_planned(one, hours, now, zone),
            is_on=(one.unit_id, one.account_id) in on,
        )
        for one, hours in rows
    ]


def _is_planned(one: Planned, hours: Calendar, now: datetime, zone: ZoneInfo) -> bool:
    shift = Shift(
        id=ShiftId(one.id), account_id=one.account_id, hours=hours, from_on=one.from_on, until_on=one.until_on
    )
    return bool(on_duty([shift], now, zone))
