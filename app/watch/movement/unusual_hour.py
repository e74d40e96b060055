"""Out at an unusual hour: she left home in the night, at an hour at which she is never out.

Counts who leaves, not who comes home late: that is `not_back`.
"""

from datetime import datetime, timedelta
from typing import Final

from app.watch.model import Reason
from app.watch.movement import habits
from app.watch.movement.allowances import LEFT_BY_NIGHT, allows_hour
from app.watch.movement.evidence import Moment, Rule, numbers
from app.watch.movement.moving import Mode

FROM_H: Final = 22
UNTIL_H: Final = 5
LEFT_WITHIN: Final = timedelta(minutes=60)
"""After so long it is no longer about leaving."""
OUT_DAYS_MAX: Final = 1
"""On so many of her days she may have been out about then: fewer than 5 % of 28."""
URGENT_S: Final = 600.0


def measure(moment: Moment) -> float:
    """1, and minutes since she left; 0 where the hour is not unusual for her."""
    left_at = moment.movement.out_at
    if left_at is None or moment.at - left_at > LEFT_WITHIN or moment.taken.mode is Mode.VEHICLE:
        return 0.0
    return 1.0 + (moment.at - left_at).total_seconds() / 60 if is_unusual(moment, left_at) else 0.0


def is_unusual(moment: Moment, left_at: datetime) -> bool:
    """Whether it is night, and she, who left then, is never out at this hour."""
    local = moment.local
    if UNTIL_H <= local.hour < FROM_H:
        return False
    if allows_hour(moment.subject.allowances, LEFT_BY_NIGHT, left_at.astimezone(moment.subject.zone)):
        return False
    return habits.hours_out(moment.habits, local.hour * 2 + local.minute // 30) <= OUT_DAYS_MAX


def reason(moment: Moment, measured: float) -> Reason:
    """Since when she is out."""
    left_at = moment.movement.out_at or moment.at
    return Reason(
        code="unusual_hour",
        params={"since": left_at.isoformat()},
        numbers=numbers(minutes=measured - 1.0, home_m=moment.home_m or 0.0),
    )


RULE: Final = Rule(
    name="unusual_hour",
    measure=measure,
    reason=reason,
    question="Did she leave home in the night, when she never does?",
    floor=1.0,
    cap=1.0,
    urgent=1.0 + URGENT_S / 60,
    needs_habits=False,
)
