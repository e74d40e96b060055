"""What the family of a wearer said is fine, listed and taken back; and why nothing is told now."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor
from app.kit.clock import Clock
from app.kit.errors import Overloaded
from app.kit.ids import AllowanceId, WearerId
from app.watch import service
from app.watch.movement.allowances import AllowanceKind, FineScope
from app.watch.service import Quiet, ShownAllowance

OnTheClock = Annotated[str | None, Meta(description="on the wall clock of the city, for example 22:30")]


class AllowanceShown(Struct, frozen=True, kw_only=True):
    """Something that is fine. A place is shown to those who may see hers; an hour is usual to its rule."""

    id: UUID
    wearer: UUID
    alert: Annotated[UUID | None, Meta(description="of which it was said, for those who see her alerts")]
    scope: FineScope
    kind: AllowanceKind
    rule: Annotated[str | None, Meta(description="to which an hour is usual: unusual_hour, not_back_by")]
    lat_deg: float | None
    lon_deg: float | None
    radius_m: float | None
    from_time: OnTheClock
    until_time: OnTheClock
    said_by: Annotated[str, Meta(description="the name of who said so")]
    said_at: datetime
    until: Annotated[datetime | None, Meta(description="null: until it is taken back")]


@get(
    "/v1/wearers/{wearer_id:uuid}/allowances",
    guards=[May(Action.WEARER_READ)],
    tags=["watches"],
    operation_id="list_allowances",
    summary="What of a wearer's movement is fine",
    raises_problems=[Overloaded],  # The look is a write.
)
async def list_allowances(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[AllowanceShown]:
    """What somebody said is fine and still holds, oldest first, for those who manage her or see her alerts; for others
    it is a 404. A place among it counts as a look.
    """
    last, now = decode_cursor(cursor, UUID), clock()
    before = None if last is None else AllowanceId(last)
    found = await database.write(lambda c: service.allowances(c, viewer, WearerId(wearer_id), before, limit, now))
    return Page(items=[_shown(one) for one in found.items], next=found.next)


@delete(
    "/v1/wearers/{wearer_id:uuid}/allowances/{allowance_id:uuid}",
    guards=[May(Action.ALERT_WRITE)],
    tags=["watches"],
    operation_id="take_back_allowance",
    summary="Take back that something is fine",
)
async def take_back_allowance(
    wearer_id: FromPath[UUID],
    allowance_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """It is told again from now on. For those who may say that something is fine: her household, the office, and who
    sees her alerts; for others, and when it is over, it is a 404.
    """
    ids, now = (WearerId(wearer_id), AllowanceId(allowance_id)), clock()
    await database.write(lambda c: service.take_back(c, viewer, *ids, now))


@get(
    "/v1/wearers/{wearer_id:uuid}/quiet",
    guards=[May(Action.ALERT_READ)],
    tags=["watches"],
    operation_id="get_quiet",
    summary="Why nothing is told of a wearer's movement now",
)
async def get_quiet(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Quiet:
    """`company`: a contact who agreed that the place of their own phone is taken is with her, as far as anybody had to
    ask: only when something was about to be told of her movement, in the last 20 minutes. `fine_until`: somebody said
    that this day is fine. Null for what is not so. No place is in it.

    For those who see her alerts; for others it is a 404.
    """
    now = clock()
    return await database.read(lambda c: service.quiet(c, viewer, WearerId(wearer_id), now))


def _shown(one: ShownAllowance) -> AllowanceShown:
    kept, fine = one.kept, one.kept.allowance
    return AllowanceShown(
        id=kept.id,
        wearer=kept.wearer_id,
        alert=kept.alert_id if one.shows_alert else None,
        scope=kept.scope,
        kind=fine.kind,
        rule=fine.rule or None,
        lat_deg=fine.lat_deg if one.shows_place else None,
        lon_deg=fine.lon_deg if one.shows_place else None,
        radius_m=fine.radius_m,
        from_time=_clock(fine.from_min),
        until_time=_clock(fine.until_min),
        said_by=one.said_by,
        said_at=fine.said_at,
        until=fine.until_at,
    )


def _clock(minute: int | None) -> str | None:
    return None if minute is None else f"{minute // 60:02}:{minute % 60:02}"


ROUTES = [list_allowances, take_back_allowance, get_quiet]
