"""Answers from a message, without signing in: whoever holds it is the one to whom it was sent, and may do to its alert
what he may do in the app.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Viewer
from app.accounts.permissions import Action, allowed
from app.alerts.model import AlertState, Via
from app.alerts.service import acting, viewing
from app.alerts.service.viewing import GoingView
from app.alerts.store import escalating
from app.alerts.store.escalating import Asking
from app.kit.errors import Conflict, NotFound
from app.kit.ids import MessageId
from app.push import render
from app.push.model import Level
from app.watch.movement.allowances import FineScope


class Answer(StrEnum):
    """The buttons of a message."""

    ACKNOWLEDGE = "acknowledge"
    ON_MY_WAY = "on-my-way"
    ESCALATE = "escalate"
    FINE = "fine"


class Question(Struct, frozen=True, kw_only=True):
    """What a message asked, in the words and the language of its address, and how its alert is now. `fine`: how far
    "this is fine" may reach; nothing for alerts of which that cannot be said.
    """

    title: str
    body: str
    language: str
    state: AlertState
    acknowledged_by: str | None
    going: list[GoingView]
    fine: list[FineScope] = []


def question(connection: Connection, message_id: MessageId, now: datetime) -> Question:
    """What was asked and how that is now. Raises `NotFound`, also for one who may not know of the alert any more."""
    asking, viewer = _asked(connection, message_id)
    alert = viewing.visible(connection, viewer, asking.alert_id, now)
    (view,) = viewing.views(connection, [alert])
    urgent = asking.level is Level.URGENT
    words = render.title_and_body(asking.kind, asking.language, asking.params, urgent=urgent)
    return Question(
        title=words.title,
        body=words.body,
        language=asking.language,
        state=view.state,
        acknowledged_by=view.acknowledged_by,
        going=view.going,
        fine=view.fine,
    )


def answer(
    connection: Connection, message_id: MessageId, button: Answer, arrives_in: timedelta | None, now: datetime,
    fine: FineScope = FineScope.TODAY,
) -> Question:  # fmt: skip
    """Does what the button says, once. Raises as the same in the app does: `NotFound`, `Conflict`."""
    asking, viewer = _asked(connection, message_id)
    match button:
        case Answer.ACKNOWLEDGE:
            acting.acknowledge(connection, viewer, asking.alert_id, now, Via.MESSAGE)
        case Answer.ON_MY_WAY:
            acting.go(connection, viewer, asking.alert_id, arrives_in, now, Via.MESSAGE)
        case Answer.ESCALATE:
            if asking.turn is None:
                raise Conflict("This message cannot do that; open the app.")
            acting.escalate(connection, viewer, asking.alert_id, asking.turn, now)
        case Answer.FINE:
            acting.fine(connection, viewer, asking.alert_id, fine, now, Via.MESSAGE)
    return question(connection, message_id, now)


def _asked(connection: Connection, message_id: MessageId) -> tuple[Asking, Viewer]:
    asking = escalating.asking(connection, message_id)
    viewer = None if asking is None else accounts.viewer_at(connection, asking.address_id)
    if asking is None or viewer is None or not allowed(viewer.role, Action.ALERT_WRITE):
        raise NotFound
    return asking, viewer
