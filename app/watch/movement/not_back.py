"""Not back by: she is out later than on any of her days."""

from datetime import timedelta
from typing import Final

from app.watch.model import Reason
from app.watch.movement.allowances import out_until_min
from app.watch.movement.evidence import Moment, Rule, numbers
from app.watch.movement.habits import DAY_BEGINS, highest

LATER_MIN: Final = 60.0
"""So much later than on her latest day."""
OUT_FOR: Final = timedelta(minutes=30)
"""Who left just now is not late."""
EVENING_MIN: Final = 13 * 60.0
"""Minutes after the day begins (four in the morning): before five in the afternoon nobody is late."""


def usual_min(moment: Moment) -> float:
    """When she was out at the latest, or may be, in minutes after her day begins."""
    return max(highest(moment.habits.last_out), out_until_min(moment.subject.allowances))


def measure(moment: Moment) -> float:
    """Minutes later than ever."""
    out_at = moment.movement.out_at
    if out_at is None or moment.at - out_at < OUT_FOR:
        return 0.0
    local = moment.local - DAY_BEGINS
    minutes = local.hour * 60.0 + local.minute
    if minutes <= EVENING_MIN:
        return 0.0
    return max(0.0, min(255.0, minutes - max(usual_min(moment), EVENING_MIN)))


def reason(moment: Moment, measured: float) -> Reason:
    """Until when she is out at the latest, as a time of the clock."""
    usual = int(max(usual_min(moment), EVENING_MIN) + DAY_BEGINS.total_seconds() / 60) % (24 * 60)
    return Reason(
        code="not_back_by",
        params={"usual": f"{usual // 60:02}:{usual % 60:02}"},
        numbers=numbers(later_min=measured, home_m=moment.home_m or 0.0),
    )


RULE: Final = Rule(
    name="not_back_by",
    measure=measure,
    reason=reason,
    question="Is she out later than on any of her days?",
    floor=LATER_MIN,
    cap=LATER_MIN,
    urgent=180.0,
)
