"""Turn-outs, for those who ask for a guard: contacts, and the control room of the city."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.dispatch.routes.bodies import (
    AskForGuard,
    AskUnit,
    CallOff,
    DispatchDetail,
    DispatchOut,
    OfferOut,
    OneMoreHour,
    OnMyWay,
    SetRight,
    dispatch_out,
    offer_out,
)
from app.dispatch.routes.reading import detail_of
from app.dispatch.service import asking, ending, extending, handing, looking
from app.kit.clock import Clock
from app.kit.errors import Conflict, NotAllowed, NotFound
from app.kit.ids import AlertId, ContactId, EntryId, IncidentId, UnitId, WearerId


@post(
    "/v1/wearers/{wearer_id:uuid}/dispatches",
    guards=[May(Action.DISPATCH_WRITE)],
    operation_id="ask_for_guard",
    summary="Send a guard to her",
    tags=["dispatches"],
    status_code=200,
    raises_problems=[Conflict, NotAllowed, NotFound],
)
async def ask_for_guard(
    wearer_id: FromPath[UUID],
    data: JSONBody[AskForGuard],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> DispatchDetail:
    """A new turn-out, which is being offered to units; or the one that is open for her. Who may ask is said by her
    scheme: 403 for whom it does not let, with the reason; 409 where it sends nobody, or when the price is not the one
    of `quote` any more.
    """
    now = clock()
    asked = asking.Asked(
        sent=data.sent(),
        reason=data.reason.strip(),
        quote=data.quote,
        alert_id=None if data.alert is None else AlertId(data.alert),
        contact_id=None if data.contact is None else ContactId(data.contact),
        is_drill=data.drill,
    )
    one = await database.write(lambda c: asking.request(c, viewer, WearerId(wearer_id), asked, now))
    return await detail_of(database, viewer, one.id, detector_secret, now)


@get(
    "/v1/dispatches",
    guards=[May(Action.DISPATCH_READ)],
    operation_id="list_dispatches",
    summary="Turn-outs, newest first",
    tags=["dispatches"],
)
async def list_dispatches(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    is_open: Annotated[
        bool | None, QueryParameter(name="open", description="only those that go on, or only those that are over")
    ] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[DispatchOut]:
    """Turn-outs for those whose alerts you may see; for guards those of the unit that they are on duty in, for the
    control room of a company those of its units. No place is in the list.
    """
    now, before = clock(), decode_cursor(cursor, tuple[datetime, UUID])
    found = await database.read(lambda c: looking.listed(c, viewer, is_open, before, limit + 1, now))
    return page([dispatch_out(one) for one in found], limit, lambda one: (one.requested_at, one.id))


@post(
    "/v1/dispatches/{dispatch_id:uuid}/cancel",
    guards=[May(Action.DISPATCH_WRITE)],
    operation_id="cancel_dispatch",
    summary="No guard is needed any more",
    tags=["dispatches"],
    status_code=200,
    raises_problems=[Conflict, NotAllowed],
)
async def cancel_dispatch(
    dispatch_id: FromPath[UUID],
    data: JSONBody[CallOff],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> DispatchDetail:
    """The turn-out, called off: before a unit had set out or after, which matters for its price. 409 once she was
    found.
    """
    now, key = clock(), IncidentId(dispatch_id)
    await database.write(lambda c: ending.cancel(c, viewer, key, data.reason.strip(), data.sent(), now))
    return await detail_of(database, viewer, key, detector_secret, now)


@post(
    "/v1/dispatches/{dispatch_id:uuid}/hours",
    guards=[May(Action.DISPATCH_WRITE)],
    operation_id="answer_one_more_hour",
    summary="One more hour, or not",
    tags=["dispatches"],
    status_code=200,
    raises_problems=[Conflict, NotAllowed],
)
async def answer_one_more_hour(
    dispatch_id: FromPath[UUID],
    data: JSONBody[OneMoreHour],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> DispatchDetail:
    """The turn-out, made longer by the hour that is meant, or not. Two who say yes to the same hour agree to one. 409
    at the most that the scheme allows, and when the time is over.
    """
    now, key = clock(), IncidentId(dispatch_id)
    await database.write(lambda c: extending.answer(c, viewer, key, data.hour, data.sent(), now, yes=data.yes))
    return await detail_of(database, viewer, key, detector_secret, now)


@post(
    "/v1/dispatches/{dispatch_id:uuid}/on-my-way",
    guards=[May(Action.DISPATCH_JOIN)],
    operation_id="go_to_dispatch",
    summary="I am on my way too",
    tags=["dispatches"],
    status_code=200,
    raises_problems=[Conflict, NotAllowed],
)
async def go_to_dispatch(
    dispatch_id: FromPath[UUID],
    data: JSONBody[OnMyWay],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> DispatchDetail:
    """A contact goes himself; the guards and the other contacts hear it."""
    now, key = clock(), IncidentId(dispatch_id)
    arrives_in = None if data.arrives_in_min is None else timedelta(minutes=data.arrives_in_min)
    await database.write(lambda c: handing.on_my_way(c, viewer, key, arrives_in, data.sent(), now))
    return await detail_of(database, viewer, key, detector_secret, now)


@post(
    "/v1/dispatches/{dispatch_id:uuid}/offers",
    guards=[May(Action.DISPATCH_LEAD)],
    operation_id="ask_unit",
    summary="Ask one unit to go, or to take over",
    tags=["dispatches"],
    raises_problems=[Conflict, NotAllowed],
)
async def ask_unit(
    dispatch_id: FromPath[UUID],
    data: JSONBody[AskUnit],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> OfferOut:
    """An offer to the unit that you name; it has it once it accepts, and until then the one that is out goes on."""
    now, key = clock(), IncidentId(dispatch_id)
    return offer_out(await database.write(lambda c: handing.ask_unit(c, viewer, key, UnitId(data.unit), now)))


@post(
    "/v1/dispatches/{dispatch_id:uuid}/corrections",
    guards=[May(Action.DISPATCH_LEAD)],
    operation_id="correct_dispatch",
    summary="Set a time of the timeline right",
    tags=["dispatches"],
    status_code=200,
    raises_problems=[Conflict, NotAllowed],
)
async def correct_dispatch(
    dispatch_id: FromPath[UUID],
    data: JSONBody[SetRight],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> DispatchDetail:
    """A new line with the right time and the reason; what was written stays. What is to be paid follows."""
    now, key = clock(), IncidentId(dispatch_id)
    entry_id, reason = EntryId(data.entry), data.reason.strip()
    await database.write(lambda c: ending.correct(c, viewer, key, entry_id, data.at, reason, now))
    return await detail_of(database, viewer, key, detector_secret, now)


ROUTES: list[HTTPRouteHandler] = [
    ask_for_guard, list_dispatches, cancel_dispatch, answer_one_more_hour, go_to_dispatch, ask_unit, correct_dispatch
]  # fmt: skip
