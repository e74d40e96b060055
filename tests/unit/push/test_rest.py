"""When a channel is left alone, for how long, and what wakes it."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from app.kit.ids import MessageId, new_id
from app.push import rest
from app.push.rest import AWAKE, Rest
from app.push.retry import AWAY, Delivery, Outcome
from tests.build import NOW

ONE, OTHER = MessageId(new_id()), MessageId(new_id())


def after(before: Rest, *deliveries: Delivery, ids: Sequence[MessageId] = (ONE, OTHER)) -> Rest:
    return rest.after(before, dict(zip(ids, deliveries, strict=False)), NOW)


def said(outcome: Outcome, retry_after_s: float | None = None) -> Delivery:
    return Delivery(outcome=outcome, retry_after_s=retry_after_s)


GONE = said(Outcome.UNAVAILABLE)


@pytest.mark.parametrize("outcome", sorted(AWAY - {Outcome.BUSY}))
def test_two_messages_that_fail_together_are_the_fault_of_the_service(outcome: Outcome) -> None:
    assert 1 == rest.left_s(after(AWAKE, said(outcome), said(outcome)), NOW)


def test_one_message_that_fails_again_and_again_may_be_its_phones_fault() -> None:
    assert 0 == rest.left_s(after(after(AWAKE, GONE), GONE), NOW)


def test_two_messages_that_fail_one_after_the_other_are_the_fault_of_the_service() -> None:
    assert 1 == rest.left_s(after(after(AWAKE, GONE), GONE, ids=[OTHER]), NOW)


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - AWAY))
def test_any_answer_shows_that_the_service_is_there(outcome: Outcome) -> None:
    assert AWAKE == after(after(AWAKE, GONE, GONE), said(outcome))
    assert AWAKE == after(AWAKE, GONE, said(outcome))


def test_mailboxes_that_are_full_let_nobody_rest() -> None:
    full = said(Outcome.LATER)

    assert AWAKE == after(after(AWAKE, full, full), full, full)


def test_rests_double_up_to_a_minute_while_it_is_away() -> None:
    rested, left = after(AWAKE, GONE, GONE), []
    for _ in range(8):
        left.append(rest.left_s(rested, NOW))
        rested = after(rested, GONE)

    assert [1, 2, 4, 8, 16, 32, 60, 60] == left


@pytest.mark.parametrize(("asked_s", "left_s"), [(0, 1), (7, 7), (None, 60), (1e9, rest.ASKED_S_MAX)])
def test_a_busy_service_rests_for_as_long_as_it_asks_within_reason(asked_s: float | None, left_s: float) -> None:
    busy = said(Outcome.BUSY, asked_s)

    assert left_s == rest.left_s(after(AWAKE, busy, busy), NOW)


def test_a_rest_is_over_in_time_and_one_of_a_clock_that_was_ahead_at_once() -> None:
    rested = after(AWAKE, GONE, GONE)

    assert 0.25 == rest.left_s(rested, NOW + timedelta(seconds=0.75))
    assert 0 == rest.left_s(rested, NOW + timedelta(seconds=1))
    assert 0 == rest.left_s(rested, NOW - timedelta(hours=1))
    assert rested.is_asking
