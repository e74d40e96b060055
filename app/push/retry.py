"""What became of an attempt, and whether and when to try again.

Pure: the decision is a value, `outbox` carries it out.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from app.push.model import Level


class Outcome(StrEnum):
    """What became of one attempt to deliver. The word goes to the `delivery` row, the log and the tests alike."""

    SENT = "sent"
    BUSY = "busy"
    """The service asks us to slow down (HTTP 429)."""
    UNAVAILABLE = "unavailable"
    """The service did not take it and may take it later."""
    UNKNOWN = "unknown"
    """No answer, or none that can be read: it may have arrived. It is sent again; the phone shows both as one."""
    LATER = "later"
    """The service is there and says that it cannot reach this address now: a mailbox that is full, a grey list."""
    REFUSED = "refused"
    """It will never be taken as it is."""
    ADDRESS_DEAD = "address dead"
    """The address does not exist any more."""
    TOO_LATE = "too late"
    """It was not tried: its time was over."""
    OVERTAKEN = "overtaken"
    """It was not tried: something newer about the same was sent, and this would cover it up on the phone; or it was
    late, and the newer one goes out instead.
    """
    BUNDLED = "bundled"
    """It was not sent by itself: another message tells it with others."""


AWAY = frozenset({Outcome.BUSY, Outcome.UNAVAILABLE, Outcome.UNKNOWN})
"""Outcomes that may be the service's fault, not the message's or its address's."""
AGAIN = AWAY | {Outcome.LATER}
"""Outcomes after which another attempt makes sense."""


class Delivery(Struct, frozen=True, kw_only=True):
    """What became of one attempt. `retry_after_s` is what the service asked for."""

    outcome: Outcome
    provider_id: str | None = None
    error: str | None = None
    retry_after_s: float | None = None


class Pace(Struct, frozen=True, kw_only=True):
    """How fast to try again: the first delay, which then doubles, and the longest one."""

    delay_s: float
    delay_s_max: float


PACES: Mapping[Level, Pace] = {
    Level.URGENT: Pace(delay_s=2, delay_s_max=60),
    Level.NOTICE: Pace(delay_s=10, delay_s_max=600),
    Level.NEWS: Pace(delay_s=60, delay_s_max=3600),
}
BUSY_DELAY_S = 60.0
"""How long to leave the service alone when it says 429 without a time (Firebase guide "Best practices when sending at
scale").
"""
LATER_DELAY_S = 30.0
"""How long to leave an address alone that cannot be reached now: grey lists want minutes, and a person may be waiting.
"""
ASKED_S = {Outcome.BUSY: BUSY_DELAY_S, Outcome.LATER: LATER_DELAY_S}
"""What counts as asked for where the service names no time."""
JITTER = 0.5
"""Each delay is up to this part longer, so that what failed together does not come back together."""


class RetryDecision(Struct, frozen=True, kw_only=True):
    """Try again at `due_at`."""

    due_at: datetime


def decide(
    delivery: Delivery, *, level: Level, attempts: int, now: datetime, expires_at: datetime, jitter: float
) -> RetryDecision | None:
    """When to try again; None when it is sent, cannot succeed, or would come too late.

    `attempts` counts the one just made; `jitter` is a random number from 0 to 1.
    """
    assert attempts >= 1, "an attempt was made"
    assert 0 <= jitter <= 1
    if delivery.outcome not in AGAIN:
        return None
    delay_s = _delay_s(delivery, PACES[level], attempts)
    # A number from the service may be absurd; nothing is tried after the end anyway.
    delay_s = min(delay_s * (1 + JITTER * jitter), max(0.0, (expires_at - now).total_seconds()))
    due_at = now + timedelta(seconds=delay_s)
    return RetryDecision(due_at=due_at) if due_at < expires_at else None


def _delay_s(delivery: Delivery, pace: Pace, attempts: int) -> float:
    # The power is bounded before it is taken: a message may be tried thousands of times in a long outage.
    doubled_s = min(pace.delay_s * 2.0 ** min(attempts - 1, 30), pace.delay_s_max)
    asked_s = delivery.retry_after_s
    if asked_s is None:
        asked_s = ASKED_S.get(delivery.outcome, 0.0)
    return max(doubled_s, asked_s)
