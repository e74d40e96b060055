"""The life of an alert: each button in each state, what is over stays so, and no story leads anywhere else."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.alerts.model import AlertAction, AlertState
from app.alerts.transitions import GOING_ON, TERMINAL, TRANSITIONS, after
from app.kit.errors import Conflict

LIFE = {
    ("open", "acknowledge"): "acknowledged",
    ("open", "resolve"): "resolved",
    ("open", "cancel"): "cancelled",
    ("open", "reopen"): None,
    ("acknowledged", "acknowledge"): None,
    ("acknowledged", "resolve"): "resolved",
    ("acknowledged", "cancel"): "cancelled",
    ("acknowledged", "reopen"): "open",
    ("resolved", "acknowledge"): None,
    ("resolved", "resolve"): None,
    ("resolved", "cancel"): None,
    ("resolved", "reopen"): None,
    ("cancelled", "acknowledge"): None,
    ("cancelled", "resolve"): None,
    ("cancelled", "cancel"): None,
    ("cancelled", "reopen"): None,
}
"""Where each action leads from each state; None: the button was stale."""


def pressed(state: AlertState, action: AlertAction) -> AlertState | None:
    try:
        return after(state, action)
    except Conflict:
        return None


def test_each_action_in_each_state_leads_where_it_should() -> None:
    assert LIFE == {(state, action): pressed(state, action) for state in AlertState for action in AlertAction}


def test_a_state_is_either_going_on_or_over_and_only_what_goes_on_can_be_left() -> None:
    assert GOING_ON | TERMINAL == set(AlertState)
    assert not GOING_ON & TERMINAL
    assert {state for state, _ in TRANSITIONS} == GOING_ON


def test_a_stale_button_is_told_what_the_alert_is_now() -> None:
    with pytest.raises(Conflict, match="resolved now; “acknowledge” is not possible"):
        after(AlertState.RESOLVED, AlertAction.ACKNOWLEDGE)


@given(st.lists(st.sampled_from(AlertAction)))
def test_whatever_is_pressed_the_first_end_stays_and_only_what_was_taken_opens_again(
    actions: list[AlertAction],
) -> None:
    story = [AlertState.OPEN]
    for action in actions:
        story.append(pressed(story[-1], action) or story[-1])

    ends = [state for state in story if state in TERMINAL]
    assert len(set(ends)) <= 1
    assert story[len(story) - len(ends) :] == ends
    opened = [before for before, state in pairwise(story) if state is AlertState.OPEN is not before]
    assert {AlertState.ACKNOWLEDGED} >= set(opened)


@given(st.sampled_from(AlertState), st.sampled_from(AlertAction))
def test_the_same_button_twice_changes_nothing_more(state: AlertState, action: AlertAction) -> None:
    once = pressed(state, action) or state

    assert pressed(once, action) is None
