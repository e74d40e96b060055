"""For those who go: offers, and what a unit reports. Few steps, each of which may be sent again."""

from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.dispatch.incident import IncidentAction
from app.dispatch.routes.bodies import CallOff, Decline, DispatchDetail, OfferOut, SaidFrom, Step, offer_out
from app.dispatch.routes.reading import detail_of
from app.dispatch.service import handing, looking, moving, offering
from app.kit.clock import Clock
from app.kit.errors import Conflict, InvalidInput, NotAllowed
from app.kit.ids import IncidentId, OfferId
from app.missing.model import FOUND


@get(
    "/v1/offers",
    guards=[May(Action.DISPATCH_GO)],
    operation_id="list_offers",
    summary="Turn-outs that are offered to you",
    tags=["dispatches"],
)
async def list_offers(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[OfferOut]:
    """What your unit may still accept, oldest first. Nobody is named, and the place is to a kilometre."""
    now, after = clock(), decode_cursor(cursor, UUID)
    found = await database.read(lambda c: looking.offers(c, viewer, after, limit + 1, now))
    return page([offer_out(one) for one in found], limit, lambda one: one.id)


@post(
    "/v1/offers/{offer_id:uuid}/accept",
    guards=[May(Action.DISPATCH_GO)],
    operation_id="accept_offer",
    summary="We go",
    tags=["dispatches"],
    status_code=200,
    raises_problems=[Conflict],
)
async def accept_offer(
    offer_id: FromPath[UUID],
    data: JSONBody[SaidFrom],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> DispatchDetail:
    """The turn-out, which your unit has now. Of many who accept at once one has it; the others read 409 and why."""
    now = clock()
    one = await database.write(lambda c: offering.accept(c, viewer, OfferId(offer_id), data.sent(), now))
    return await detail_of(database, viewer, one.id, detector_secret, now)


@post(
    "/v1/offers/{offer_id:uuid}/decline",
    guards=[May(Action.DISPATCH_GO)],
    operation_id="decline_offer",
    summary="We cannot go",
    tags=["dispatches"],
    status_code=200,
    raises_problems=[Conflict],
)
async def decline_offer(
    offer_id: FromPath[UUID],
    data: JSONBody[Decline],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> OfferOut:
    """The offer, declined. When everybody who was asked has declined, others are asked at once."""
    now, key = clock(), OfferId(offer_id)
    await database.write(lambda c: offering.decline(c, viewer, key, data.reason, data.says.strip(), now))
    return offer_out(await database.read(lambda c: looking.offer(c, viewer, key)))


@post(
    "/v1/dispatches/{dispatch_id:uuid}/steps",
    guards=[May(Action.DISPATCH_GO)],
    operation_id="report_step",
    summary="We have set out, are there, have found her, …",
    tags=["dispatches"],
    status_code=200,
    raises_problems=[Conflict, NotAllowed],
)
async def report_step(
    dispatch_id: FromPath[UUID],
    data: JSONBody[Step],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> DispatchDetail:
    """The turn-out after what the unit reports: `depart`, `arrive`, `search`, `find` or `not_find`, `hand_over`,
    `clear`. A phone that had no signal sends what it kept, with `at`, in any order: it is put where it happened, and a
    step that lies behind moves nothing. 409 for what cannot be yet: keep it and send it again after the others.
    """
    now, key, step = clock(), IncidentId(dispatch_id), _action(data)
    find = None
    if step is IncidentAction.FIND and data.lat_deg is not None and data.lon_deg is not None:
        lat_deg, lon_deg = data.lat_deg, data.lon_deg
        find = await database.read(lambda c: moving.scored(c, viewer, key, data.sent(), lat_deg, lon_deg, now))
    told = moving.Report(step=step, sent=data.sent(), ended=data.ended, find=find, says=data.says.strip())
    await database.write(lambda c: moving.report(c, viewer, key, told, now))
    return await detail_of(database, viewer, key, detector_secret, now)


@post(
    "/v1/dispatches/{dispatch_id:uuid}/give-back",
    guards=[May(Action.DISPATCH_RETURN)],
    operation_id="give_back_dispatch",
    summary="This unit does not go after all",
    tags=["dispatches"],
    status_code=204,
    raises_problems=[Conflict, NotAllowed],
)
async def give_back_dispatch(
    dispatch_id: FromPath[UUID],
    data: JSONBody[CallOff],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """The turn-out is offered to others: said by the unit, or by the control room, which takes it from it."""
    now, key = clock(), IncidentId(dispatch_id)
    await database.write(lambda c: handing.give_back(c, viewer, key, data.reason.strip(), data.sent(), now))


def _action(data: Step) -> IncidentAction:
    step = IncidentAction(data.step)
    if step is IncidentAction.HAND_OVER and not data.says.strip():
        raise InvalidInput("Say to whom she was handed over.", "says")
    if data.ended is not None and (step is not IncidentAction.FIND or data.ended not in FOUND):
        raise InvalidInput("Only who was found was found in some way.", "ended")
    return step


ROUTES: list[HTTPRouteHandler] = [
    list_offers, accept_offer, decline_offer, report_step, give_back_dispatch
]  # fmt: skip
