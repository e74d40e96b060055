"""What a city is asked for in a month, by ward and category; and who is in arrears."""

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.billing import service
from app.billing.routes.bodies import CSV, DocumentOut, Yen, document_out
from app.billing.routes.documents import FILE
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.programmes.model import Month


class PartOut(Struct, frozen=True, kw_only=True):
    """One company, ward and category: how many wearers, which documents, what they come to, returns taken off."""

    issuer: str
    ward: str
    category: str
    wearers: int
    documents: list[UUID]
    total_yen: Yen
    tax_yen: Yen


class Statement(Struct, frozen=True, kw_only=True):
    """A month of a city."""

    month: str
    parts: list[PartOut]
    total_yen: Annotated[int, Meta(description="of all parts")]
    tax_yen: int


@get(
    "/v1/billing/statements",
    guards=[May(Action.BILL_COLLECT)],
    operation_id="read_statement",
    summary="What the city is asked for in a month, by ward and category",
    tags=["billing"],
)
async def read_statement(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    month: FromQuery[Month | None] = None,
) -> Statement:
    """The documents that ask your city for money, added up; a company sees its own. Without `month` the last one that
    is over. A city has some dozens of parts.
    """
    month = month or service.last_month(clock())
    found = await database.read(lambda c: service.parts(c, viewer, month))
    parts = [
        PartOut(
            issuer=one.issuer, ward=one.ward, category=one.category, wearers=one.wearers,
            documents=list(one.documents), total_yen=one.total_yen, tax_yen=one.tax_yen,
        )
        for one in found
    ]  # fmt: skip
    return Statement(
        month=month,
        parts=parts,
        total_yen=sum(one.total_yen for one in parts),
        tax_yen=sum(one.tax_yen for one in parts),
    )


@get(
    "/v1/billing/statements.csv",
    guards=[May(Action.BILL_COLLECT)],
    operation_id="export_statement",
    summary="The same as a file",
    tags=["billing"],
    responses=FILE,
)
async def export_statement(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    month: FromQuery[Month | None] = None,
) -> Response[bytes]:
    """CSV, UTF-8 with its mark, with the sums of each company."""
    month = month or service.last_month(clock())
    content = await database.read(lambda c: service.parts_sheet(c, viewer, month))
    headers = {"Content-Disposition": f'attachment; filename="statement-{month}.csv"'}
    return Response(content, media_type=CSV, headers=headers)


@get(
    "/v1/billing/arrears",
    guards=[May(Action.BILL_COLLECT)],
    operation_id="list_arrears",
    summary="Documents that are overdue, longest first",
    tags=["billing"],
)
async def list_arrears(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[DocumentOut]:
    """Those of which something is open after the day on which it was due."""
    now, after = clock(), decode_cursor(cursor, tuple[date, UUID])
    found = await database.read(lambda c: service.arrears(c, viewer, after, limit + 1, now))
    return page([document_out(one, now) for one in found], limit, lambda one: (one.due_on, one.id))


ROUTES: list[HTTPRouteHandler] = [read_statement, export_statement, list_arrears]
