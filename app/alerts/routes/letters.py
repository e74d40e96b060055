"""The page behind the link of a letter about an alert: what was asked, how that is now, and buttons."""

from datetime import datetime

from litestar import MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.accounts import pages
from app.accounts.pages import Said
from app.alerts.model import AlertState
from app.alerts.service import answering
from app.alerts.service.answering import Answer, Question
from app.alerts.transitions import GOING_ON
from app.db.engine import Database
from app.kit.clock import Clock
from app.kit.errors import Conflict, NotFound
from app.kit.ids import MessageId
from app.push.render import text
from app.push.tokens import Purpose, Tokens
from app.watch.movement.allowances import FineScope


@get("/a/{token:str}", include_in_schema=False)
async def show_question(
    token: FromPath[str],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> Response[str]:
    """Shows, and changes nothing: mail is looked through by machines that follow links."""
    message_id, now = Tokens(detector_secret).read(token, Purpose.ANSWER), clock()
    return _gone() if message_id is None else await _question(database, message_id, now)


@post("/a/{token:str}", status_code=200, include_in_schema=False)
async def take_alert(
    token: FromPath[str],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
    fine: FromQuery[FineScope | None] = None,
) -> Response[str]:
    """Somebody pressed a button: whoever the letter was sent to sees to the alert, if nobody does yet, or says that it
    is fine.
    """
    message_id, now = Tokens(detector_secret).read(token, Purpose.ANSWER), clock()
    if message_id is None:
        return _gone()
    button = Answer.ACKNOWLEDGE if fine is None else Answer.FINE
    scope = fine or FineScope.TODAY
    try:
        return _page(
            await database.write(lambda c: answering.answer(c, message_id, button, None, now, scope)), mine=True
        )
    except NotFound:
        return _gone()
    except Conflict:  # Somebody was quicker, or it is over: the page says which.
        return await _question(database, message_id, now)


async def _question(database: Database, message_id: MessageId, now: datetime) -> Response[str]:
    try:
        return _page(await database.read(lambda c: answering.question(c, message_id, now)))
    except NotFound:
        return _gone()


def _page(asked: Question, *, mine: bool = False) -> Response[str]:
    key, button = _now(asked, mine=mine)
    others = [one for one in ON_PAGES if one in asked.fine] if asked.state in GOING_ON else []
    by = {} if asked.acknowledged_by is None else {"by": asked.acknowledged_by}
    said = Said(
        asked.title,
        [asked.body, text(f"page.answer.{key}", asked.language, by)],
        text("page.answer.button", asked.language, {}) if button else None,
        {f"fine={one}": text(f"page.answer.fine_{one}", asked.language, {}) for one in others},
    )
    return _html({asked.language: said})


def _now(asked: Question, *, mine: bool) -> tuple[str, bool]:
    """What is said of the alert, and whether there is a button."""
    if asked.state is AlertState.OPEN:
        return ("more" if mine else "open"), not mine
    if asked.state is AlertState.ACKNOWLEDGED:
        return ("mine" if mine else "taken"), False
    return ("fine" if mine else "ended"), False


def _gone() -> Response[str]:
    """Links that we did not make, and those of somebody who may not know of the alert any more, look alike."""
    said = {
        language: Said(text("page.gone.title", language, {}), [text("page.gone.body", language, {})])
        for language in pages.LANGUAGES
    }
    return _html(said, 404)


def _html(said: dict[str, Said], status: int = 200) -> Response[str]:
    return Response(pages.page(said), status_code=status, media_type=MediaType.HTML, headers=pages.HEADERS)


ON_PAGES = (FineScope.TODAY, FineScope.HERE)
"""What is for good is said in the app, where it can be taken back."""

ROUTES: list[HTTPRouteHandler] = [show_question, take_alert]
