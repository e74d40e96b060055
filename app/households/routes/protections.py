"""Protections (支援措置), for the office alone."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor
from app.households import service
from app.households.model import Protection
from app.households.routes.fields import Name, shown
from app.kit.clock import Clock
from app.kit.ids import AccountId, ProtectionId, WearerId


class ProtectionBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new protection."""

    name: Name
    account_id: Annotated[
        UUID | None, Meta(description="the relative's account; without it nothing is hidden, it is a note only")
    ] = None
    reason: Annotated[str, Meta(max_length=500, description="for the office")] = ""


class ProtectionShown(Struct, frozen=True, kw_only=True):
    """A named relative from whom a wearer is hidden altogether."""

    id: UUID
    wearer_id: UUID
    name: str
    account_id: UUID | None
    reason: str
    set_by: UUID
    set_at: datetime


@get(
    "/v1/wearers/{wearer_id:uuid}/protections",
    guards=[May(Action.PROTECTION_WRITE)],
    operation_id="list_protections",
    summary="From whom a wearer is hidden",
    tags=["protections"],
)
async def list_protections(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[ProtectionShown]:
    """The protections in force, newest first. Clerks may in their own city, administrators everywhere."""
    before, now = decode_cursor(cursor, UUID), clock()
    rows = await database.read(lambda c: service.protections_of(c, viewer, WearerId(wearer_id), before, limit + 1, now))
    return shown(rows, limit, lambda one: one.id, _shown)


@post(
    "/v1/wearers/{wearer_id:uuid}/protections",
    guards=[May(Action.PROTECTION_WRITE)],
    operation_id="protect_wearer",
    summary="Hide a wearer from somebody",
    tags=["protections"],
)
async def protect_wearer(
    wearer_id: FromPath[UUID],
    data: JSONBody[ProtectionBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ProtectionShown:
    """Hides the wearer from an account altogether, whatever consents say and whoever it belongs to.

    Her family is not told of it. Clerks may in their own city, administrators everywhere; an unknown wearer or account
    is a 404, a second protection against the same account a 409.
    """
    now = clock()
    return _shown(
        await database.write(
            lambda c: service.new_protection(
                c,
                viewer,
                WearerId(wearer_id),
                data.name,
                account_id=None if data.account_id is None else AccountId(data.account_id),
                reason=data.reason,
                now=now,
            )
        )
    )


@delete(
    "/v1/wearers/{wearer_id:uuid}/protections/{protection_id:uuid}",
    guards=[May(Action.PROTECTION_WRITE)],
    operation_id="end_protection",
    summary="End a protection",
    tags=["protections"],
)
async def end_protection(
    wearer_id: FromPath[UUID],
    protection_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Ends a protection; consents that stand count again. Clerks may in their own city, administrators everywhere.

    One that has ended, or is another wearer's, is a 404.
    """
    now, ids = clock(), (WearerId(wearer_id), ProtectionId(protection_id))
    await database.write(lambda c: service.end_protection(c, viewer, *ids, now))


def _shown(one: Protection) -> ProtectionShown:
    return ProtectionShown(
        id=one.id,
        wearer_id=one.wearer_id,
        name=one.name,
        account_id=one.account_id,
        reason=one.reason,
        set_by=one.set_by,
        set_at=one.set_at,
    )


ROUTES: list[HTTPRouteHandler] = [list_protections, protect_wearer, end_protection]
