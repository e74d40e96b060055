"""The page behind the link of a letter that asks whether a mailbox is one's own."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from litestar import MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from sqlalchemy.engine import Connection

from app.accounts import pages, service
from app.accounts.pages import Said
from app.db.engine import Database
from app.kit.clock import Clock
from app.kit.errors import NotFound
from app.kit.ids import MessageId
from app.push import outbox
from app.push.render import text
from app.push.tokens import Purpose, Tokens


@get("/mail/{token:str}", include_in_schema=False)
async def ask_mailbox(
    token: FromPath[str],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> Response[str]:
    """Asks, and changes nothing: mail is looked through by machines that follow links."""
    mailbox = await _mailbox(token, detector_secret, clock(), database.read, service.asked_mailbox)
    return _over() if mailbox is None else _page("confirm", mailbox, button=True)


@post("/mail/{token:str}", status_code=200, include_in_schema=False)
async def confirm_mailbox(
    token: FromPath[str],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> Response[str]:
    """Somebody pressed the button: the mailbox is theirs."""
    mailbox = await _mailbox(token, detector_secret, clock(), database.write, service.confirm_mailbox)
    return _over() if mailbox is None else _page("confirmed", mailbox)


@get("/mail/{token:str}/came", include_in_schema=False)
async def ask_came(token: FromPath[str], detector_secret: NamedDependency[bytes]) -> Response[str]:
    """Asks whether a letter came, and changes nothing."""
    message_id = Tokens(detector_secret).read(token, Purpose.CAME)
    return _over() if message_id is None else _page("came", "", button=True)


@post("/mail/{token:str}/came", status_code=200, include_in_schema=False)
async def say_came(
    token: FromPath[str],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> Response[str]:
    """Somebody pressed the button: the letter is read there."""
    message_id, now = Tokens(detector_secret).read(token, Purpose.CAME), clock()
    if message_id is None:
        return _over()
    try:
        await database.write(lambda c: outbox.receive(c, message_id, outbox.Said.OPENED, None, now))
    except NotFound:
        return _over()
    return _page("came_thanks", "")


async def _mailbox(
    token: str, secret: bytes, now: datetime,
    run: Callable[[Callable[[Connection], str]], Awaitable[str]],
    work: Callable[[Connection, MessageId, datetime], str],
) -> str | None:  # fmt: skip
    """The mailbox that the letter of this token asks about; None for one that is unknown, used or too old."""
    message_id = Tokens(secret).read(token, Purpose.CONFIRM)
    if message_id is None:
        return None
    try:
        return await run(lambda connection: work(connection, message_id, now))
    except NotFound:
        return None


def _over() -> Response[str]:
    """Unknown, used and too old look alike."""
    return _page("over", "", status=404)


def _page(name: str, mailbox: str, *, button: bool = False, status: int = 200) -> Response[str]:
    said = {
        language: Said(
            text(f"page.{name}.title", language, {}),
            [*([mailbox] if mailbox else []), text(f"page.{name}.body", language, {})],
            text(f"page.{name}.button", language, {}) if button else None,
        )
        for language in pages.LANGUAGES
    }
    return Response(pages.page(said), status_code=status, media_type=MediaType.HTML, headers=pages.HEADERS)


ROUTES: list[HTTPRouteHandler] = [ask_mailbox, confirm_mailbox, ask_came, say_came]
