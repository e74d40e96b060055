"""What apps say about messages, without signing in: the message brought what they prove themselves with."""

from datetime import datetime
from typing import Annotated

from litestar import post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from app.db.engine import Database
from app.kit.clock import Clock
from app.kit.errors import NotFound
from app.push import outbox
from app.push.outbox import Said
from app.push.tokens import Purpose, Tokens

Moment = Annotated[
    datetime,
    Meta(tz=True, description="when, by the phone's clock, ISO 8601 with offset; else, or if it cannot be, ours"),
]


class Receipt(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of a message on its phone."""

    what: Said
    at: Moment | None = None


@post(
    "/v1/receipts/{token:str}",
    status_code=204,
    operation_id="give_receipt",
    summary="A message was shown, or opened",
    tags=["receipts"],
    raises_problems=[NotFound],
)
async def give_receipt(
    token: FromPath[str],
    data: JSONBody[Receipt],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> None:
    """An app says that it showed a message, or that somebody opened it, by the `receipt` that came with the message.
    Nobody has to be signed in.

    Again changes nothing: what is said first counts, and what was opened was shown. A token that we did not make and
    one of a message that is forgotten are the same 404. One that is not ours is not looked up, and what was said before
    is not written, so nobody has to wait here.
    """
    message_id = Tokens(detector_secret).read(token, Purpose.RECEIPT)
    if message_id is None:
        raise NotFound
    if await database.read(lambda connection: outbox.is_said(connection, message_id, data.what)):
        return
    now = clock()
    await database.write(lambda connection: outbox.receive(connection, message_id, data.what, data.at, now))


ROUTES: list[HTTPRouteHandler] = [give_receipt]
