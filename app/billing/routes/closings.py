"""Closing runs: begun and looked at by the office of the city."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.billing import service
from app.billing.model import Run, RunState
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.programmes.model import Month


class ClosingIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A month to be closed; or, when it is closed, to be looked at again for what was corrected since."""

    month: Month
    everybody: Annotated[
        bool, Meta(description="of a closed month: look at everybody, not only at whom something was noted of")
    ] = False


class ClosingOut(Struct, frozen=True, kw_only=True):
    """A run, and how far it is."""

    id: UUID
    month: str
    round: Annotated[int, Meta(description="0 closes the month, above it bills what was corrected since")]
    state: RunState
    wearers: Annotated[int, Meta(description="gone through so far")]
    gaps: Annotated[int, Meta(description="contracts that could not be billed, and why: `/gaps`")]
    started_at: datetime
    closed_at: datetime | None


class GapOut(Struct, frozen=True, kw_only=True):
    """A contract that was not billed: the fields that the scheme asks for, `issuer:CODE` for a company of which
    nothing is known here, or `defect:NAME` for one of ours. Once that is mended, close the month again.
    """

    contract: UUID
    wearer: UUID
    why: list[str]


@post(
    "/v1/billing/closings",
    guards=[May(Action.BILL_WRITE)],
    operation_id="close_month",
    summary="Close a month, or look at a closed one again",
    tags=["billing"],
    status_code=200,
)
async def close_month(
    data: JSONBody[ClosingIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ClosingOut:
    """The run, which goes on by itself; the one that goes on already, if there is one. 400 for a month that is not over
    in Japan.
    """
    now = clock()
    return _out(
        await database.write(
            lambda c: service.begin(
                c, viewer.city_id, data.month, viewer.account_id, now, everybody=data.everybody
            )
        )
    )  # fmt: skip


@get(
    "/v1/billing/closings",
    guards=[May(Action.BILL_WRITE)],
    operation_id="list_closings",
    summary="Closing runs, newest month first",
    tags=["billing"],
)
async def list_closings(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[ClosingOut]:
    """Those of your city, and how far each is."""
    before = decode_cursor(cursor, tuple[str, int])
    found = await database.read(lambda c: service.closings(c, viewer, before, limit + 1))
    return page([_out(one) for one in found], limit, lambda one: (one.month, one.round))


@get(
    "/v1/billing/closings/{closing_id:uuid}/gaps",
    guards=[May(Action.BILL_WRITE)],
    operation_id="list_closing_gaps",
    summary="What a run could not bill",
    tags=["billing"],
)
async def list_gaps(
    closing_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[GapOut]:
    """Contracts with something unknown: the others did not wait for them."""
    after = decode_cursor(cursor, UUID)
    found = await database.read(lambda c: service.gaps(c, viewer, closing_id, after, limit + 1))
    shown = [GapOut(contract=one.contract_id, wearer=one.wearer_id, why=list(one.why)) for one in found]
    return page(shown, limit, lambda one: one.contract)


def _out(one: Run) -> ClosingOut:
    return ClosingOut(
        id=one.id, month=one.month, round=one.round, state=one.state, wearers=one.wearers, gaps=one.gaps,
        started_at=one.started_at, closed_at=one.closed_at,
    )  # fmt: skip


ROUTES: list[HTTPRouteHandler] = [close_month, list_closings, list_gaps]
