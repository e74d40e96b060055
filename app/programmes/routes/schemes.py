"""Schemes: what a city or a company offers, and what it costs."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.programmes import service
from app.programmes.model import Axis, Code
from app.programmes.scheme import Scheme
from app.programmes.words import explain

Words = Annotated[dict[str, str], Meta(description="by language: `ja`, `en`")]


class SchemeOut(Struct, frozen=True, kw_only=True):
    """A programme of a city or a service of a company."""

    id: str
    name: Words
    city: Words | None
    axis: Annotated[Axis, Meta(description="which day decides the version that holds")]
    versions: list[str]
    companies: Annotated[dict[str, Words], Meta(description="who serves, by code")]


class SchemeDetail(Struct, frozen=True, kw_only=True):
    """A scheme, as its file says it, and the same in words."""

    scheme: Scheme
    words: Words


@get(
    "/v1/schemes",
    guards=[May(Action.PROGRAMME_READ)],
    operation_id="list_schemes",
    summary="Schemes",
    tags=["programmes"],
)
async def list_schemes(
    database: NamedDependency[Database],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[SchemeOut]:
    """The schemes that the service knows, by id. For staff and families."""
    after: str | None = decode_cursor(cursor, Code)
    found = await database.read(lambda c: service.listed(c, after, limit + 1))
    return page([_out(one) for one in found], limit, lambda one: one.id)


@get(
    "/v1/schemes/{scheme:str}",
    guards=[May(Action.PROGRAMME_READ)],
    operation_id="read_scheme",
    summary="A scheme",
    tags=["programmes"],
)
async def read_scheme(scheme: FromPath[str], database: NamedDependency[Database]) -> SchemeDetail:
    """A scheme with all its figures, the words of the papers beside them, and an explanation. For staff and
    families; 404 for one that there is not.
    """
    found = await database.read(lambda c: service.scheme(c, scheme))
    return SchemeDetail(scheme=found, words={language: explain(found, language) for language in ("ja", "en")})


def _out(one: Scheme) -> SchemeOut:
    return SchemeOut(
        id=one.id, name=one.name.both(), city=None if one.city is None else one.city.both(), axis=one.axis,
        versions=[version.id for version in one.versions],
        companies={code: company.name.both() for code, company in one.companies.items()},
    )  # fmt: skip


ROUTES: list[HTTPRouteHandler] = [list_schemes, read_scheme]
