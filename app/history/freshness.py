"""How old a last known place is, and whether it still says where somebody is. Pure."""

from datetime import datetime

from app.history.model import Freshness, Position, Whereabouts

INTERVALS = 2
"""One report may be missed: indoors a tracker skips a turn now and then. After the second the place is called stale."""

TRANSPORT_S = 60
"""What a report may take to reach us."""


def whereabouts(position: Position | None, interval_s: int, now: datetime) -> Whereabouts:
    """What is to be said of a last known place at `now`, when its device reports every `interval_s` seconds.

    The age counts from the device's own time of the fix. A device whose clock is a little ahead gives age 0, never
    less.
    """
    if position is None:
        return Whereabouts(freshness=Freshness.UNKNOWN)
    age_s = max(0, round((now - position.fix_at).total_seconds()))
    fresh = age_s <= INTERVALS * interval_s + TRANSPORT_S
    return Whereabouts(freshness=Freshness.FRESH if fresh else Freshness.STALE, position=position, age_s=age_s)
