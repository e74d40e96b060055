"""Consents: who may see what of a wearer, from when, until when."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Role, Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor
from app.households import service
from app.households.model import GivenAs, KnownConsent, Scope
from app.households.routes.fields import Moment, shown
from app.kit.clock import Clock
from app.kit.ids import AccountId, ConsentId, WearerId


class ConsentBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new consent, to an account or to a role."""

    account_id: UUID | None = None
    role: Annotated[
        Role | None,
        Meta(description="all of her city who are operator, guard, care_manager, police or clerk"),
    ] = None
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=len(Scope), description="what may be seen")]
    from_at: Annotated[Moment | None, Meta(description="now without it")] = None
    until_at: Annotated[Moment | None, Meta(description="open without it; not included")] = None


class ConsentShown(Struct, frozen=True, kw_only=True):
    """Who may see what, from when, until when, and who said so. `given_as` tells with what it ends by itself."""

    id: UUID
    wearer_id: UUID
    account_id: UUID | None
    account_name: str | None
    role: Role | None
    scopes: list[Scope]
    given_as: GivenAs
    from_at: datetime
    until_at: datetime | None
    given_by: UUID
    given_by_name: str
    given_at: datetime


@get(
    "/v1/wearers/{wearer_id:uuid}/consents",
    guards=[May(Action.CONSENT_WRITE)],
    operation_id="list_consents",
    summary="Who may see what",
    tags=["consents"],
)
async def list_consents(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[ConsentShown]:
    """All consents that were not revoked, newest first; those of the past and of the future too.

    For her household, clerks of her city and administrators; for others it is a 404.
    """
    before, now = decode_cursor(cursor, UUID), clock()
    rows = await database.read(lambda c: service.consents_of(c, viewer, WearerId(wearer_id), before, limit + 1, now))
    return shown(rows, limit, lambda one: one.consent.id, _shown)


@post(
    "/v1/wearers/{wearer_id:uuid}/consents",
    guards=[May(Action.CONSENT_WRITE)],
    operation_id="give_consent",
    summary="Let somebody see",
    tags=["consents"],
)
async def give_consent(
    wearer_id: FromPath[UUID],
    data: JSONBody[ConsentBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ConsentShown:
    """Gives a consent to one account of her city, or to everybody of a role there.

    For her household, clerks of her city and administrators; for others, and for an account of another city, it is a
    404. Nobody of the office lets themselves see: a 403. What cannot be meant is a 400, what cannot be given a 409.
    """
    now = clock()
    return _shown(
        await database.write(
            lambda c: service.new_consent(
                c,
                viewer,
                WearerId(wearer_id),
                scopes=data.scopes,
                account_id=None if data.account_id is None else AccountId(data.account_id),
                role=data.role,
                from_at=data.from_at,
                until_at=data.until_at,
                now=now,
            )
        )
    )


@delete(
    "/v1/wearers/{wearer_id:uuid}/consents/{consent_id:uuid}",
    guards=[May(Action.CONSENT_WRITE)],
    operation_id="revoke_consent",
    summary="Revoke a consent",
    tags=["consents"],
)
async def revoke_consent(
    wearer_id: FromPath[UUID],
    consent_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Revokes a consent at once.

    For her household, clerks of her city and administrators; for others, and when it was revoked before, it is a 404.
    """
    now, ids = clock(), (WearerId(wearer_id), ConsentId(consent_id))
    await database.write(lambda c: service.revoke_consent(c, viewer, *ids, now))


def _shown(known: KnownConsent) -> ConsentShown:
    one = known.consent
    return ConsentShown(
        id=one.id,
        wearer_id=one.wearer_id,
        account_id=one.account_id,
        account_name=known.account_name,
        role=one.role,
        scopes=[scope for scope in Scope if scope in one.scopes],
        given_as=one.given_as,
        from_at=one.from_at,
        until_at=one.until_at,
        given_by=one.given_by,
        given_by_name=known.given_by_name,
        given_at=one.given_at,
    )


ROUTES: list[HTTPRouteHandler] = [list_consents, give_consent, revoke_consent]
