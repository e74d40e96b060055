"""The card of a wearer: what whoever is with her reads, after saying so."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.kit.clock import Clock
from app.kit.errors import Conflict
from app.kit.ids import WearerId
from app.stickers import service
from app.stickers.model import Card, PhoneShown
from app.stickers.service.cards import CardDraft

Lines = Annotated[str, Meta(max_length=500)]


class CardBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole card; what is absent is empty."""

    nickname: Annotated[str, Meta(max_length=40, description="how she likes to be called; no need of a name")] = ""
    helps: Annotated[Lines, Meta(description="what helps her")] = ""
    illness: Annotated[Lines, Meta(description="what a helper should know of her health")] = ""
    shows_illness: Annotated[bool, Meta(description="whether a helper reads it, after saying that they are there")] = (
        False
    )
    contact_id: Annotated[UUID | None, Meta(description="whose number is shown")] = None
    phone_shown: PhoneShown = PhoneShown.TAP
    phone_consent: Annotated[
        bool, Meta(description="the contact agrees that the number stands on the scan itself; needed for `scan`")
    ] = False


class CardShown(Struct, frozen=True, kw_only=True):
    """What a family chose to show to whoever is with her."""

    wearer_id: UUID
    nickname: str
    helps: str
    illness: str
    shows_illness: bool
    contact_id: UUID | None
    phone_shown: PhoneShown
    phone_consent_at: Annotated[
        datetime | None, Meta(description="since when it is recorded that the number may stand on the scan")
    ]
    changed_by: UUID | None
    changed_at: datetime | None


@get(
    "/v1/wearers/{wearer_id:uuid}/sticker-card",
    guards=[May(Action.STICKER_READ)],
    operation_id="read_sticker_card",
    summary="What a helper will read",
    tags=["stickers"],
)
async def read_sticker_card(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> CardShown:
    """What whoever is with her reads, after saying so. For those who manage her or see her alerts; for others a 404."""
    now = clock()
    return _shown(await database.read(lambda c: service.her_card(c, viewer, WearerId(wearer_id), now)))


@put(
    "/v1/wearers/{wearer_id:uuid}/sticker-card",
    guards=[May(Action.STICKER_OWN)],
    operation_id="write_sticker_card",
    summary="Choose what a helper will read",
    tags=["stickers"],
    raises_problems=[Conflict],
)
async def write_sticker_card(
    wearer_id: FromPath[UUID],
    data: JSONBody[CardBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> CardShown:
    """The whole card from now on. A number stands on the scan itself only with consent and where the city's scheme
    allows it: else a 400 and a 409. For her household, clerks of her city and administrators; for others a 404.
    """
    now, draft = clock(), msgspec.convert(data, CardDraft, from_attributes=True)
    return _shown(await database.write(lambda c: service.write_card(c, viewer, WearerId(wearer_id), draft, now)))


def _shown(one: Card) -> CardShown:
    return msgspec.convert(one, CardShown, from_attributes=True)


ROUTES: list[HTTPRouteHandler] = [read_sticker_card, write_sticker_card]
