"""Whether one is reached: a test to one's own phone, and what became of a message to it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Meta, Struct

from app.accounts import service
from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.kit.clock import Clock
from app.kit.errors import Conflict, TooMany
from app.kit.ids import AddressId, MessageId
from app.push.fate import Fate, Sent, why_not
from app.push.model import Channel, Level
from app.push.render import Words


class MessageShown(Struct, kw_only=True, frozen=True):
    """A message to oneself. `shown_at` and `opened_at` are what the phone said."""

    id: MessageId
    address_id: AddressId
    channel: Channel
    kind: str
    level: Level
    state: Annotated[
        Fate, Meta(description="`sent` is what its service says, `shown` and `opened` what the phone says")
    ]
    created_at: datetime
    sent_at: datetime | None
    shown_at: datetime | None
    opened_at: datetime | None
    why: Annotated[Words | None, Meta(description="why it did not arrive, or not yet")]


def message_shown(sent: Sent) -> MessageShown:
    """What its receiver reads of a message."""
    return MessageShown(
        id=sent.id,
        address_id=sent.address_id,
        channel=sent.channel,
        kind=sent.kind,
        level=sent.level,
        state=sent.fate,
        created_at=sent.created_at,
        sent_at=sent.sent_at,
        shown_at=sent.shown_at,
        opened_at=sent.opened_at,
        why=why_not(sent),
    )


@post(
    "/v1/me/addresses/{address_id:uuid}/test",
    status_code=202,
    guards=[May(Action.SELF)],
    operation_id="test_address",
    summary="Try whether this phone is reached",
    tags=["me"],
    raises_problems=[Conflict, TooMany],
)
async def send_test(
    address_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> MessageShown:
    """Sends a test message to one of one's own addresses at once. Everybody may, once a minute and address (429); a
    mailbox or number must be confirmed before (409).

    `GET /v1/me/messages/{id}` says what became of it: `shown` when the phone has said so.
    """
    now = clock()
    return message_shown(await database.write(lambda c: service.send_test(c, viewer, AddressId(address_id), now)))


@get(
    "/v1/me/messages/{message_id:uuid}",
    guards=[May(Action.SELF)],
    operation_id="own_message",
    summary="What became of a message to oneself",
    tags=["me"],
)
async def own_message(
    message_id: FromPath[UUID], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> MessageShown:
    """A message to one of one's own addresses: on its way, shown, opened, or not delivered and why. Everybody may."""
    return message_shown(await database.read(lambda c: service.own_message(c, viewer, MessageId(message_id))))


ROUTES: list[HTTPRouteHandler] = [send_test, own_message]
