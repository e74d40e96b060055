"""The state table of an alert."""

from app.alerts.model import AlertAction, AlertState
from app.kit.machine import step

TRANSITIONS: dict[tuple[AlertState, AlertAction], AlertState] = {
    (AlertState.OPEN, AlertAction.ACKNOWLEDGE): AlertState.ACKNOWLEDGED,
    (AlertState.OPEN, AlertAction.RESOLVE): AlertState.RESOLVED,
    (AlertState.ACKNOWLEDGED, AlertAction.RESOLVE): AlertState.RESOLVED,
    # Whoever took it did not see it through.
    (AlertState.ACKNOWLEDGED, AlertAction.REOPEN): AlertState.OPEN,
    (AlertState.OPEN, AlertAction.CANCEL): AlertState.CANCELLED,
    (AlertState.ACKNOWLEDGED, AlertAction.CANCEL): AlertState.CANCELLED,
}

GOING_ON = frozenset({AlertState.OPEN, AlertState.ACKNOWLEDGED})
TERMINAL = frozenset({AlertState.RESOLVED, AlertState.CANCELLED})


def after(state: AlertState, action: AlertAction) -> AlertState:
    """The state after `action`. Raises `Conflict` for a stale button."""
    return step(TRANSITIONS, state, action)
