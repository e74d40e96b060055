"""The price of a turn-out, before anybody presses the button."""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.kit.clock import Clock
from app.kit.ids import WearerId
from app.programmes import service
from app.programmes.quoting import Quote
from app.programmes.starts import Reason


class QuoteOut(Struct, frozen=True, kw_only=True):
    """What a turn-out would cost now; `id` is named when somebody agrees to it, and is another one as soon as anything
    that it says is. Both null where no scheme of hers sends anybody.
    """

    id: str | None
    contract: UUID | None
    quote: Quote | None
    you_may_ask: Annotated[bool, Meta(description="whether the scheme lets you ask for one")]
    why: Annotated[Reason, Meta(description="why, or why not")]


@get(
    "/v1/wearers/{wearer_id:uuid}/quote",
    guards=[May(Action.PROGRAMME_READ)],
    operation_id="read_quote",
    summary="What a turn-out would cost now",
    tags=["programmes"],
)
async def read_quote(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> QuoteOut:
    """The tariff in force, how many free turn-outs are left this year, who pays now and after that, what the guard may
    do and what not, and whether you may ask; in words too, in Japanese, easy Japanese and English. For who manages her
    or sees her alerts; for others it is a 404.
    """
    now = clock()
    shown = await database.read(lambda c: service.quote_for(c, viewer, WearerId(wearer_id), now))
    quoted, decision = shown.quoted, shown.decision
    return QuoteOut(
        id=None if quoted is None else quoted.id,
        contract=None if quoted is None else quoted.contract.id,
        quote=None if quoted is None else quoted.quote,
        you_may_ask=decision.allowed,
        why=decision.reason,
    )


ROUTES: list[HTTPRouteHandler] = [read_quote]
