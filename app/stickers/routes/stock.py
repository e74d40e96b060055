"""Sheets are printed into a city's stock."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from litestar.params import FromQuery, JSONBody
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.config import Settings
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.errors import Conflict, NotFound
from app.kit.ids import CityId
from app.paper import font_file
from app.stickers import layouts, printing
from app.stickers.model import Material, StickerState
from app.stickers.service import stock

SHEETS, CSV = "application/pdf", "text/csv"
PDF = {201: ResponseSpec(str, generate_examples=False, media_type=SHEETS, description="to print at 100 %")}
Asking = Request[Any, Any, Any]
City = Annotated[int, Meta(ge=1, le=999_999, description="for an administrator, who may act in every city; else own")]


@dataclass
class PrintOperation(Operation):
    """The framework knows one media type of an answer; this answer has two."""

    def __post_init__(self) -> None:
        """Tells of the other."""
        answer = (self.responses or {})["201"]
        assert isinstance(answer, OpenAPIResponse)
        assert answer.content is not None
        answer.content[CSV] = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))


class BatchBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be printed."""

    layout: Annotated[str, Meta(min_length=1, max_length=30, description="id of a sheet")]
    sheets: Annotated[int, Meta(ge=1, le=100)] = 1
    city_id: City | None = None


class SpoiltBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was printed badly."""

    numbers: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=30)]],
        Meta(min_length=1, max_length=100, description="numbers or spans, AA0000 or AA0000-AA0019"),
    ]
    reason: Annotated[str, Meta(max_length=500)] = ""
    city_id: City | None = None


class LayoutShown(Struct, frozen=True, kw_only=True):
    """A sheet that can be printed; lengths in mm."""

    id: str
    title: str
    material: Material
    count: Annotated[int, Meta(description="stickers on a sheet")]
    page_mm: tuple[float, float]
    label_mm: tuple[float, float]
    mirrored: Annotated[bool, Meta(description="printed as in a mirror, to be ironed on face down")]


class BatchShown(Struct, frozen=True, kw_only=True):
    """Stickers that were printed at once."""

    id: UUID
    city_id: int
    layout: str
    material: Material
    count: int
    first: Annotated[str, Meta(description="its first number")]
    last: str
    in_stock: Annotated[int, Meta(description="of these, given to nobody yet and not spoilt")]
    printed_by: UUID
    printed_at: datetime


class StockCount(Struct, frozen=True, kw_only=True):
    """How many there are of a kind."""

    layout: str
    material: Material
    state: StickerState
    count: int


class SpoiltShown(Struct, frozen=True, kw_only=True):
    """What nobody will be given."""

    numbers: list[str]


@get(
    "/v1/sticker-layouts",
    guards=[May(Action.STICKER_WRITE)],
    operation_id="list_sticker_layouts",
    summary="Sheets that can be printed",
    tags=["stickers"],
)
async def list_sticker_layouts() -> Page[LayoutShown]:
    """The sheets that come with the programme. For clerks and administrators."""
    shown = [
        LayoutShown(
            id=one.id, title=one.title, material=one.material, count=one.count, page_mm=one.page, label_mm=one.label,
            mirrored=one.mirrored,
        )
        for one in layouts.packaged().values()
    ]  # fmt: skip
    return Page(items=shown, next=None)


@post(
    "/v1/sticker-batches",
    guards=[May(Action.STICKER_WRITE)],
    operation_id="print_stickers",
    summary="Print sheets into stock",
    tags=["stickers"],
    responses=PDF,
    operation_class=PrintOperation,
    raises_problems=[Conflict, NotFound],
)
async def print_stickers(
    data: JSONBody[BatchBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    request: Asking,
) -> Response[bytes]:
    """Makes the stickers and answers their sheets, once: nobody can print the same codes again. Keep the file from
    others and delete it when it is printed; what came out badly is told with `POST /v1/sticker-spoils`.

    With `Accept: text/csv` it answers their numbers and URLs instead (`number,url`), for a company that prints labels
    of its own; also only this once.

    Clerks may in their own city, administrators everywhere; at most 1,000 stickers at once. 409 while the city has no
    telephone, the service no address that fits into a QR, or the font no form for a character.
    """
    now, font = clock(), font_file(settings.billing_font)
    as_table = request.accept.best_match([SHEETS, CSV], default=SHEETS) == CSV
    city_id = None if data.city_id is None else CityId(data.city_id)
    asked = (city_id, data.layout, data.sheets, settings.public_url)
    wanted = await database.read(lambda c: stock.order(c, viewer, *asked))
    if not as_table:
        await asyncio.to_thread(stock.must_print, wanted, font, now)
    batch, stickers = await database.write(lambda c: stock.print_batch(c, wanted, viewer.account_id, now))
    if as_table:
        return _file(printing.table(stickers), CSV, stickers)
    try:
        content = await asyncio.to_thread(printing.sheets_pdf, wanted.layout, stickers, wanted.phone, font, now)
    except BaseException:  # Whatever it was: what nobody has on paper does not lie in stock.
        await database.write(lambda c: stock.spoil_batch(c, batch, now))
        raise
    return _file(content, SHEETS, stickers)


@get(
    "/v1/sticker-batches",
    guards=[May(Action.STICKER_WRITE)],
    operation_id="list_sticker_batches",
    summary="Batches of stickers",
    tags=["stickers"],
)
async def list_sticker_batches(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    city_id: FromQuery[City | None] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[BatchShown]:
    """What was printed, newest first, and how much of it lies in stock. For clerks and administrators."""
    before, city = decode_cursor(cursor, UUID), None if city_id is None else CityId(city_id)
    rows = await database.read(lambda c: stock.batches(c, viewer, city, before, limit + 1))
    found = page(rows, limit, lambda one: one.batch.id)
    return Page(items=[_batch(one) for one in found.items], next=found.next)


@get(
    "/v1/sticker-stock",
    guards=[May(Action.STICKER_WRITE)],
    operation_id="read_sticker_stock",
    summary="How many stickers there are",
    tags=["stickers"],
)
async def read_sticker_stock(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    city_id: FromQuery[City | None] = None,
) -> Page[StockCount]:
    """By layout, material and state, in one page. For clerks and administrators."""
    city = None if city_id is None else CityId(city_id)
    rows = await database.read(lambda c: stock.counts(c, viewer, city))
    names = ("layout", "material", "state", "count")
    return Page(items=[StockCount(**dict(zip(names, row, strict=True))) for row in rows], next=None)  # type: ignore[arg-type]


@post(
    "/v1/sticker-spoils",
    guards=[May(Action.STICKER_WRITE)],
    operation_id="spoil_stickers",
    summary="Stickers were printed badly",
    tags=["stickers"],
    status_code=200,
    raises_problems=[Conflict, NotFound],
)
async def spoil_stickers(
    data: JSONBody[SpoiltBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> SpoiltShown:
    """All of them, or none: numbers that the city never printed are a 404, one that is not in stock a 409. Clerks may
    in their own city, administrators everywhere.
    """
    now, city = clock(), None if data.city_id is None else CityId(data.city_id)
    spoilt = await database.write(lambda c: stock.spoil(c, viewer, city, data.numbers, data.reason, now))
    return SpoiltShown(numbers=spoilt)


def _file(content: bytes, media_type: str, stickers: Sequence[printing.Printed]) -> Response[bytes]:
    ending = "csv" if media_type == CSV else "pdf"
    name = f"stickers-{stickers[0].number}-{stickers[-1].number}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


def _batch(one: stock.BatchSeen) -> BatchShown:
    batch = one.batch
    return BatchShown(
        id=batch.id, city_id=batch.city_id, layout=batch.layout, material=batch.material, count=batch.count,
        first=one.first, last=one.last, in_stock=one.in_stock, printed_by=batch.printed_by, printed_at=batch.printed_at,
    )  # fmt: skip


ROUTES: list[HTTPRouteHandler] = [
    list_sticker_layouts,
    print_stickers,
    list_sticker_batches,
    read_sticker_stock,
    spoil_stickers,
]
