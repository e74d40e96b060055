"""Answers from a message: the button on a notification and the link in a letter, without signing in."""

from datetime import timedelta

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.alerts.routes.alerts import ArrivesInMin
from app.alerts.service import answering
from app.alerts.service.answering import Answer, Question
from app.db.engine import Database
from app.kit.clock import Clock
from app.kit.errors import Conflict, NotFound
from app.kit.ids import MessageId
from app.push.tokens import Purpose, Tokens
from app.watch.movement.allowances import FineScope


def _message(token: str, secret: bytes) -> MessageId:
    message_id = Tokens(secret).read(token, Purpose.ANSWER)
    if message_id is None:
        raise NotFound
    return message_id


@get(
    "/v1/acts/{token:str}",
    operation_id="get_question",
    summary="What a message asked, and how that is now",
    tags=["answers"],
    raises_problems=[NotFound],
)
async def get_question(
    token: FromPath[str],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> Question:
    """The words of the message by the `answer` that came with it, and who sees to it now. Looking changes nothing.
    Nobody has to be signed in; a place is never shown here. Tokens that we did not make, and those of somebody who may
    not know of the alert any more, are the same 404.
    """
    now, message_id = clock(), _message(token, detector_secret)
    return await database.read(lambda c: answering.question(c, message_id, now))


@post(
    "/v1/acts/{token:str}/{action:str}",
    operation_id="answer_alert",
    summary="Answer a message: I see to it, I am on my way, tell the next ones, this is fine",
    tags=["answers"],
    status_code=200,
    raises_problems=[NotFound, Conflict],
)
async def answer_alert(
    token: FromPath[str],
    action: FromPath[Answer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
    arrives_in_min: FromQuery[ArrivesInMin | None] = None,
    fine: FromQuery[FineScope] = FineScope.TODAY,
) -> Question:
    """Does what the button of a message says, as the one to whom it was sent. Again by the same changes nothing; 409
    when somebody else has it, it is over, or it was told on since. `fine` is how far "this is fine" reaches.
    """
    now, message_id = clock(), _message(token, detector_secret)
    arrives_in = None if arrives_in_min is None else timedelta(minutes=arrives_in_min)
    return await database.write(lambda c: answering.answer(c, message_id, action, arrives_in, now, fine))


ROUTES: list[HTTPRouteHandler] = [get_question, answer_alert]
