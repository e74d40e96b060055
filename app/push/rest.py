"""Whether a channel is given anything at all right now.

A service that is away is away for all messages: the channel rests, and they keep their places. After each rest one of
them asks whether the service is back. Pure; the state is memory of the process, so that a restart asks at once.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from app.kit.ids import MessageId
from app.push.retry import AWAY, BUSY_DELAY_S, Delivery, Outcome

REST_S_MIN = 1.0
REST_S_MAX = 60.0
"""The first rest, which then doubles, and the longest one."""
ASKED_S_MAX = 600.0
"""The longest rest that a service is granted: what it asks for may be absurd."""
FAILED_MIN = 2
"""So many different messages must have failed, and none been answered since: one alone may be its phone's fault."""


class Rest(Struct, frozen=True, kw_only=True):
    """`failed` are the messages that failed since the last answer, `rests` how often the channel rested for them."""

    failed: frozenset[MessageId] = frozenset()
    rests: int = 0
    until: datetime | None = None

    @property
    def is_asking(self) -> bool:
        """Whether the next message is one that asks if the service is back."""
        return self.rests > 0


AWAKE = Rest()


def after(rest: Rest, deliveries: Mapping[MessageId, Delivery], now: datetime) -> Rest:
    """How the channel is once this became of what it was given together (never nothing). An answer to any of it, be it
    a refusal, shows that the service is there.
    """
    if any(delivery.outcome not in AWAY for delivery in deliveries.values()):
        return AWAKE
    # Only a few of them are needed to tell one from many.
    failed = rest.failed if len(rest.failed) >= FAILED_MIN else rest.failed | frozenset(deliveries)
    if len(failed) < FAILED_MIN:
        return Rest(failed=failed)
    asked_s = max(_asked_s(delivery) for delivery in deliveries.values())
    own_s = min(REST_S_MIN * 2.0 ** min(rest.rests, 30), REST_S_MAX)
    until = now + timedelta(seconds=max(own_s, min(asked_s, ASKED_S_MAX)))
    return Rest(failed=failed, rests=rest.rests + 1, until=until)


def left_s(rest: Rest, now: datetime) -> float:
    """How long the channel still rests; 0 when it does not. A rest that seems longer than any is of a clock that was
    ahead, and over.
    """
    left = 0.0 if rest.until is None else (rest.until - now).total_seconds()
    return left if 0 < left <= ASKED_S_MAX else 0.0


def _asked_s(delivery: Delivery) -> float:
    if delivery.retry_after_s is not None:
        return delivery.retry_after_s
    return BUSY_DELAY_S if delivery.outcome is Outcome.BUSY else 0.0
