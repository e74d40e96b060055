"""How much one address gets: the table in words, and when there is room again."""

from datetime import datetime, timedelta

import pytest

from app.kit.ids import AddressId, new_id
from app.push.model import Level
from app.push.throttle import HOUR, LONGEST, MINUTE, THROTTLES, Ledger, Limit, budget_of, waits_until
from tests.build import NOW

PHONE, OTHER = AddressId(new_id()), AddressId(new_id())
HANA, TARO = new_id().hex, new_id().hex
GATE, POLE = new_id().hex, new_id().hex


def let_go(level: Level, abouts: list[str], every: timedelta, address_id: AddressId = PHONE) -> list[int]:
    """In which places of a row of messages, put one after the other, those are that go at once."""
    ledger = Ledger()
    taken = []
    for place, about in enumerate(abouts):
        if ledger.take(budget_of(address_id, level, about), NOW + place * every) is None:
            taken.append(place)
    return taken


def test_a_hundred_urgent_messages_go_at_once_about_one_alert_or_many() -> None:
    assert list(range(100)) == let_go(Level.URGENT, ["alert:1"] * 100, timedelta())
    assert list(range(100)) == let_go(Level.URGENT, [f"alert:{number}" for number in range(100)], timedelta())


def test_of_notices_six_go_in_ten_minutes_whatever_they_are_about() -> None:
    abouts = [f"alert:{number}" for number in range(24)]

    assert [*range(6), *range(10, 16), *range(20, 24)] == let_go(Level.NOTICE, abouts, MINUTE)


def test_whoever_tries_a_phone_out_does_not_wait_for_what_it_got_before() -> None:
    abouts = ["alert:1"] * 6 + [f"me.test:{PHONE}"] * 9

    assert list(range(15)) == let_go(Level.NOTICE, abouts, timedelta(seconds=1))


def test_passages_of_one_wearer_are_a_line_a_minute_wherever_she_passes() -> None:
    abouts = [f"passage:{HANA}:{GATE}", f"passage_near:{HANA}:{POLE}", f"passage_visit:{HANA}:{GATE}"] * 2

    assert [0, 3] == let_go(Level.NEWS, abouts, MINUTE / 3)


def test_passages_are_at_most_ten_lines_an_hour() -> None:
    abouts = [f"passage:{HANA}:{GATE}"] * 70

    assert [*range(10), *range(60, 70)] == let_go(Level.NEWS, abouts, MINUTE)


def test_passages_of_two_children_do_not_wait_for_each_other() -> None:
    assert [0, 1] == let_go(Level.NEWS, [f"passage:{HANA}:{GATE}", f"passage:{TARO}:{GATE}"], timedelta())


def test_news_that_somebody_takes_an_alert_or_that_she_arrived_does_not_wait_for_passages() -> None:
    abouts = [f"passage:{HANA}:{GATE}", f"passage:{HANA}:{POLE}", f"arrived:{HANA}:{GATE}", "alert:1"]

    assert [0, 2, 3] == let_go(Level.NEWS, abouts, timedelta())


def test_one_address_does_not_wait_for_another() -> None:
    ledger = Ledger()
    for _ in range(6):
        ledger.take(budget_of(PHONE, Level.NOTICE, "alert:1"), NOW)

    assert ledger.take(budget_of(PHONE, Level.NOTICE, "alert:1"), NOW) == NOW + 10 * MINUTE
    assert ledger.take(budget_of(OTHER, Level.NOTICE, "alert:1"), NOW) is None


@pytest.mark.parametrize(
    ("sent_s", "until_s"),
    [
        ([], None),
        ([-10], 50),
        ([-60], None),
        ([-59.5], 0.5),
        ([-3000, -2500, -70], 600),  # Three an hour: the first of them must be an hour old.
        ([-3700, -2500, -70], None),
        ([-3000, -2500, -10], 600),
        ([-2, -1, -1], 3598),  # More than there was room for went out: each limit counts from the last ones.
        ([3600], None),
    ],
)
def test_what_is_over_a_limit_waits_until_there_is_room_for_one(sent_s: list[float], until_s: float | None) -> None:
    limits = (Limit(1, MINUTE), Limit(3, HOUR))
    sent: list[datetime] = [NOW + timedelta(seconds=seconds) for seconds in sent_s]

    expected = None if until_s is None else NOW + timedelta(seconds=until_s)
    assert expected == waits_until(limits, sent, NOW)


def test_every_message_has_a_row_and_what_is_urgent_has_no_limit() -> None:
    for level in Level:
        for about in ("alert:1", f"passage:{HANA}:{GATE}", "", "of a newer version"):
            assert budget_of(PHONE, level, about).throttle.level is level
    assert all(not throttle.limits for throttle in THROTTLES if throttle.level is Level.URGENT)
    assert LONGEST == HOUR
