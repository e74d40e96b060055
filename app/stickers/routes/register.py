"""The register that is shared with the police, and whose sticker a printed number is."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.errors import Overloaded
from app.kit.ids import WearerId
from app.stickers.model import StickerState
from app.stickers.register import Called, Registered
from app.stickers.service import register as service

CSV = "text/csv; charset=utf-8"
FILE = {200: ResponseSpec(str, generate_examples=False, media_type="text/csv", description="UTF-8 with its mark")}


class RegisteredOut(Struct, frozen=True, kw_only=True):
    """A wearer in the register, and whom to call."""

    wearer: UUID
    name: str
    born_on: date | None
    network: str
    network_number: str
    entered_on: date | None
    features: str
    stickers: Annotated[list[str], Meta(description="printed numbers of those that are good")]
    contacts: list[Called]


class FoundOut(Struct, frozen=True, kw_only=True):
    """A sticker by its printed number, and whose it is."""

    number: str
    state: StickerState
    stuck_on: Annotated[str, Meta(description="where it is: coat, shoe, bag")]
    whose: RegisteredOut


class ExportOut(Struct, frozen=True, kw_only=True):
    """The register went out as a file."""

    id: UUID
    rows: int
    by: str
    at: datetime


@get(
    "/v1/sticker-register/numbers/{sticker_number:str}",
    guards=[May(Action.REGISTER_READ)],
    operation_id="look_up_sticker",
    summary="Whose sticker is this",
    tags=["stickers"],
    raises_problems=[Overloaded],
)
async def look_up_sticker(
    sticker_number: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> FoundOut:
    """By the number that is printed on it, in your city. The police find only who agreed that they may know. The look
    is a row that the family reads.
    """
    now = clock()
    found = await database.write(lambda c: service.look_up(c, viewer, sticker_number, now))
    return FoundOut(number=found.number, state=found.state, stuck_on=found.stuck_on, whose=_out(found.whose))


@get(
    "/v1/sticker-register",
    guards=[May(Action.REGISTER_READ)],
    operation_id="read_sticker_register",
    summary="The register that is shared with the police",
    tags=["stickers"],
    raises_problems=[Overloaded],
)
async def read_sticker_register(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[RegisteredOut]:
    """Who wears stickers of your city and agreed that the police may know. Each that is shown is a look, which her
    family reads.
    """
    now, after = clock(), decode_cursor(cursor, UUID)
    last = None if after is None else WearerId(after)
    found = await database.write(lambda c: service.page_of_register(c, viewer, last, limit + 1, now))
    return page([_out(one) for one in found], limit, lambda one: one.wearer)


@post(
    "/v1/sticker-register/exports",
    guards=[May(Action.REGISTER_READ)],
    operation_id="export_sticker_register",
    summary="The register as a file",
    tags=["stickers"],
    status_code=200,
    responses=FILE,
    media_type=CSV,
)
async def export_sticker_register(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database], clock: NamedDependency[Clock]
) -> Response[bytes]:
    """CSV, UTF-8 with its mark, of everybody in `GET /v1/sticker-register`. That it went out is kept, and so is a look
    at each.
    """
    now = clock()
    content = await database.write(lambda c: service.export(c, viewer, now))
    headers = {"Content-Disposition": 'attachment; filename="register.csv"'}
    return Response(content, media_type=CSV, headers=headers)


@get(
    "/v1/sticker-register/exports",
    guards=[May(Action.STICKER_WRITE)],
    operation_id="list_sticker_register_exports",
    summary="When the register went out",
    tags=["stickers"],
)
async def list_sticker_register_exports(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[ExportOut]:
    """Exports of the register of your city, newest first. For its clerks and administrators."""
    before = decode_cursor(cursor, UUID)
    found, names = await database.read(lambda c: service.exports(c, viewer, before, limit + 1))
    out = [ExportOut(id=one.id, rows=one.rows, by=names.get(one.by, ""), at=one.at) for one in found]
    return page(out, limit, lambda one: one.id)


def _out(one: Registered) -> RegisteredOut:
    return RegisteredOut(
        wearer=one.wearer_id, name=one.name, born_on=one.born_on, network=one.network, network_number=one.number,
        entered_on=one.entered_on, features=one.features, stickers=list(one.stickers), contacts=list(one.contacts),
    )  # fmt: skip


ROUTES: list[HTTPRouteHandler] = [
    look_up_sticker, read_sticker_register, export_sticker_register, list_sticker_register_exports
]  # fmt: skip
