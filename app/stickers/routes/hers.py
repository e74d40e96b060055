"""The stickers of a wearer: where each is, and that one is lost or taken back."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, patch, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import Page
from app.kit.clock import Clock
from app.kit.errors import Conflict
from app.kit.ids import StickerId, WearerId
from app.stickers import service
from app.stickers.model import Material, Sticker, StickerState


class StickerChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a sticker is."""

    stuck_on: Annotated[str, Meta(max_length=60, description="coat, shoe, bag …; may be empty")]


class Why(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a sticker is to be good no more."""

    reason: Annotated[str, Meta(max_length=500, description="for the office")] = ""


class StickerShown(Struct, frozen=True, kw_only=True):
    """A sticker that was given to somebody."""

    id: UUID
    number: Annotated[str, Meta(description="printed on it; opens nothing")]
    material: Material
    state: StickerState
    stuck_on: str
    issued_at: datetime | None
    ended_at: datetime | None


@get(
    "/v1/wearers/{wearer_id:uuid}/stickers",
    guards=[May(Action.STICKER_READ)],
    operation_id="list_stickers",
    summary="Her stickers",
    tags=["stickers"],
)
async def list_stickers(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Page[StickerShown]:
    """All that she was ever given, by number, in one page. For those who manage her or see her alerts; else a 404."""
    now = clock()
    found = await database.read(lambda c: service.hers(c, viewer, WearerId(wearer_id), now))
    return Page(items=[_shown(one) for one in found], next=None)


@patch(
    "/v1/wearers/{wearer_id:uuid}/stickers/{sticker_id:uuid}",
    guards=[May(Action.STICKER_OWN)],
    operation_id="change_sticker",
    summary="Say where a sticker is",
    tags=["stickers"],
)
async def change_sticker(
    wearer_id: FromPath[UUID],
    sticker_id: FromPath[UUID],
    data: JSONBody[StickerChange],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> StickerShown:
    """Where it is stuck, which its scans then name. For her household, clerks of her city and administrators; for
    others a 404.
    """
    now, ids = clock(), (WearerId(wearer_id), StickerId(sticker_id))
    return _shown(await database.write(lambda c: service.stick_on(c, viewer, *ids, data.stuck_on, now)))


@post(
    "/v1/wearers/{wearer_id:uuid}/stickers/{sticker_id:uuid}/lost",
    guards=[May(Action.STICKER_OWN)],
    operation_id="lose_sticker",
    summary="A sticker is lost",
    tags=["stickers"],
    status_code=200,
    raises_problems=[Conflict],
)
async def lose_sticker(
    wearer_id: FromPath[UUID],
    sticker_id: FromPath[UUID],
    data: JSONBody[Why],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> StickerShown:
    """Its page answers no more, for good. For her household, clerks of her city and administrators; for others a 404,
    for a sticker that is not in use a 409.
    """
    now, ids = clock(), (WearerId(wearer_id), StickerId(sticker_id))
    return _shown(await database.write(lambda c: service.lose(c, viewer, *ids, data.reason, now)))


@post(
    "/v1/wearers/{wearer_id:uuid}/stickers/{sticker_id:uuid}/withdraw",
    guards=[May(Action.STICKER_WRITE)],
    operation_id="withdraw_sticker",
    summary="Take a sticker back",
    tags=["stickers"],
    status_code=200,
    raises_problems=[Conflict],
)
async def withdraw_sticker(
    wearer_id: FromPath[UUID],
    sticker_id: FromPath[UUID],
    data: JSONBody[Why],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> StickerShown:
    """Its page answers no more, for good. For clerks of her city and administrators; for others a 404, for a sticker
    that is neither in use nor lost a 409.
    """
    now, ids = clock(), (WearerId(wearer_id), StickerId(sticker_id))
    return _shown(await database.write(lambda c: service.withdraw(c, viewer, *ids, data.reason, now)))


def _shown(one: Sticker) -> StickerShown:
    return msgspec.convert(one, StickerShown, from_attributes=True)


ROUTES: list[HTTPRouteHandler] = [list_stickers, change_sticker, lose_sticker, withdraw_sticker]
