"""A register of detectors as a file: in and out."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import FromQuery, RawBody
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.kit.clock import Clock
from app.kit.errors import InvalidInput, NotFound
from app.tags.csv_rows import BYTES_MAX
from app.tags.importing import read
from app.tags.reasons import Reason, words
from app.tags.routes.bodies import City, city_of
from app.tags.service import files

CSV = "text/csv"
# What browsers say of a file that ends in .csv: with a spreadsheet installed on Windows it is Excel's.
_TAKEN = frozenset({CSV, "application/vnd.ms-excel", "application/octet-stream"})


class RowErrorOut(Struct, kw_only=True):
    """One thing that is wrong with one row: its line in the file, the column, what stands there, and why not."""

    line: int
    column: str
    value: str
    reason: Reason
    why: str
    why_ja: str


class ImportOut(Struct, kw_only=True):
    """What became of a file."""

    rows: Annotated[int, Meta(description="rows below the headings")]
    right: Annotated[int, Meta(description="rows with nothing wrong")]
    imported: Annotated[int, Meta(description="detectors that were registered; none where anything is wrong")]
    errors: list[RowErrorOut]
    unknown_columns: Annotated[list[str], Meta(description="headings that mean nothing here; their cells are dropped")]
    detectors: Annotated[list[UUID], Meta(description="the registered ones, in the order of their rows")]


def take_csv_only(request: Request[Any, Any, Any]) -> None:
    """Refuses bodies that do not say that they are a file (415), for the reason of `asgi.web.take_json_only`: no such
    kind is one that a page of another site can make a browser send unasked.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _TAKEN:
        raise HTTPException("Send the file with the header content-type: text/csv.", status_code=415)


class FileOperation(Operation):
    """The description of a route that takes a file."""

    def __post_init__(self) -> None:
        text = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
        self.request_body = RequestBody(
            content={CSV: text},
            required=True,
            description="UTF-8, CP932 or UTF-16 with its mark; commas, tabs or semicolons; headings in one of the "
            "first five lines. It may also be called application/vnd.ms-excel or application/octet-stream.",
        )


@post(
    "/v1/detectors/import",
    status_code=200,
    guards=[May(Action.DETECTOR_WRITE)],
    before_request=take_csv_only,
    request_max_body_size=BYTES_MAX,
    operation_class=FileOperation,
    tags=["detectors"],
    operation_id="import_detectors",
    summary="Register the detectors of a file",
    raises_problems=[NotFound],
)
async def import_detectors(
    body: RawBody,
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    city_id: FromQuery[City | None] = None,
    partial: FromQuery[bool] = False,
    dry_run: FromQuery[bool] = False,
    anywhere: FromQuery[bool] = False,
) -> ImportOut:
    """What became of each row of a CSV (管理番号, 種別, 設置場所名, 緯度, 経度 … or the names of the fields), which may
    have 2 MB and 5,000 rows. For clerks and administrators.

    Every row that is wrong is named, with its line, column and why in two languages; so is one that is more than 30 km
    from the middle of the registered detectors, or, while these are fewer than three, of them and the file together.
    Nothing is registered where any is wrong, but the others with `partial`; nothing at all with `dry_run`; how far from
    the town does not count with `anywhere`. 400 for what is no such file.
    """
    reading = await asyncio.to_thread(read, body)
    if isinstance(reading, Reason):
        raise InvalidInput(" ".join(words(reading)), "body")
    now, city = clock(), city_of(city_id)
    store = database.read if dry_run else database.write
    done = await store(
        lambda c: files.import_detectors(
            c, viewer, city, reading, partial=partial, dry_run=dry_run, anywhere=anywhere, now=now
        )
    )
    return ImportOut(
        rows=done.rows,
        right=done.right,
        imported=len(done.detector_ids),
        errors=[RowErrorOut(**{name: getattr(one, name) for name in one.__struct_fields__}) for one in done.errors],
        unknown_columns=list(reading.unknown_columns),
        detectors=list(done.detector_ids),
    )


@get(
    "/v1/detectors/export.csv",
    guards=[May(Action.DETECTOR_READ)],
    tags=["detectors"],
    operation_id="export_detectors",
    summary="The detectors of your city as a file",
    responses={200: ResponseSpec(str, generate_examples=False, media_type=CSV, description="UTF-8 with its mark")},
)
async def export_detectors(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database], city_id: FromQuery[City | None] = None
) -> Response[bytes]:
    """A CSV with the columns of the import, for a spreadsheet; a text that would be calculated there has an apostrophe
    before it. For the staff of the city; an administrator may name another.
    """
    content = await database.read(lambda c: files.export_detectors(c, viewer, city_of(city_id)))
    headers = {"Content-Disposition": 'attachment; filename="detectors.csv"'}
    return Response(content, media_type=CSV, headers=headers)


ROUTES: list[HTTPRouteHandler] = [import_detectors, export_detectors]
