"""Documents: listed, read, printed, explained. Who may: a family those that ask it for money, a company those that it
issued, the office those of its city; for others there is no document."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.billing import service
from app.billing.routes.bodies import CSV, DocumentOut, LineOut, document_out, line_out
from app.billing.store.reading import Asked
from app.config import Settings
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.errors import Conflict
from app.programmes.model import Code, Month, Payer

FILE = {200: ResponseSpec(str, generate_examples=False, media_type="text/csv", description="UTF-8 with its mark")}
PDF = {200: ResponseSpec(str, generate_examples=False, media_type="application/pdf", description="A4, in Japanese")}


class Explanation(Struct, frozen=True, kw_only=True):
    """How a document came about, sentence by sentence."""

    id: UUID
    sentences: list[str]


@get(
    "/v1/billing/documents",
    guards=[May(Action.BILL_READ)],
    operation_id="list_documents",
    summary="Documents, newest first",
    tags=["billing"],
)
async def list_documents(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    month: FromQuery[Month | None] = None,
    issuer: FromQuery[Code | None] = None,
    payer: FromQuery[Payer | None] = None,
    wearer: FromQuery[UUID | None] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[DocumentOut]:
    """Those that you may read; with all that is given (`month`, `issuer`, `payer`, `wearer`)."""
    now, before = clock(), decode_cursor(cursor, tuple[datetime, UUID])
    asked = Asked(month=month, issuer=issuer, payer=payer, wearer_id=wearer)
    found = await database.read(lambda c: service.listed(c, viewer, asked, before, limit + 1))
    return page([document_out(one, now) for one in found], limit, lambda one: (one.issued_at, one.id))


@get(
    "/v1/billing/documents/{document_id:uuid}",
    guards=[May(Action.BILL_READ)],
    operation_id="read_document",
    summary="One document",
    tags=["billing"],
)
async def read_document(
    document_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> DocumentOut:
    """The document, and how it stands today."""
    now = clock()
    return document_out(await database.read(lambda c: service.visible(c, viewer, document_id)), now)


@get(
    "/v1/billing/documents/{document_id:uuid}/lines",
    guards=[May(Action.BILL_READ)],
    operation_id="list_document_lines",
    summary="The lines of a document",
    tags=["billing"],
)
async def list_lines(
    document_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[LineOut]:
    """Each with the tariff's version, the rule, and why in words."""
    after = decode_cursor(cursor, UUID)
    found = await database.read(lambda c: service.lines(c, viewer, document_id, after, limit + 1))
    return page([line_out(one) for one in found], limit, lambda one: one.id)


@get(
    "/v1/billing/documents/{document_id:uuid}/explanation",
    guards=[May(Action.BILL_READ)],
    operation_id="explain_document",
    summary="How a document came about, in words",
    tags=["billing"],
)
async def explain_document(
    document_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    lang: Annotated[Literal["ja", "en"], QueryParameter(description="language of the sentences")] = "ja",
) -> Explanation:
    """Each line with its tariff, rule, quantity and reason, and how tax was reckoned. Of more than 1,000 lines the
    first ones; the file has all.
    """
    found = await database.read(lambda c: service.explanation(c, viewer, document_id, lang))
    return Explanation(id=document_id, sentences=found)


@get(
    "/v1/billing/documents/{document_id:uuid}/pdf",
    guards=[May(Action.BILL_READ)],
    operation_id="print_document",
    summary="A document as a PDF",
    tags=["billing"],
    responses=PDF,
    raises_problems=[Conflict],
)
async def print_document(
    document_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """A4, in Japanese, dates by era; a family's with every line, others with every price once. 409 where the font lacks
    a character of it.
    """
    paper = await database.read(lambda c: service.paper(c, viewer, document_id))
    content = await asyncio.to_thread(service.pdf, paper, settings.billing_font)
    headers = {"Content-Disposition": f'attachment; filename="{paper.document.number_text}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


@get(
    "/v1/billing/documents/{document_id:uuid}/lines.csv",
    guards=[May(Action.BILL_READ)],
    operation_id="export_document",
    summary="The lines of a document as a file",
    tags=["billing"],
    responses=FILE,
)
async def export_document(
    document_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Stream:
    """CSV, UTF-8 with its mark, every line."""
    content, last = await database.read(lambda c: service.sheet_part(c, viewer, document_id, None))

    async def parts() -> AsyncIterator[bytes]:
        yield content
        after = last
        while after is not None:
            more, after = await database.read(lambda c, after=after: service.sheet_part(c, viewer, document_id, after))  # type: ignore[misc]
            yield more

    headers = {"Content-Disposition": f'attachment; filename="{document_id}.csv"'}
    return Stream(parts(), media_type=CSV, headers=headers)


@get(
    "/v1/billing/documents.csv",
    guards=[May(Action.BILL_READ)],
    operation_id="export_documents",
    summary="Documents as a file",
    tags=["billing"],
    responses=FILE,
)
async def export_documents(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    month: FromQuery[Month | None] = None,
) -> Stream:
    """CSV, UTF-8 with its mark: number, to whom, amounts, what is open, state; of one month or of all."""
    now, asked = clock(), Asked(month=month)
    content, last = await database.read(lambda c: service.documents_part(c, viewer, asked, None, now))

    async def parts() -> AsyncIterator[bytes]:
        yield content
        before = last
        while before is not None:
            more, before = await database.read(
                lambda c, before=before: service.documents_part(c, viewer, asked, before, now)  # type: ignore[misc]
            )
            yield more

    headers = {"Content-Disposition": f'attachment; filename="documents-{month or "all"}.csv"'}
    return Stream(parts(), media_type=CSV, headers=headers)


ROUTES: list[HTTPRouteHandler] = [
    list_documents, export_documents, read_document, list_lines, explain_document, print_document, export_document,
]  # fmt: skip
