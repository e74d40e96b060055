"""When to try again."""

from datetime import timedelta

import pytest

from app.push.model import Level
from app.push.retry import AGAIN, PACES, Delivery, Outcome, decide
from tests.build import NOW

DAY = timedelta(days=1)


def delay_s(
    outcome: Outcome,
    *,
    level: Level = Level.URGENT,
    attempts: int = 1,
    lasts: timedelta = DAY,
    retry_after_s: float | None = None,
    jitter: float = 0.0,
) -> float | None:
    """Seconds until the next attempt, None if there is none."""
    delivery = Delivery(outcome=outcome, retry_after_s=retry_after_s)
    decision = decide(delivery, level=level, attempts=attempts, now=NOW, expires_at=NOW + lasts, jitter=jitter)
    return None if decision is None else (decision.due_at - NOW).total_seconds()


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_may_succeed_later_is_tried_again(outcome: Outcome) -> None:
    assert (outcome in AGAIN) == (delay_s(outcome) is not None)


def test_what_was_sent_or_refused_or_has_no_address_is_not_tried_again() -> None:
    assert {None} == {delay_s(outcome) for outcome in (Outcome.SENT, Outcome.REFUSED, Outcome.ADDRESS_DEAD)}


def test_the_delay_doubles_up_to_the_longest() -> None:
    delays = [delay_s(Outcome.UNAVAILABLE, attempts=attempts) for attempts in (1, 2, 3, 4, 5, 6, 7, 1000)]

    assert delays == [2, 4, 8, 16, 32, 60, 60, 60]


def test_urgent_messages_are_tried_again_sooner_than_others() -> None:
    first = [delay_s(Outcome.UNKNOWN, level=level) for level in (Level.URGENT, Level.NOTICE, Level.NEWS)]

    assert first == [2, 10, 60]
    assert set(Level) == set(PACES)


def test_a_busy_service_is_left_alone_for_a_minute() -> None:
    assert delay_s(Outcome.BUSY) == 60


def test_an_address_that_cannot_be_reached_now_is_left_alone_for_half_a_minute() -> None:
    assert delay_s(Outcome.LATER) == 30


def test_a_service_that_names_a_time_gets_it() -> None:
    assert delay_s(Outcome.BUSY, retry_after_s=7) == 7
    assert delay_s(Outcome.UNAVAILABLE, retry_after_s=300) == 300


def test_a_service_that_asks_for_no_wait_still_gets_ours() -> None:
    assert delay_s(Outcome.BUSY, attempts=3, retry_after_s=0) == 8


def test_jitter_makes_a_delay_up_to_half_longer_and_never_shorter() -> None:
    assert [delay_s(Outcome.UNKNOWN, attempts=3, jitter=jitter) for jitter in (0, 0.5, 1)] == [8, 10, 12]


def test_nothing_is_tried_at_or_after_its_end() -> None:
    assert delay_s(Outcome.UNKNOWN, lasts=timedelta(seconds=2.1)) == 2
    assert delay_s(Outcome.UNKNOWN, lasts=timedelta(seconds=2)) is None
    assert delay_s(Outcome.UNKNOWN, lasts=timedelta(seconds=-5)) is None


def test_an_absurd_wait_is_no_error() -> None:
    assert delay_s(Outcome.BUSY, retry_after_s=float("inf")) is None
    assert delay_s(Outcome.BUSY, retry_after_s=1e300) is None
