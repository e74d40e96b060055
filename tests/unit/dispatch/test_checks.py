"""From silence to the control room."""

from hypothesis import given
from hypothesis import strategies as st

from app.dispatch.checks import AGAIN, GRACE, Stage, Turn, turned, well
from tests.build import NOW, minutes


def test_who_is_silent_is_asked_and_then_told_of_again_and_again() -> None:
    first = turned(Stage.WELL, NOW)
    second = turned(first.stage, first.due_at)
    third = turned(second.stage, second.due_at)

    assert (Stage.ASKED, NOW + GRACE) == (first.stage, first.due_at)
    assert (Stage.MISSED, NOW + GRACE + AGAIN) == (second.stage, second.due_at)
    assert (Stage.MISSED, NOW + GRACE + 2 * AGAIN) == (third.stage, third.due_at)


def test_who_says_that_all_is_well_has_his_time_again() -> None:
    assert Turn(Stage.WELL, NOW + minutes(20)) == well(20, NOW)


@given(st.sampled_from(Stage), st.integers(1, 20))
def test_it_never_ends_by_itself(stage: Stage, turns: int) -> None:
    at = NOW
    for _ in range(turns):
        turn = turned(stage, at)
        assert at < turn.due_at
        stage, at = turn.stage, turn.due_at

    assert stage is not Stage.WELL
