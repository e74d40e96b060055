"""Who is on duty for a city: a simple table of weekly hours. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from app.accounts.model import Role
from app.alerts.policies import Calendar, is_in
from app.kit.ids import AccountId, ShiftId

DUTY_ROLES = frozenset({Role.OPERATOR, Role.CLERK, Role.ADMINISTRATOR})
"""Who can be on duty. Whoever has another role since then is not, whatever stands in the table."""


class Shift(Struct, frozen=True, kw_only=True):
    """Somebody is on duty in the hours of `hours`, from the day `from_on` to the day `until_on` (None: open)."""

    id: ShiftId
    account_id: AccountId
    hours: Calendar
    from_on: date
    until_on: date | None = None


def on_duty(shifts: Sequence[Shift], now: datetime, zone: ZoneInfo) -> list[AccountId]:
    """Whose hours are on, each once, in the order of the table."""
    found = [shift.account_id for shift in shifts if _is_on(shift, now, zone)]
    return list(dict.fromkeys(found))


def _is_on(shift: Shift, now: datetime, zone: ZoneInfo) -> bool:
    local = now.astimezone(zone)
    day = local.date()
    over_midnight = shift.hours.until_minute <= shift.hours.from_minute
    if over_midnight and local.hour * 60 + local.minute < shift.hours.until_minute:
        day -= timedelta(days=1)  # The night of the day before.
    within = shift.from_on <= day and (shift.until_on is None or day <= shift.until_on)
    return within and is_in(shift.hours, now, zone)
