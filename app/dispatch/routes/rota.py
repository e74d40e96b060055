"""The rota: who is to be on duty in which unit, beside who is."""

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.alerts.policies import Calendar
from app.db.engine import Database
from app.db.page import Page
from app.dispatch.service import serving
from app.dispatch.service.serving import PlannedView
from app.kit.clock import Clock
from app.kit.errors import NotFound
from app.kit.ids import AccountId, RotaId, UnitId


class PlanHours(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is to be on duty, in which unit, and when."""

    unit: UUID
    account: UUID
    hours: Calendar
    from_on: date
    until_on: Annotated[date, Meta(description="the last day")] | None = None


class PlannedOut(Struct, frozen=True, kw_only=True):
    """Hours on the rota. `is_planned`: they are on now; `is_on`: he in fact is on duty in that unit."""

    id: UUID
    unit: UUID
    account: UUID
    name: str
    hours: Calendar
    from_on: date
    until_on: date | None
    is_planned: bool
    is_on: bool


@get(
    "/v1/rota",
    guards=[May(Action.UNIT_READ)],
    tags=["units"],
    operation_id="list_rota",
    summary="Who is to be on duty, and who is",
)
async def list_rota(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database], clock: NamedDependency[Clock]
) -> Page[PlannedOut]:
    """The whole rota of one's own company, at most 2,000 rows; for staff that of all companies of the city."""
    now = clock()
    return Page(items=[_out(one) for one in await database.read(lambda c: serving.rota(c, viewer, now))])


@post(
    "/v1/rota",
    guards=[May(Action.UNIT_WRITE)],
    tags=["units"],
    operation_id="plan_duty",
    summary="Put hours on the rota",
    raises_problems=[NotFound],
)
async def plan_duty(
    data: JSONBody[PlanHours],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> PlannedOut:
    """Weekly hours of a guard in a unit of his company, in the zone of the city; a night belongs to the day on which it
    begins. Who is sent is who is on duty, whatever the rota says. 404 for a unit or a guard of others.
    """
    now, unit_id, guard_id = clock(), UnitId(data.unit), AccountId(data.account)
    return _out(
        await database.write(
            lambda c: serving.plan(c, viewer, unit_id, guard_id, data.hours, data.from_on, data.until_on, now)
        )
    )


@delete(
    "/v1/rota/{rota_id:uuid}",
    guards=[May(Action.UNIT_WRITE)],
    tags=["units"],
    operation_id="end_planned",
    summary="Take hours off the rota",
)
async def end_planned(
    rota_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Takes hours off the rota; 404 for others' and when they are off."""
    now = clock()
    await database.write(lambda c: serving.end_planned(c, viewer, RotaId(rota_id), now))


def _out(view: PlannedView) -> PlannedOut:
    one = view.planned
    return PlannedOut(
        id=one.id,
        unit=one.unit_id,
        account=one.account_id,
        name=view.name,
        hours=view.hours,
        from_on=one.from_on,
        until_on=one.until_on,
        is_planned=view.is_planned,
        is_on=view.is_on,
    )


ROUTES: list[HTTPRouteHandler] = [list_rota, plan_duty, end_planned]
