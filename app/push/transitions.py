"""The life of a message, as a table.

Every change of a row goes through it: the store takes its WHERE and its new state from here.
"""

from enum import StrEnum

from app.kit.machine import step
from app.push.model import MessageState


class Action(StrEnum):
    """What can happen to a message."""

    CLAIM = "claim"
    SUCCEED = "succeed"
    PUT_OFF = "put off"
    GIVE_BACK = "give back"
    FAIL = "fail"
    CANCEL = "cancel"
    ARRIVE = "arrive"
    HOLD = "hold"
    BUNDLE = "bundle"


TRANSITIONS: dict[tuple[MessageState, Action], MessageState] = {
    (MessageState.WAITING, Action.CLAIM): MessageState.SENDING,
    # Only after `claimed_until`: whoever was sending has died or hangs.
    (MessageState.SENDING, Action.CLAIM): MessageState.SENDING,
    (MessageState.SENDING, Action.SUCCEED): MessageState.SENT,
    (MessageState.SENDING, Action.PUT_OFF): MessageState.WAITING,
    # It was claimed and not sent: the round failed before.
    (MessageState.SENDING, Action.GIVE_BACK): MessageState.WAITING,
    (MessageState.SENDING, Action.FAIL): MessageState.FAILED,
    # Too late, or the address is dead: it is not even tried.
    (MessageState.WAITING, Action.FAIL): MessageState.FAILED,
    (MessageState.WAITING, Action.CANCEL): MessageState.CANCELLED,
    # It may be on its way already; then this keeps it from being sent again.
    (MessageState.SENDING, Action.CANCEL): MessageState.CANCELLED,
    # Its address got enough lately; and another message tells it with others.
    (MessageState.WAITING, Action.HOLD): MessageState.WAITING,
    (MessageState.WAITING, Action.BUNDLE): MessageState.BUNDLED,
    # The phone says that it showed it: an attempt of which nobody knew what became, or one that is not settled yet.
    (MessageState.WAITING, Action.ARRIVE): MessageState.SENT,
    (MessageState.SENDING, Action.ARRIVE): MessageState.SENT,
}
ENDED = frozenset({MessageState.SENT, MessageState.FAILED, MessageState.CANCELLED, MessageState.BUNDLED})


def states_before(action: Action) -> list[MessageState]:
    """The states in which `action` is possible."""
    return [state for state, possible in TRANSITIONS if possible is action]


def state_after(action: Action) -> MessageState:
    """The state that `action` leads to; it is the same from wherever it is possible."""
    (after,) = {step(TRANSITIONS, state, action) for state in states_before(action)}
    return after
