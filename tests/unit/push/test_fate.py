"""What became of a message: what its phone says counts before what its service says."""

import pytest

from app.push.fate import Fate, Why, fate, why
from app.push.model import MessageState
from app.push.retry import Outcome
from tests.build import NOW


@pytest.mark.parametrize(
    ("state", "found"),
    [
        (MessageState.WAITING, Fate.WAITING),
        (MessageState.SENDING, Fate.WAITING),
        (MessageState.SENT, Fate.SENT),
        (MessageState.FAILED, Fate.FAILED),
        (MessageState.CANCELLED, Fate.CANCELLED),
    ],
)
def test_what_was_shown_arrived_whatever_its_state_and_what_was_opened_was_seen(
    state: MessageState, found: Fate
) -> None:
    assert fate(state, None, None) is found
    assert fate(state, NOW, None) is Fate.SHOWN
    assert fate(state, NOW, NOW) is Fate.OPENED


@pytest.mark.parametrize(
    ("found", "last", "because"),
    [
        (Fate.FAILED, Outcome.ADDRESS_DEAD, Why.ADDRESS_DEAD),
        (Fate.FAILED, Outcome.REFUSED, Why.REFUSED),
        (Fate.FAILED, Outcome.TOO_LATE, Why.TOO_LATE),
        (Fate.FAILED, Outcome.UNAVAILABLE, Why.TOO_LATE),
        (Fate.FAILED, None, Why.TOO_LATE),
        (Fate.CANCELLED, Outcome.OVERTAKEN, Why.OVERTAKEN),
        (Fate.CANCELLED, None, Why.CANCELLED),
        (Fate.WAITING, Outcome.BUSY, Why.TRYING),
        (Fate.WAITING, None, None),
        (Fate.SENT, Outcome.SENT, None),
        (Fate.SHOWN, Outcome.UNKNOWN, None),
        (Fate.OPENED, Outcome.UNKNOWN, None),
    ],
)
def test_what_did_not_arrive_says_why(found: Fate, last: Outcome | None, because: Why | None) -> None:
    assert why(found, last) is because
