"""Who looked at a wearer's place."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Role, Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor
from app.households import service
from app.households.model import Look, Purpose
from app.households.routes.fields import shown
from app.kit.clock import Clock
from app.kit.ids import AccountId, WearerId


class Last(Struct, frozen=True, array_like=True):
    """What a cursor holds: moment, viewer and purpose of the last look shown."""

    at: Annotated[datetime, Meta(tz=True)]
    viewer_id: UUID
    purpose: Purpose


class LookShown(Struct, frozen=True, kw_only=True):
    """Somebody looked; once for each viewer, purpose and ten minutes."""

    viewer_id: UUID
    viewer_name: str
    viewer_role: Role
    purpose: Annotated[Purpose, Meta(description="what was looked at, or why: place, track, alert, register")]
    at: datetime


@get(
    "/v1/wearers/{wearer_id:uuid}/looks",
    guards=[May(Action.LOOK_READ)],
    operation_id="list_looks",
    summary="Who looked at her place",
    tags=["looks"],
)
async def list_looks(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[LookShown]:
    """Every look at her place, newest first.

    For her household, clerks of her city and administrators; for others it is a 404.
    """
    last, now = decode_cursor(cursor, Last), clock()
    before = None if last is None else (last.at, AccountId(last.viewer_id), last.purpose)
    rows = await database.read(lambda c: service.looks_at(c, viewer, WearerId(wearer_id), before, limit + 1, now))
    return shown(rows, limit, lambda one: Last(one.at, one.account_id, one.purpose), _shown)


def _shown(one: Look) -> LookShown:
    return LookShown(
        viewer_id=one.account_id,
        viewer_name=one.viewer_name,
        viewer_role=one.viewer_role,
        purpose=one.purpose,
        at=one.at,
    )


ROUTES: list[HTTPRouteHandler] = [list_looks]
