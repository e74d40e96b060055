"""What an address gets when much is to be told: what is urgent at once, the rest when there is room, and what waited of
one wearer's passages as one line.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.kit.ids import AddressId, new_id
from app.push import outbox, tables
from app.push.model import Channel, Level, Message
from app.push.outbox import Note, Settlement
from app.push.render import title_and_body
from app.push.retry import Delivery, Outcome, RetryDecision
from tests.build import NOW
from tests.contract.push.builders import CITY, a_message, an_address, deliveries_of, state_of
from tests.contract.push.test_queue import statements

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
HANA, TARO = new_id().hex, new_id().hex
SENT = Delivery(outcome=Outcome.SENT)
AWAY = Delivery(outcome=Outcome.UNAVAILABLE)


def a_passage(
    connection: Connection, address_id: AddressId, place: str = "東門", *, of: str = HANA, now: datetime = NOW, **changes: Any
) -> str:  # fmt: skip
    """Puts news of a passage at a place; its unique key."""
    given = {"wearer": "ハナ", "detector": place, "at": now.isoformat(), "received": now.isoformat()}
    values = {
        "kind": "news.passage", "level": Level.NEWS, "about": f"passage:{of}:{place}", "params": given,
        "now": now, "expires_at": now + 6 * HOUR, **changes,
    }  # fmt: skip
    return a_message(connection, address_id, **values)


def told(
    connection: Connection, now: datetime = NOW, *, delivery: Delivery = SENT, limit: int = outbox.LIMIT
) -> list[str]:
    """What one round sends, as it reads on the phone."""
    claimed = outbox.claim(connection, Channel.FCM, now, limit)
    again = None if delivery is SENT else RetryDecision(due_at=now + SECOND)
    outbox.settle(connection, [Settlement(message=one, delivery=delivery, retry=again) for one in claimed], now)
    return [title(message) for message in claimed]


def title(message: Message) -> str:
    return title_and_body(message.kind, "ja", message.params).title


def fates(connection: Connection, keys: Sequence[str]) -> list[tuple[str, list[tuple[int, str]]]]:
    return [(state_of(connection, key), deliveries_of(connection, key)) for key in keys]


def test_ten_passages_at_once_are_one_line_and_the_fate_of_each_is_a_row(connection: Connection) -> None:
    phone = an_address(connection)
    keys = [a_passage(connection, phone, f"電柱{number}", now=NOW + number * SECOND) for number in range(10)]

    assert ["ハナさんの通過 10件（12:00–12:00）：電柱0、電柱1、電柱2ほか"] == told(connection, NOW + 9 * SECOND)
    assert [("sent", [(1, "sent")])] + [("bundled", [(0, "bundled")])] * 9 == fates(connection, keys)
    assert outbox.oldest_due_at(connection) is None


def test_what_comes_within_the_minute_waits_and_comes_as_one_line_after_it(connection: Connection) -> None:
    phone = an_address(connection)
    a_passage(connection, phone, "東門")
    assert ["ハナさんが東門を通過しました（12:00）"] == told(connection)
    for number in (1, 2, 3):
        a_passage(connection, phone, f"電柱{number}", now=NOW + 10 * number * SECOND)
        assert [] == told(connection, NOW + 10 * number * SECOND)
    assert outbox.oldest_due_at(connection) is None, "what is held does not count as waiting"

    assert [] == told(connection, NOW + 59 * SECOND)
    assert ["ハナさんの通過 3件（12:00–12:00）：電柱1、電柱2、電柱3"] == told(connection, NOW + MINUTE)


def test_who_passes_the_same_place_twice_while_the_service_is_away_passed_it_twice(connection: Connection) -> None:
    phone = an_address(connection)
    a_passage(connection, phone, "東門")
    a_passage(connection, phone, "東門", now=NOW + 2 * MINUTE)

    assert ["ハナさんの通過 2件（12:00–12:02）：東門"] == told(connection, NOW + 9 * MINUTE)


def test_after_ten_lines_within_the_hour_the_next_one_has_all_that_came_until_there_is_room(
    connection: Connection,
) -> None:
    phone = an_address(connection)
    lines = []
    for minute in range(61):
        a_passage(connection, phone, f"電柱{minute}", now=NOW + minute * MINUTE)
        lines += told(connection, NOW + minute * MINUTE)

    assert 11 == len(lines)
    assert "ハナさんの通過 51件（12:10–13:00）：電柱10、電柱11、電柱12ほか" == lines[-1]


def test_what_others_are_told_and_other_wearers_do_is_no_part_of_a_line(connection: Connection) -> None:
    phone, other = an_address(connection), an_address(connection, "phone-2")
    for of in (HANA, TARO):
        for address in (phone, other):
            for place in ("東門", "角の電柱"):
                a_passage(connection, address, place, of=of)
    a_message(connection, phone, kind="news.arrived", level=Level.NEWS, about=f"arrived:{HANA}:1")

    claimed = outbox.claim(connection, Channel.FCM, NOW)

    lines = [(one.address.id, one.about.split(":")[1]) for one in claimed if one.kind == "news.passages"]
    assert sorted([(phone, HANA), (phone, TARO), (other, HANA), (other, TARO)]) == sorted(lines)
    assert {"2"} == {one.params["count"] for one in claimed if one.kind == "news.passages"}
    assert 5 == len(claimed)


def test_a_line_that_was_not_taken_is_tried_again_as_it_was_with_what_came_since(connection: Connection) -> None:
    phone = an_address(connection)
    for place in ("東門", "角の電柱"):
        a_passage(connection, phone, place)
    assert ["ハナさんの通過 2件（12:00–12:00）：東門、角の電柱"] == told(connection, delivery=AWAY)
    a_passage(connection, phone, "西門", now=NOW + MINUTE)

    assert ["ハナさんの通過 3件（12:00–12:01）：東門、角の電柱、西門"] == told(connection, NOW + MINUTE)


def test_a_line_takes_no_place_on_the_phone_and_what_is_newer_at_the_same_gate_does_not_take_its(
    connection: Connection,
) -> None:
    phone = an_address(connection)
    keys = [a_passage(connection, phone, place) for place in ("東門", "角の電柱")]
    (line,) = outbox.claim(connection, Channel.FCM, NOW)

    assert line.about not in {f"passage:{HANA}:東門", f"passage:{HANA}:角の電柱"}
    assert line.about.startswith(f"passage:{HANA}:"), "it can be called off as the others"
    assert 1 == outbox.cancel(connection, f"passage:{HANA}", NOW, below=True)
    assert ["cancelled", "bundled"] == [state_of(connection, key) for key in keys]


def test_a_line_lives_as_long_as_the_youngest_of_its_passages(connection: Connection) -> None:
    phone = an_address(connection)
    for place, minutes in (("東門", 10), ("角の電柱", 30), ("西門", 20)):
        a_passage(connection, phone, place, expires_at=NOW + minutes * MINUTE)

    (line,) = outbox.claim(connection, Channel.FCM, NOW)

    assert line.expires_at == NOW + 30 * MINUTE


def test_the_seventh_notice_waits_until_the_first_is_ten_minutes_old_and_nothing_urgent_with_it(
    connection: Connection,
) -> None:
    phone, other = an_address(connection), an_address(connection, "phone-2")
    for _ in range(8):
        a_message(connection, phone, kind="alert.low_battery", level=Level.NOTICE)
    a_message(connection, other, kind="alert.low_battery", level=Level.NOTICE)
    assert 7 == len(told(connection))
    a_message(connection, phone, now=NOW + MINUTE)

    assert 1 == len(told(connection, NOW + MINUTE))
    assert 0 == len(told(connection, NOW + 10 * MINUTE - SECOND))
    assert 2 == len(told(connection, NOW + 10 * MINUTE))


def test_twenty_urgent_messages_to_one_phone_go_at_once(connection: Connection) -> None:
    phone = an_address(connection)
    for _ in range(20):
        a_message(connection, phone)

    assert 20 == len(told(connection))


def test_what_is_just_being_sent_counts(connection: Connection) -> None:
    phone = an_address(connection)
    a_passage(connection, phone, "東門")
    assert 1 == len(outbox.claim(connection, Channel.FCM, NOW))
    a_passage(connection, phone, "角の電柱")

    assert [] == told(connection, NOW + SECOND)


def test_what_waits_beyond_its_time_ends_as_too_late_with_a_row(connection: Connection) -> None:
    phone = an_address(connection)
    a_passage(connection, phone, "東門")
    told(connection)
    key = a_passage(connection, phone, "角の電柱", expires_at=NOW + 30 * SECOND)

    assert [] == told(connection, NOW + SECOND)
    assert ("waiting", []) == (state_of(connection, key), deliveries_of(connection, key))
    assert [] == told(connection, NOW + 30 * SECOND)
    assert [("failed", [(0, "too late")])] == fates(connection, [key])


def test_more_than_a_page_that_waits_keeps_nobody_else_from_being_told(connection: Connection) -> None:
    busy, other = an_address(connection), an_address(connection, "phone-2")
    for number in range(6 + 3 * outbox.LIMIT):
        a_message(connection, busy, level=Level.NOTICE, about=f"alert:{number}")
    told(connection)
    a_message(connection, other, level=Level.NOTICE, now=NOW + SECOND)

    (message,) = outbox.claim(connection, Channel.FCM, NOW + SECOND)

    assert message.address.id == other


def test_whoever_asks_with_one_message_holds_only_what_comes_before_it(connection: Connection) -> None:
    phone, other = an_address(connection), an_address(connection, "phone-2")
    for number in range(9):
        a_message(connection, phone, level=Level.NOTICE, about=f"alert:{number}")
    a_message(connection, other, level=Level.NOTICE, now=NOW + SECOND)

    assert 7 == sum(len(told(connection, NOW + SECOND, limit=1)) for _ in range(9))


def test_a_clock_that_was_ahead_when_it_sent_holds_nothing_up(connection: Connection) -> None:
    phone = an_address(connection)
    a_passage(connection, phone, "東門", now=NOW + HOUR)
    told(connection, NOW + HOUR)
    a_passage(connection, phone, "角の電柱")

    assert 1 == len(told(connection, NOW))


@pytest.fixture
def looked(connection: Connection) -> tuple[list[tuple[str, Any]], int]:
    """What a claim of one passage asks about its address, that was told much long ago beside many others."""
    phones = [an_address(connection, f"phone-{number}") for number in range(50)]
    notes = [
        Note(
            city_id=CITY, channel=Channel.FCM, address_id=phone, unique_key=f"{phone}:{number}", kind="news.passage",
            level=Level.NEWS, about=f"passage:{HANA}:{number}", params={}, expires_at=NOW + HOUR,
        )
        for phone in phones for number in range(60)
    ]  # fmt: skip
    outbox.put_all(connection, notes, NOW)
    long_ago = NOW - 24 * HOUR
    connection.execute(sa.update(tables.message).values(state="sent", ended_at=long_ago, created_at=long_ago))
    a_passage(connection, phones[7], "東門")
    a_passage(connection, phones[7], "西門")
    connection.exec_driver_sql("ANALYZE")
    with statements(connection) as found:
        assert 1 == len(outbox.claim(connection, Channel.FCM, NOW))
    return [
        (statement, given) for statement, given in found if "ix_" not in statement and "rank > 0" in statement
    ], 3000


@pytest.mark.sqlite
def test_what_was_sent_lately_is_found_by_its_index_on_sqlite(
    connection: Connection, looked: tuple[list[tuple[str, Any]], int]
) -> None:
    questions, _ = looked
    assert 2 == len(questions)
    for statement, parameters in questions:
        plan = " ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))
        assert "ix_message_lately" in plan
        assert "SCAN" not in plan


@pytest.mark.postgresql
def test_what_was_sent_lately_is_found_by_its_index_on_postgresql(
    connection: Connection, looked: tuple[list[tuple[str, Any]], int]
) -> None:
    questions, _ = looked
    assert 2 == len(questions)
    for statement, parameters in questions:
        rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars()
        assert "ix_message_lately" in " ".join(rows)
