"""Who looked at the pages of her stickers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.ids import WearerId
from app.stickers import service
from app.stickers.model import Scan


class ScanShown(Struct, frozen=True, kw_only=True):
    """A sticker's page was looked at. Nobody was alarmed."""

    id: UUID
    sticker: Annotated[str, Meta(description="the number that is printed on it")]
    stuck_on: Annotated[str, Meta(description="where it is, in the family's words")]
    times: Annotated[int, Meta(description="within ten minutes")]
    first_at: datetime
    last_at: datetime
    language: str
    machine: Annotated[bool, Meta(description="something that looks through links, not a person")]
    network: Annotated[str, Meta(description="the same for the same neighbourhood of the network; no address")]


@get(
    "/v1/wearers/{wearer_id:uuid}/scans",
    guards=[May(Action.STICKER_READ)],
    operation_id="list_scans",
    summary="Scans of her stickers",
    tags=["stickers"],
)
async def list_scans(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[ScanShown]:
    """When somebody looked at the page of one of her stickers, newest first; looks within ten minutes are one.

    For those who manage her or see her alerts; for others it is a 404.
    """
    before, now = decode_cursor(cursor, UUID), clock()
    rows = await database.read(lambda c: service.scans_of(c, viewer, WearerId(wearer_id), before, limit + 1, now))
    found = page(rows, limit, lambda one: one.id)
    return Page(items=[_shown(one) for one in found.items], next=found.next)


def _shown(one: Scan) -> ScanShown:
    return ScanShown(
        id=one.id, sticker=one.number, stuck_on=one.stuck_on, times=one.times, first_at=one.first_at,
        last_at=one.last_at, language=one.language, machine=one.machine, network=one.mark.hex(),
    )  # fmt: skip


ROUTES: list[HTTPRouteHandler] = [list_scans]
