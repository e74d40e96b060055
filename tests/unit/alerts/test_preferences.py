"""How people want to be told: nothing of it may keep an emergency from a family."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.alerts.preferences import PLAIN, Preference, Quiet, refused, waits_until, willing
from app.kit.ids import AccountId, new_id
from app.push.model import Level
from app.watch.model import AlertKind
from tests.build import NOW

TOKYO = ZoneInfo("Asia/Tokyo")
NIGHT = Preference(quiet=Quiet(from_minute=22 * 60, until_minute=7 * 60))
NOON = Preference(quiet=Quiet(from_minute=12 * 60, until_minute=13 * 60))
MUM, DAD, AUNT = (AccountId(new_id()) for _ in range(3))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO).astimezone(UTC)


@pytest.mark.parametrize(
    ("preference", "moment", "until"),
    [
        (NIGHT, "2026-11-30T21:59", None),
        (NIGHT, "2026-11-30T22:00", "2026-12-01T07:00"),
        (NIGHT, "2026-12-01T00:30", "2026-12-01T07:00"),
        (NIGHT, "2026-12-01T07:00", None),
        (NOON, "2026-12-01T12:30", "2026-12-01T13:00"),
        (Preference(quiet=Quiet(from_minute=0, until_minute=0)), "2026-12-01T12:30", None),
        (PLAIN, "2026-12-01T03:00", None),
    ],
)
def test_what_is_not_urgent_waits_for_the_end_of_the_quiet_hours(
    preference: Preference, moment: str, until: str | None
) -> None:
    expected = None if until is None else at(until)

    assert expected == waits_until(preference, Level.NOTICE, at(moment), TOKYO)
    assert expected == waits_until(preference, Level.NEWS, at(moment), TOKYO)
    assert waits_until(preference, Level.URGENT, at(moment), TOKYO) is None


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 400 * 24 * 60))
def test_nothing_waits_longer_than_a_day_and_at_the_end_it_does_not_wait_again(
    begin: int, end: int, minute: int
) -> None:
    preference, now = Preference(quiet=Quiet(from_minute=begin, until_minute=end)), NOW + timedelta(minutes=minute)

    until = waits_until(preference, Level.NOTICE, now, TOKYO)

    if until is not None:
        assert 0 < (until - now).total_seconds() <= 24 * 3600
        assert waits_until(preference, Level.NOTICE, until, TOKYO) is None


def test_notices_of_a_kind_and_news_can_be_refused() -> None:
    preference = Preference(without=[AlertKind.BATTERY], news=False)

    assert refused(preference, AlertKind.BATTERY, Level.NOTICE)
    assert refused(preference, AlertKind.ARRIVAL, Level.NEWS)
    assert not refused(preference, AlertKind.BATTERY, Level.URGENT)
    assert not refused(preference, AlertKind.SILENT, Level.NOTICE)


def test_who_wants_no_emergencies_is_spared_while_somebody_who_does_can_be_reached() -> None:
    chosen = {MUM: Preference(urgent=False)}

    def told(*reachable: AccountId) -> list[AccountId]:
        return willing([MUM, DAD, AUNT], chosen, reachable, AlertKind.SOS, Level.URGENT)

    assert [DAD, AUNT] == told(MUM, AUNT)
    assert [MUM, DAD, AUNT] == told(MUM)
    assert [MUM, DAD, AUNT] == told()
