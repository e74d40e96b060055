"""Each channel has its own queue: claims read its beginning only, keep its order, and find what older processes put."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.kit.ids import AddressId
from app.push import outbox, store, tables
from app.push.model import AddressKind, Channel, Level
from app.push.outbox import Note, Settlement
from app.push.retry import Delivery, Outcome, RetryDecision
from tests.build import NOW
from tests.contract.push.builders import CITY, PARAMS, a_message, an_address, deliveries_of, state_of

SECOND = timedelta(seconds=1)
MANY = 3000


KEYS = {"auth": "for its owner only"}


def a_mailbox(connection: Connection) -> AddressId:
    return store.save_address(
        connection, channel=Channel.EMAIL, kind=AddressKind.MAILBOX, value="a@example.jp", language="ja", now=NOW,
        keys=KEYS,
    ).id  # fmt: skip


def put_many(connection: Connection, channel: Channel, address_id: AddressId) -> None:
    notes = [
        Note(
            city_id=CITY, channel=channel, address_id=address_id, unique_key=f"{channel.value}-{number}",
            kind="alert.sos", level=Level.URGENT, about=f"alert:{channel.value}-{number}", params=PARAMS,
            expires_at=NOW + timedelta(hours=1),
        )
        for number in range(MANY)
    ]  # fmt: skip
    assert MANY == outbox.put_all(connection, notes, NOW)


def kinds(connection: Connection, channel: Channel = Channel.FCM, **how: Any) -> list[str]:
    return [message.kind for message in outbox.claim(connection, channel, **{"now": NOW, **how})]


def test_what_is_for_another_channel_is_neither_claimed_nor_in_the_way(connection: Connection) -> None:
    phone, mailbox = an_address(connection), a_mailbox(connection)
    for _ in range(3):
        a_message(connection, phone, kind="alert.sos")
    a_message(connection, mailbox, channel=Channel.EMAIL, kind="alert.fall", level=Level.NEWS)

    (letter,) = outbox.claim(connection, Channel.EMAIL, NOW, 2)
    assert ("alert.fall", AddressKind.MAILBOX, KEYS) == (letter.kind, letter.address.kind, letter.address.keys)
    assert ["alert.sos"] * 2 == kinds(connection, limit=2)


def test_what_was_tried_in_vain_keeps_its_place_before_what_is_newer(connection: Connection) -> None:
    address = an_address(connection)
    a_message(connection, address, kind="alert.sos")
    (older,) = outbox.claim(connection, Channel.FCM, NOW)
    away = Delivery(outcome=Outcome.UNAVAILABLE)
    again = RetryDecision(due_at=NOW + 9 * SECOND)
    outbox.settle(connection, [Settlement(message=older, delivery=away, retry=again)], NOW)
    a_message(connection, address, kind="alert.fall", now=NOW + 3 * SECOND)

    assert ["alert.sos", "alert.fall"] == kinds(connection, now=NOW + 10 * SECOND)


NEWER: Mapping[str, tuple[Mapping[str, Any], list[str]]] = {
    "as urgent": ({}, ["alert.fall"]),
    "of less weight": ({"level": Level.NOTICE}, ["alert.sos"]),
    "about something else": ({"about": "alert:2"}, ["alert.sos", "alert.fall"]),
    "over already": ({"expires_at": NOW + 61 * SECOND}, ["alert.sos"]),
}
"""What waits beside an SOS, and what of them is claimed first."""


@pytest.mark.parametrize("how", NEWER)
def test_what_is_late_gives_way_to_what_is_newer_about_the_same(connection: Connection, how: str) -> None:
    address, (changes, claimed) = an_address(connection), NEWER[how]
    older = a_message(connection, address, about="alert:1", kind="alert.sos")
    newer = {"about": "alert:1", "kind": "alert.fall", "now": NOW + 9 * SECOND, **changes}
    a_message(connection, address, **newer)

    assert claimed == kinds(connection, now=NOW + 61 * SECOND)
    is_first = "alert.sos" in claimed
    assert is_first == (state_of(connection, older) == "sending")
    assert ([] if is_first else [(0, "overtaken")]) == deliveries_of(connection, older)


def test_what_is_not_late_goes_before_what_is_newer_and_is_not_in_the_way_of_what_is_held(
    connection: Connection,
) -> None:
    address = an_address(connection)
    a_message(connection, address, about="alert:1", kind="alert.sos")
    a_message(connection, address, about="alert:1", kind="alert.fall", now=NOW + 9 * SECOND)
    assert ["alert.sos"] == kinds(connection, now=NOW + 59 * SECOND)

    a_message(connection, address, about="alert:2", kind="alert.sos")
    a_message(connection, address, about="alert:2", kind="alert.fall", now=NOW + 9 * SECOND)
    held = sa.update(tables.message).where(tables.message.c.about == "alert:2", tables.message.c.kind == "alert.fall")
    connection.execute(held.values(not_before=NOW + 3600 * SECOND))
    assert ["alert.sos"] == kinds(connection, now=NOW + 61 * SECOND)


def test_who_asks_with_one_message_asks_with_another_of_the_same_level_each_time(connection: Connection) -> None:
    address = an_address(connection)
    for kind, level in (("alert.sos", Level.URGENT), ("alert.fall", Level.URGENT), ("alert.returned", Level.NEWS)):
        a_message(connection, address, kind=kind, level=level)

    asked = []
    for skip in range(3):
        (message,) = outbox.claim(connection, Channel.FCM, NOW, 1, skip=skip)
        asked.append(message.kind)
        outbox.give_back(connection, [message], NOW)
    assert ["alert.sos", "alert.fall", "alert.sos"] == asked


def test_what_is_held_is_sent_when_its_time_has_come_and_does_not_count_as_waiting(connection: Connection) -> None:
    address = an_address(connection)
    until = NOW + timedelta(hours=8)
    held = Note(
        city_id=CITY, channel=Channel.FCM, address_id=address, unique_key="held", kind="alert.low_battery",
        level=Level.NOTICE, about="alert:1", params=PARAMS, expires_at=until + timedelta(hours=1), not_before=until,
    )  # fmt: skip
    outbox.put_all(connection, [held], NOW)

    assert [] == kinds(connection, now=until - SECOND)
    assert outbox.oldest_due_at(connection) is None
    assert ["alert.low_battery"] == kinds(connection, now=until)
    assert outbox.oldest_due_at(connection, Channel.FCM) == until
    assert outbox.oldest_due_at(connection, Channel.EMAIL) is None


def test_what_an_older_process_put_is_found_over_its_channel_and_in_its_order(connection: Connection) -> None:
    """In a rolling upgrade it writes neither channel nor rank, and what it has in hand is its own until then."""
    phone, mailbox = an_address(connection), a_mailbox(connection)
    in_hand = a_message(connection, phone, kind="alert.low_battery")
    assert ["alert.low_battery"] == kinds(connection)
    a_message(connection, phone, kind="alert.returned", level=Level.NEWS)
    a_message(connection, phone, kind="alert.sos")
    a_message(connection, mailbox, channel=Channel.EMAIL, kind="alert.fall")
    connection.execute(sa.update(tables.message).values(channel=None, rank=None))

    assert ["alert.sos", "alert.returned"] == kinds(connection)
    assert ["alert.fall"] == kinds(connection, Channel.EMAIL)
    assert state_of(connection, in_hand) == "sending"
    assert deliveries_of(connection, in_hand) == []


def test_what_is_for_a_channel_that_only_a_newer_process_knows_is_left_to_it(connection: Connection) -> None:
    address = an_address(connection)
    key = a_message(connection, address)
    connection.execute(sa.update(tables.address).values(channel="carrier pigeon"))
    connection.execute(sa.update(tables.message).values(channel=None, rank=None))

    assert [[] for _ in Channel] == [kinds(connection, channel) for channel in Channel]
    assert state_of(connection, key) == "waiting"


@contextmanager
def statements(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """Collects the questions that are asked meanwhile, with their parameters."""
    found: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        if statement.startswith("SELECT message"):
            found.append((statement, parameters))

    sa.event.listen(connection, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(connection, "before_cursor_execute", note)


@pytest.fixture
def asked(connection: Connection) -> list[tuple[str, Any]]:
    """What a claim asks where many messages wait over two channels."""
    put_many(connection, Channel.FCM, an_address(connection))
    put_many(connection, Channel.EMAIL, a_mailbox(connection))
    connection.exec_driver_sql("ANALYZE")
    with statements(connection) as found:
        assert 10 == len(outbox.claim(connection, Channel.FCM, NOW, 10))
    return found


QUEUES = ["ix_message_unplaced", "ix_message_held", "ix_message_queue", "ix_message_queue"]


@pytest.mark.sqlite
def test_a_claim_on_sqlite_reads_the_beginning_of_the_queue_in_its_order(
    connection: Connection, asked: list[tuple[str, Any]]
) -> None:
    assert len(asked) == len(QUEUES)
    for (statement, parameters), index in zip(asked, QUEUES, strict=True):
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plan = " ".join(str(row) for row in rows)

        assert index in plan
        assert "SCAN" not in plan.replace("SCAN message USING INDEX ix_message_unplaced", "")
        assert "TEMP B-TREE" not in plan


def rows_read(plan: dict[str, Any], table: str) -> int:
    """How many rows of a table a carried out plan has looked at, also in vain."""
    own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    inner = sum(rows_read(part, table) for part in plan.get("Plans", ()))
    return int(inner + (own if plan.get("Relation Name") == table else 0))


@pytest.mark.postgresql
def test_a_claim_on_postgresql_reads_a_few_rows_of_many(connection: Connection, asked: list[tuple[str, Any]]) -> None:
    assert len(asked) == len(QUEUES)
    for (statement, parameters), index in zip(asked, QUEUES, strict=True):
        explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
        plan = connection.exec_driver_sql(explain, parameters).scalar_one()[0]["Plan"]

        assert index in str(plan)
        assert rows_read(plan, "message") < MANY / 5
