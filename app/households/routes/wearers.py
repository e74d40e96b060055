"""Wearers: who is watched over."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor
from app.households import service
from app.households.model import KnownWearer, Scope
from app.households.routes.fields import Name, shown
from app.kit.clock import Clock
from app.kit.errors import NotFound
from app.kit.ids import HouseholdId, WearerId

BornOn = Annotated[date, Meta(description="day of birth")]
Note = Annotated[
    str,
    Meta(max_length=2000, description="what helpers should know; everybody who may know of her reads it"),
]


class WearerBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new wearer."""

    household_id: UUID
    name: Name
    born_on: BornOn | None = None
    note: Note = ""


class WearerChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different; absent fields stay as they are, null empties."""

    name: Name | UnsetType = UNSET
    born_on: BornOn | UnsetType | None = UNSET
    note: Note | UnsetType = UNSET


class WearerShown(Struct, frozen=True, kw_only=True):
    """A person who is watched over (見守り対象者). `manages` and `sees` are about the one who asks."""

    id: UUID
    city_id: int
    household_id: UUID
    name: str
    born_on: date | None
    note: str
    manages: Annotated[bool, Meta(description="may change names, contacts, consents and geofences")]
    sees: Annotated[list[Scope], Meta(description="what consents let you see now")]
    created_at: datetime


@get(
    "/v1/wearers",
    guards=[May(Action.WEARER_READ)],
    operation_id="list_wearers",
    summary="Wearers",
    tags=["wearers"],
)
async def list_wearers(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    household_id: FromQuery[UUID | None] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[WearerShown]:
    """The wearers whom one manages or has any consent for, oldest entry first; with `household_id` those of one.

    Clerks manage those of their city, administrators all.
    """
    last, now = decode_cursor(cursor, UUID), clock()
    after, home = WearerId(last) if last else None, HouseholdId(household_id) if household_id else None
    rows = await database.read(lambda c: service.known_wearers(c, viewer, home, after, limit + 1, now))
    return shown(rows, limit, lambda one: one.wearer.id, _shown)


@post(
    "/v1/wearers",
    guards=[May(Action.WEARER_WRITE)],
    operation_id="create_wearer",
    summary="Enter a wearer",
    tags=["wearers"],
    raises_problems=[NotFound],
)
async def create_wearer(
    data: JSONBody[WearerBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> WearerShown:
    """Enters a wearer into a household. Its members may see everything of her from then on, until a consent is revoked.

    For members of the household, clerks of its city and administrators; for others the household is a 404. A day of
    birth in the future is a 400.
    """
    now = clock()
    return _shown(
        await database.write(
            lambda c: service.new_wearer(
                c,
                viewer,
                HouseholdId(data.household_id),
                data.name,
                born_on=data.born_on,
                note=data.note,
                now=now,
            )
        )
    )


@get(
    "/v1/wearers/{wearer_id:uuid}",
    guards=[May(Action.WEARER_READ)],
    operation_id="read_wearer",
    summary="A wearer",
    tags=["wearers"],
)
async def read_wearer(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> WearerShown:
    """A wearer whom one manages or has any consent for; others are a 404."""
    now = clock()
    return _shown(await database.read(lambda c: service.known_wearer(c, viewer, WearerId(wearer_id), now)))


@patch(
    "/v1/wearers/{wearer_id:uuid}",
    guards=[May(Action.WEARER_WRITE)],
    operation_id="change_wearer",
    summary="Change a wearer",
    tags=["wearers"],
)
async def change_wearer(
    wearer_id: FromPath[UUID],
    data: JSONBody[WearerChange],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> WearerShown:
    """Changes what is given. For her household, clerks of her city and administrators; for others it is a 404."""
    now, wanted = clock(), WearerId(wearer_id)
    return _shown(
        await database.write(
            lambda c: service.change_wearer(
                c, viewer, wanted, name=data.name, born_on=data.born_on, note=data.note, now=now
            )
        )
    )


@delete(
    "/v1/wearers/{wearer_id:uuid}",
    guards=[May(Action.WEARER_WRITE)],
    operation_id="end_wearer",
    summary="End the watching over a wearer",
    tags=["wearers"],
)
async def end_wearer(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Ends it: her alerts are cancelled, her devices released, and she is a 404 to everybody from now on.

    For her household, clerks of her city and administrators; for others, and when it has ended, it is a 404.
    """
    now = clock()
    await database.write(lambda c: service.end_wearer(c, viewer, WearerId(wearer_id), now))


def _shown(known: KnownWearer) -> WearerShown:
    one = known.wearer
    return WearerShown(
        id=one.id,
        city_id=one.city_id,
        household_id=one.household_id,
        name=one.name,
        born_on=one.born_on,
        note=one.note,
        manages=known.manages,
        sees=[scope for scope in Scope if scope in known.sees],
        created_at=one.created_at,
    )


ROUTES: list[HTTPRouteHandler] = [list_wearers, create_wearer, read_wearer, change_wearer, end_wearer]
