"""The machine of an incident: nothing is stuck, what is over stays over, and a phone may tell its steps in any order."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dispatch.incident import (
    ENDED,
    LOOKED_FOR,
    MAY,
    OUT,
    RANK,
    STEPS,
    TRANSITIONS,
    Actor,
    IncidentAction,
    IncidentState,
    after,
    cancelling,
    is_behind,
    may,
)
from app.dispatch.timeline import OF_STEP, Entry, What, moments, time_of
from app.kit.errors import Conflict
from app.kit.ids import EntryId, IncidentId, UnitId, new_id
from tests.build import NOW, minutes

S, A = IncidentState, IncidentAction
WAY = (A.DEPART, A.ARRIVE, A.SEARCH, A.FIND, A.HAND_OVER)


def reachable(begin: IncidentState) -> set[IncidentState]:
    found, look = set(), [begin]
    while look:
        state = look.pop()
        if state not in found:
            found.add(state)
            look += [target for (before, _), target in TRANSITIONS.items() if before is state]
    return found


def test_every_state_is_reached_from_the_request_and_every_one_comes_to_an_end() -> None:
    assert set(S) == reachable(S.REQUESTED)
    assert all(reachable(one) & ENDED for one in S)


def test_what_is_over_goes_nowhere() -> None:
    assert not [before for before, _ in TRANSITIONS if before in ENDED]


def test_every_action_has_somebody_who_may_take_it_and_leads_somewhere() -> None:
    assert set(A) == set(MAY) == {action for _, action in TRANSITIONS}
    assert all(MAY.values())


def test_only_the_unit_reports_its_steps_and_no_contact_does_more_than_call_it_off() -> None:
    assert {one for one in A if may(Actor.CONTACT, one)} == {A.CANCEL, A.CALL_OFF}
    assert {one for one in STEPS if may(Actor.HOUSE, one)} == {A.NOT_FIND}, "the time is over"
    assert not {one for one in A if may(Actor.GUARD, one)} & {A.OFFER, A.RUN_OUT, A.CANCEL, A.CALL_OFF}


def test_who_was_found_is_not_called_off_and_not_lost_again() -> None:
    for state in (S.FOUND, S.HANDED_OVER):
        for action in (A.CANCEL, A.CALL_OFF, A.GIVE_BACK, A.RELIEVE, A.RUN_OUT):
            with pytest.raises(Conflict):
                after(state, action)
        assert state is after(state, A.NOT_FIND)


@given(st.permutations(WAY))
def test_steps_that_come_in_any_order_end_at_the_same_place(steps: list[IncidentAction]) -> None:
    state = S.ACCEPTED
    for one in steps:
        state = after(state, one)

    assert S.HANDED_OVER is state


@given(st.sampled_from(sorted(S)), st.lists(st.sampled_from(sorted(A)), max_size=30))
def test_no_answer_moves_an_incident_back_behind_what_its_unit_reported(
    state: IncidentState, actions: list[IncidentAction]
) -> None:
    for one in actions:
        try:
            moved = after(state, one)
        except Conflict:
            continue
        if one in STEPS and state in RANK:
            assert RANK[moved] >= RANK[state]
        if state in ENDED:
            assert moved is state
        state = moved


@given(st.sampled_from(sorted(S)), st.sampled_from(sorted(STEPS)))
def test_the_same_step_twice_is_harmless(state: IncidentState, action: IncidentAction) -> None:
    try:
        once = after(state, action)
    except Conflict:
        return
    assert is_behind(once, action)
    assert once is after(once, action)


@pytest.mark.parametrize("state", sorted(LOOKED_FOR | set(OUT)))
@pytest.mark.parametrize("departed", [False, True])
def test_calling_off_says_whether_anybody_had_set_out(state: IncidentState, departed: bool) -> None:
    assert (S.CANCELLED_AFTER if departed else S.CANCELLED_BEFORE) is after(state, cancelling(departed=departed))


def entry(what: What, at_min: float, **more: Any) -> Entry:
    return Entry(
        id=EntryId(new_id()), incident_id=INCIDENT, what=what, at=NOW + minutes(at_min), received_at=NOW,
        actor=Actor.GUARD, unit_id=UNIT, key=str(new_id()), **more,
    )  # fmt: skip


INCIDENT, UNIT = IncidentId(new_id()), UnitId(new_id())


@given(st.permutations(list(enumerate(WAY))))
def test_the_timeline_knows_when_it_was_whatever_came_first(steps: list[tuple[int, IncidentAction]]) -> None:
    lines = [entry(OF_STEP[action], 10 * number) for number, action in steps]

    found = moments(lines)
    assert (NOW, NOW + minutes(10), NOW + minutes(30), NOW + minutes(40)) == (
        found.departed_at, found.arrived_at, found.found_at, found.served_until
    )  # fmt: skip


@given(st.floats(-3000, 3000), st.floats(0, 2000))
def test_no_phone_puts_a_step_before_the_incident_or_into_the_future(said_min: float, took_min: float) -> None:
    received_at = NOW + minutes(took_min)

    found = time_of(NOW + minutes(said_min), NOW, received_at)
    assert NOW <= found <= received_at
    if 0 <= said_min <= took_min <= 12 * 60:
        assert NOW + timedelta(minutes=said_min) == found


def test_a_departure_that_was_never_told_is_taken_from_the_next_step() -> None:
    assert NOW + minutes(7) == moments([entry(What.SEARCHING, 9), entry(What.ARRIVED, 7)]).departed_at
    assert moments([entry(What.ACCEPTED, 1), entry(What.CANCELLED, 3)]).departed_at is None


def test_the_newest_correction_of_a_line_counts_and_the_line_stays() -> None:
    wrong = entry(What.DEPARTED, 5)
    lines = [wrong, entry(What.DEPARTED, 2, corrects=wrong.id, reason="typed"), entry(What.HANDED_OVER, 60)]
    assert NOW + minutes(2) == moments(lines).departed_at

    assert NOW + minutes(3) == moments([*lines, entry(What.DEPARTED, 3, corrects=wrong.id)]).departed_at
    assert NOW + minutes(5) == wrong.at


def test_a_turn_out_that_was_not_found_first_and_then_was_ends_with_the_handing_over() -> None:
    found = moments([
        entry(What.DEPARTED, 0), entry(What.NOT_FOUND, 60), entry(What.FOUND, 62), entry(What.HANDED_OVER, 70)
    ])  # fmt: skip

    assert NOW + minutes(70) == found.served_until
