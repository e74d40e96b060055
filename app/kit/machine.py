"""One guarded step for every state machine of the house."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from app.kit.errors import Conflict

State = TypeVar("State", bound=StrEnum)
Action = TypeVar("Action", bound=StrEnum)


def step(transitions: Mapping[tuple[State, Action], State], state: State, action: Action) -> State:
    """The state after `action`, by the machine's own table.

    Raises `Conflict` when the table has no such step: the button was stale.
    """
    after = transitions.get((state, action))
    if after is None:
        raise Conflict(f"It is {state.value} now; “{action.value}” is not possible any more.")
    return after
