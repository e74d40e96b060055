"""Plans are walked to their end, or for ever; nothing is left out and nothing is told twice as the same thing."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.alerts import escalation
from app.alerts.escalation import Position, Seen
from app.alerts.policies import Plan, Step, Who
from app.kit.ids import AddressId, new_id
from app.push.model import Address, AddressKind, Channel, MessageState
from tests.build import NOW

CHANNELS = st.lists(st.sampled_from(list(Channel)), unique=True, max_size=4)
STEPS = st.builds(
    Step, who=st.just([Who.CONTACTS]), wait_s=st.integers(60, 3600), times=st.integers(1, 4), channels=CHANNELS
)
ENDS = st.lists(STEPS, min_size=1, max_size=5)


def walk(plan: Plan, most: int) -> list[Position]:
    found: list[Position] = []
    position: Position | None = Position()
    while position is not None and len(found) < most:
        position = escalation.after(plan, position)
        if position is not None:
            found.append(position)
    return found


@given(ENDS)
def test_a_plan_tells_every_step_as_often_as_it_says_and_then_ends(steps: list[Step]) -> None:
    walked = walk(Plan(steps=steps), 1000)

    told = [(number, times) for number, step in enumerate(steps) for times in range(1, (step.times or 0) + 1)]
    assert told == [(one.step, one.times) for one in walked]
    assert list(range(1, len(told) + 1)) == [one.turn for one in walked]


@given(ENDS, st.integers(1, 50))
def test_a_last_step_without_number_never_ends(steps: list[Step], most: int) -> None:
    plan = Plan(steps=[*steps, Step(who=[Who.DESK], wait_s=600, times=None)])

    walked = walk(plan, 20 + most)
    assert 20 + most == len(walked)
    assert all(escalation.waits(plan, one) for one in walked)
    assert all(before.turn < one.turn for before, one in pairwise(walked))


def means(step: Step) -> tuple[set[Who], list[int], list[Channel]]:
    return set(step.who), step.places, step.channels


@given(ENDS, st.integers(0, 10))
def test_pressing_escalate_goes_to_the_next_step_that_means_others_and_waiting_ends_with_the_plan(
    steps: list[Step], pressed: int
) -> None:
    plan = Plan(steps=steps)
    position = Position()
    for _ in range(pressed):
        jumped = escalation.skipped(plan, position)
        passed_over = steps[position.step + 1 : len(steps) if jumped is None else jumped.step]
        assert all(means(step) == means(steps[position.step]) for step in passed_over)
        if jumped is None:
            return
        assert (1, position.turn + 1) == (jumped.times, jumped.turn)
        assert position.step < 0 or means(steps[jumped.step]) != means(steps[position.step])
        left = escalation.after(plan, jumped)
        assert escalation.waits(plan, jumped) == (left and timedelta(seconds=steps[jumped.step].wait_s))
        position = jumped
    assert Position(turn=position.turn) == escalation.anew(position)


def an_address(channel: Channel) -> Address:
    return Address(
        id=AddressId(new_id()), channel=channel, kind=AddressKind.TOKEN, value="x", language="ja", last_seen_at=NOW
    )


@given(st.lists(st.sampled_from(list(Channel)), max_size=8), CHANNELS)
def test_every_address_of_a_wanted_channel_is_tried_once_and_no_other(
    have: list[Channel], wanted: list[Channel]
) -> None:
    addresses = [an_address(channel) for channel in have]

    rungs = escalation.rungs(addresses, Step(who=[Who.CONTACTS], wait_s=60, channels=wanted))

    tried = [one.id for rung in rungs for one in rung]
    assert len(tried) == len(set(tried))
    assert {one.id for one in addresses if not wanted or one.channel in wanted} == set(tried)
    assert all(rungs)
    if wanted:
        assert [one for one in wanted if one in have] == [rung[0].channel for rung in rungs]


@given(st.lists(st.builds(Seen, state=st.sampled_from(list(MessageState)), shown=st.booleans()), max_size=5))
def test_one_phone_that_answers_is_enough_and_only_failures_are_nowhere(messages: list[Seen]) -> None:
    assert escalation.was_shown(messages) is any(one.shown for one in messages)
    assert escalation.came_nowhere(messages) is ({one.state for one in messages} <= {MessageState.FAILED})
