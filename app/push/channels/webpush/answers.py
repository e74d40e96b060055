"""What the answer of a push service means (RFC 8030 section 5, and what the browsers' makers say of theirs). Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from app.push.channels.retry_after import seconds_of
from app.push.retry import Delivery, Outcome

TAKEN: Final = frozenset({200, 201, 202})
OUTCOMES: Final[Mapping[int, Outcome]] = {
    404: Outcome.ADDRESS_DEAD,
    410: Outcome.ADDRESS_DEAD,
    413: Outcome.REFUSED,
    # Our key or our signature: for all phones, or for those that subscribed to another key of ours. Somebody can repair
    # that before the message is too old; no phone is forgotten for it, and no other one waits.
    401: Outcome.LATER,
    403: Outcome.LATER,
    406: Outcome.BUSY,  # Microsoft's word for 429.
    429: Outcome.BUSY,
    408: Outcome.UNAVAILABLE,
}


def delivery_of(status: int, headers: Mapping[str, str], beginning: str, now: datetime) -> Delivery:
    """What an answer means. Names of headers are in lower case; `beginning` is the first of the body."""
    if status in TAKEN:
        return Delivery(outcome=Outcome.SENT, provider_id=headers.get("location"))
    outcome = OUTCOMES.get(status)
    if outcome is None:
        # We follow no redirection: who answers with one did not take it, and may tomorrow.
        outcome = Outcome.REFUSED if 400 <= status < 500 else Outcome.UNAVAILABLE
    error = f"{status} {beginning}".strip()
    return Delivery(outcome=outcome, error=error, retry_after_s=seconds_of(headers.get("retry-after"), now))
