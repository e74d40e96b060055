"""Alerts: list, look, acknowledge, resolve, cancel."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct
from sqlalchemy.engine import Connection

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.alerts.escalation import ARRIVES_IN_MAX_MIN
from app.alerts.model import Alert, AlertState
from app.alerts.service import acting, viewing
from app.alerts.service.viewing import AlertDetail, AlertView
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.errors import Overloaded
from app.kit.ids import AlertId
from app.watch.movement.allowances import FineScope

States = Annotated[
    list[AlertState] | None,
    QueryParameter(name="state", max_items=len(AlertState), description="only alerts in one of these states"),
]


@get(
    "/v1/alerts",
    guards=[May(Action.ALERT_READ)],
    tags=["alerts"],
    operation_id="list_alerts",
    summary="Alerts, newest first",
)
async def list_alerts(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    states: States = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[AlertView]:
    """The alerts of those wearers whose alerts you may see, by consent. No place is in the list."""
    now = clock()
    before = decode_cursor(cursor, tuple[datetime, UUID])
    found = await database.read(
        lambda c: viewing.newest(c, viewer, states=states or [], before=before, limit=limit + 1, now=now)
    )
    return page(found, limit, lambda one: (one.opened_at, one.id))


@get(
    "/v1/alerts/{alert_id:uuid}",
    guards=[May(Action.ALERT_READ)],
    tags=["alerts"],
    operation_id="get_alert",
    summary="One alert with its history",
    raises_problems=[Overloaded],  # The look is a write, also where the rest is not.
)
async def get_alert(
    alert_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> AlertDetail:
    """The alert, everything that happened to it, and its place if you may see places; then it is noted that you
    looked.
    """
    now = clock()
    return await database.write(lambda c: viewing.detail(c, viewer, AlertId(alert_id), now))


Act = Callable[[Connection, Viewer, AlertId, datetime], Alert]


async def _act(act: Act, alert_id: UUID, viewer: Viewer, database: Database, now: datetime) -> AlertDetail:
    """Carries out one action and gives the alert as it is after it, in one transaction."""

    def work(connection: Connection) -> AlertDetail:
        act(connection, viewer, AlertId(alert_id), now)
        return viewing.detail(connection, viewer, AlertId(alert_id), now)

    return await database.write(work)


@post(
    "/v1/alerts/{alert_id:uuid}/acknowledge",
    guards=[May(Action.ALERT_WRITE)],
    tags=["alerts"],
    operation_id="acknowledge_alert",
    summary="I see to it",
    status_code=200,
)
async def acknowledge_alert(
    alert_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> AlertDetail:
    """Takes the alert: the others are told that you see to it. When it is not over after half an hour (or what its plan
    says) it is told anew; again by yourself says that you still see to it. 409 if somebody else has it or it is over.
    """
    return await _act(acting.acknowledge, alert_id, viewer, database, clock())


@post(
    "/v1/alerts/{alert_id:uuid}/resolve",
    guards=[May(Action.ALERT_WRITE)],
    tags=["alerts"],
    operation_id="resolve_alert",
    summary="It is over",
    status_code=200,
)
async def resolve_alert(
    alert_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> AlertDetail:
    """Ends the alert; the others are told. Again by yourself changes nothing; 409 if it is over already."""
    return await _act(acting.resolve, alert_id, viewer, database, clock())


@post(
    "/v1/alerts/{alert_id:uuid}/cancel",
    guards=[May(Action.ALERT_WRITE)],
    tags=["alerts"],
    operation_id="cancel_alert",
    summary="There was nothing to see to",
    status_code=200,
)
async def cancel_alert(
    alert_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> AlertDetail:
    """Calls the alert off as a false one; the others are told. Again by yourself changes nothing; 409 if it is over
    already.
    """
    return await _act(acting.cancel, alert_id, viewer, database, clock())


ArrivesInMin = Annotated[
    int, Meta(ge=1, le=ARRIVES_IN_MAX_MIN, description="how many minutes until one thinks to be there")
]


class OnMyWay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When one thinks to be there; null or absent: one does not know."""

    arrives_in_min: ArrivesInMin | None = None


class Escalate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`told_times` as it was when one looked at the alert."""

    told_times: Annotated[int, Meta(ge=0, le=1_000_000)]


@post(
    "/v1/alerts/{alert_id:uuid}/on-my-way",
    guards=[May(Action.ALERT_WRITE)],
    tags=["alerts"],
    operation_id="go_to_alert",
    summary="I am on my way",
    status_code=200,
)
async def go_to_alert(
    alert_id: FromPath[UUID],
    data: JSONBody[OnMyWay],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> AlertDetail:
    """Takes the alert if nobody has it yet, and tells the others that you are going and when you will be there. More
    than one may go. 409 when it is over.
    """
    arrives_in = None if data.arrives_in_min is None else timedelta(minutes=data.arrives_in_min)
    return await _act(
        lambda c, viewer, alert_id, now: acting.go(c, viewer, alert_id, arrives_in, now),
        alert_id, viewer, database, clock(),
    )  # fmt: skip


@post(
    "/v1/alerts/{alert_id:uuid}/escalate",
    guards=[May(Action.ALERT_WRITE)],
    tags=["alerts"],
    operation_id="escalate_alert",
    summary="Tell the next ones now",
    status_code=200,
)
async def escalate_alert(
    alert_id: FromPath[UUID],
    data: JSONBody[Escalate],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> AlertDetail:
    """Tells the alert to the next ones of its plan without waiting. 409 when it was told on since you looked, somebody
    has it, it is over, or nobody is left.
    """
    return await _act(
        lambda c, viewer, alert_id, now: acting.escalate(c, viewer, alert_id, data.told_times, now),
        alert_id, viewer, database, clock(),
    )  # fmt: skip


class Fine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far it reaches that what she does is fine."""

    scope: FineScope


@post(
    "/v1/alerts/{alert_id:uuid}/fine",
    guards=[May(Action.ALERT_WRITE)],
    tags=["alerts"],
    operation_id="say_alert_is_fine",
    summary="This is fine",
    status_code=200,
)
async def say_alert_is_fine(
    alert_id: FromPath[UUID],
    data: JSONBody[Fine],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> AlertDetail:
    """Ends an alert about movement, tells the others who said so, and teaches. `today`: nothing is told of movement
    until four in the morning, but who leaves home anew after 22:00. `here`: the place is known ground for four weeks.
    `always`: until it is taken back, and so is the hour of an alert about an hour. `fine` of the alert says which of
    them fit. SOS, falls and other fences are told as before.

    Again changes nothing; of an alert that is over it still teaches. 409 for alerts that are not about movement, a
    scope that does not fit, `today` when that day is over, and when 50 things are fine already.
    """
    return await _act(
        lambda c, viewer, alert_id, now: acting.fine(c, viewer, alert_id, data.scope, now),
        alert_id, viewer, database, clock(),
    )  # fmt: skip


ROUTES = [
    list_alerts, get_alert, acknowledge_alert, go_to_alert, escalate_alert, say_alert_is_fine, resolve_alert,
    cancel_alert,
]  # fmt: skip
