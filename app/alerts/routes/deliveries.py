"""What became of each message about an alert."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.alerts.service import reporting
from app.alerts.service.reporting import Told
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.ids import AlertId, MessageId
from app.push.fate import Fate, why_not
from app.push.model import Channel, Level
from app.push.render import Words


class DeliveryShown(Struct, frozen=True, kw_only=True):
    """One message to one of somebody's phones or addresses, which are not named."""

    id: MessageId
    name: Annotated[str | None, Meta(description="whom it was for")]
    channel: Channel
    kind: str
    level: Level
    state: Annotated[Fate, Meta(description="`sent` says its service, `shown` and `opened` the phone")]
    at: Annotated[datetime, Meta(description="when it was to be told")]
    sent_at: datetime | None
    shown_at: datetime | None
    opened_at: datetime | None
    why: Annotated[Words | None, Meta(description="why it did not arrive, or not yet, or was not sent")]


@get(
    "/v1/alerts/{alert_id:uuid}/deliveries",
    guards=[May(Action.ALERT_READ)],
    tags=["alerts"],
    operation_id="list_deliveries",
    summary="Who was told over which channel, and whether it came to them",
)
async def list_deliveries(
    alert_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[DeliveryShown]:
    """Every message about an alert, the newest first: sent, shown, opened, failed or suppressed, when and why.

    For those who see the alert.
    """
    now = clock()
    before = decode_cursor(cursor, tuple[datetime, UUID])
    found = await database.read(lambda c: reporting.told(c, viewer, AlertId(alert_id), before, limit + 1, now))
    return page([_shown(one) for one in found], limit, lambda one: (one.at, one.id))


def _shown(one: Told) -> DeliveryShown:
    sent = one.sent
    return DeliveryShown(
        id=sent.id,
        name=one.name,
        channel=sent.channel,
        kind=sent.kind,
        level=sent.level,
        state=sent.fate,
        at=sent.created_at,
        sent_at=sent.sent_at,
        shown_at=sent.shown_at,
        opened_at=sent.opened_at,
        why=why_not(sent),
    )


ROUTES: list[HTTPRouteHandler] = [list_deliveries]
