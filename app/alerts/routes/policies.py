"""Who is told: the policy of a city, of a wearer, and the duty table."""

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.alerts.policies import Calendar, Policy
from app.alerts.preferences import Preference
from app.alerts.service import policies as service
from app.alerts.service import preferring
from app.alerts.service.policies import PolicyView, ShiftView
from app.db.engine import Database
from app.db.page import Page
from app.kit.clock import Clock
from app.kit.errors import NotFound
from app.kit.ids import AccountId, ShiftId, WearerId


class AddShift(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is on duty, and when."""

    account: UUID
    hours: Calendar
    from_on: date
    until_on: Annotated[date, Meta(description="the last day")] | None = None


@get(
    "/v1/policy",
    guards=[May(Action.POLICY_READ)],
    tags=["policies"],
    operation_id="get_policy",
    summary="Whom alerts of the city are told to",
)
async def get_policy(viewer: NamedDependency[Viewer], database: NamedDependency[Database]) -> PolicyView:
    """The rules of your city, and those of the service, which count where none of the city's fits. For staff."""
    return await database.read(lambda c: service.policy(c, viewer))


@put(
    "/v1/policy",
    guards=[May(Action.POLICY_WRITE)],
    tags=["policies"],
    operation_id="put_policy",
    summary="Set whom alerts of the city are told to",
)
async def put_policy(
    data: JSONBody[Policy],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> PolicyView:
    """Sets the rules of your city. Alerts that go on keep the plan they began with. A rule for urgent alerts must end
    at the desk and go on until somebody answers, else it is a 400 that says where. For clerks and administrators.
    """
    now = clock()
    return await database.write(lambda c: service.put_policy(c, viewer, data, now))


@get(
    "/v1/wearers/{wearer_id:uuid}/policy",
    guards=[May(Action.WATCH_WRITE)],
    tags=["policies"],
    operation_id="get_wearer_policy",
    summary="Whom alerts about a wearer are told to",
)
async def get_wearer_policy(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> PolicyView:
    """Her own rules, and what counts where none of them fits. For members of the household and clerks of the city."""
    now = clock()
    return await database.read(lambda c: service.wearer_policy(c, viewer, WearerId(wearer_id), now))


@put(
    "/v1/wearers/{wearer_id:uuid}/policy",
    guards=[May(Action.WATCH_WRITE)],
    tags=["policies"],
    operation_id="put_wearer_policy",
    summary="Set whom alerts about a wearer are told to",
)
async def put_wearer_policy(
    wearer_id: FromPath[UUID],
    data: JSONBody[Policy],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> PolicyView:
    """Sets her own rules, as `put_policy` sets those of the city. For members of the household and the clerk of the
    city; for others it is a 404.
    """
    now = clock()
    return await database.write(lambda c: service.put_wearer_policy(c, viewer, WearerId(wearer_id), data, now))


@delete(
    "/v1/wearers/{wearer_id:uuid}/policy",
    guards=[May(Action.WATCH_WRITE)],
    tags=["policies"],
    operation_id="drop_wearer_policy",
    summary="Let the rules of the city count for a wearer",
)
async def drop_wearer_policy(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Takes her own rules back; 404 when there are none. For members of the household and the clerk of the city."""
    now = clock()
    await database.write(lambda c: service.drop_wearer_policy(c, viewer, WearerId(wearer_id), now))


@get(
    "/v1/duty",
    guards=[May(Action.DUTY_READ)],
    tags=["policies"],
    operation_id="list_duty",
    summary="Who is on duty, and when",
)
async def list_duty(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database], clock: NamedDependency[Clock]
) -> Page[ShiftView]:
    """The whole duty table of your city, at most 500 rows, and who is on duty now. For staff."""
    now = clock()
    return Page(items=await database.read(lambda c: service.duty(c, viewer, now)))


@post(
    "/v1/duty",
    guards=[May(Action.DUTY_WRITE)],
    tags=["policies"],
    operation_id="add_duty",
    summary="Put somebody on duty",
    raises_problems=[NotFound],
)
async def add_duty(
    data: JSONBody[AddShift],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ShiftView:
    """Adds hours of an operator, a clerk or an administrator of your city to the duty table. Whoever is on duty is told
    of alerts that the family does not answer, and may then see them for a day. For staff.
    """
    now, account_id = clock(), AccountId(data.account)
    return await database.write(
        lambda c: service.add_shift(c, viewer, account_id, data.hours, data.from_on, data.until_on, now)
    )


@delete(
    "/v1/duty/{shift_id:uuid}",
    guards=[May(Action.DUTY_WRITE)],
    tags=["policies"],
    operation_id="end_duty",
    summary="Take hours off the duty table",
)
async def end_duty(
    shift_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Takes a row off the duty table of your city; 404 for others and when it is off. For staff."""
    now = clock()
    await database.write(lambda c: service.end_shift(c, viewer, ShiftId(shift_id), now))


@get(
    "/v1/me/preferences",
    guards=[May(Action.SELF)],
    tags=["me"],
    operation_id="get_preferences",
    summary="How one wants to be told",
)
async def get_preferences(viewer: NamedDependency[Viewer], database: NamedDependency[Database]) -> Preference:
    """What you chose; who chose nothing hears everything. Everybody may."""
    return await database.read(lambda c: preferring.preference(c, viewer))


@put(
    "/v1/me/preferences",
    guards=[May(Action.SELF)],
    tags=["me"],
    operation_id="put_preferences",
    summary="Choose how to be told",
)
async def put_preferences(
    data: JSONBody[Preference],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Preference:
    """Sets which notices you want, over which channels, and when they wait. Urgent alerts come at any hour and go on to
    your other channels when those you chose do not answer. 409 for switching them off while nobody else of the family
    hears them. Everybody may.
    """
    now = clock()
    return await database.write(lambda c: preferring.put_preference(c, viewer, data, now))


ROUTES: list[HTTPRouteHandler] = [
    get_policy, put_policy, get_wearer_policy, put_wearer_policy, drop_wearer_policy, list_duty, add_duty, end_duty,
    get_preferences, put_preferences,
]  # fmt: skip
