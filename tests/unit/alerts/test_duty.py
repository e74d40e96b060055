"""Who is on duty."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from app.alerts.duty import Shift, on_duty
from app.alerts.policies import Calendar
from app.kit.ids import AccountId, ShiftId, new_id

TOKYO = ZoneInfo("Asia/Tokyo")
NIGHT = Calendar(from_minute=22 * 60, until_minute=6 * 60)
FIRST, SECOND = AccountId(new_id()), AccountId(new_id())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO).astimezone(UTC)


def a_shift(one: AccountId, hours: Calendar = NIGHT, until_on: date | None = None) -> Shift:
    return Shift(id=ShiftId(new_id()), account_id=one, hours=hours, from_on=date(2026, 11, 30), until_on=until_on)


def test_whoever_has_the_hours_is_named_once_in_the_order_of_the_table() -> None:
    shifts = [a_shift(SECOND), a_shift(FIRST), a_shift(SECOND)]

    assert [SECOND, FIRST] == on_duty(shifts, at("2026-11-30T23:00"), TOKYO)
    assert [] == on_duty(shifts, at("2026-11-30T21:59"), TOKYO)


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    one_night = [a_shift(FIRST, until_on=date(2026, 11, 30))]

    assert [] == on_duty(one_night, at("2026-11-30T05:00"), TOKYO)
    assert [FIRST] == on_duty(one_night, at("2026-12-01T05:59"), TOKYO)
    assert [] == on_duty(one_night, at("2026-12-01T22:00"), TOKYO)
