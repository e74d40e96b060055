"""Since when a phone has not answered, and of which phones nobody can say it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import jobs
from app.config import Settings
from app.kit.ids import AddressId, MessageId
from app.push import outbox, store, tables
from app.push.model import AddressKind, Channel, Level, Message
from app.push.outbox import Said, Settlement
from app.push.retry import Delivery, Outcome
from tests.build import NOW
from tests.contract.push.builders import a_message

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DUE = {Level.URGENT: MINUTE, Level.NOTICE: HOUR}


def a_phone(
    connection: Connection, value: str = "phone-1", channel: Channel = Channel.FCM, *, answers: bool = True
) -> AddressId:
    """A phone that said a day ago that it showed something, unless its app is too old to."""
    saved = store.save_address(connection, channel=channel, kind=AddressKind.TOKEN, value=value, language="ja", now=NOW)
    if answers:
        changed = sa.update(tables.address).where(tables.address.c.id == saved.id)
        connection.execute(changed.values(last_receipt_at=NOW - timedelta(days=1)))
    return saved.id


def send(
    connection: Connection, phone: AddressId, level: Level = Level.URGENT, at: datetime = NOW,
    channel: Channel = Channel.FCM, outcome: Outcome = Outcome.SENT,
) -> MessageId:  # fmt: skip
    """A message that was handed to its service at that time."""
    a_message(connection, phone, level=level, now=at, channel=channel, expires_at=at + timedelta(hours=9))
    (message,) = outbox.claim(connection, channel, at)
    settle(connection, message, at, outcome)
    return message.id


def settle(connection: Connection, message: Message, at: datetime, outcome: Outcome) -> None:
    outbox.settle(connection, [Settlement(message=message, delivery=Delivery(outcome=outcome))], at)


def judge(connection: Connection, at: datetime) -> None:
    jobs.judge_receipts(connection, Settings(), at)


def since(connection: Connection, phone: AddressId) -> Any:
    query = sa.select(tables.address.c.unanswered_since).where(tables.address.c.id == phone)
    return connection.execute(query).scalar_one()


@pytest.mark.parametrize("level", sorted(DUE))
@pytest.mark.parametrize("channel", [Channel.FCM, Channel.WEBPUSH])
def test_a_phone_that_should_have_shown_a_message_and_did_not_is_unanswered_since_it_was_sent(
    connection: Connection, level: Level, channel: Channel
) -> None:
    phone = a_phone(connection, channel=channel)
    send(connection, phone, level, channel=channel)

    judge(connection, NOW + DUE[level] - timedelta(seconds=1))
    assert since(connection, phone) is None

    judge(connection, NOW + DUE[level])
    assert since(connection, phone) == NOW


def test_it_is_unanswered_since_the_first_of_them(connection: Connection) -> None:
    phone = a_phone(connection)
    send(connection, phone, at=NOW + 5 * MINUTE)
    send(connection, phone)

    for minutes in (6, 20):
        judge(connection, NOW + minutes * MINUTE)
        send(connection, phone, at=NOW + (minutes + 1) * MINUTE)

    assert since(connection, phone) == NOW


def test_any_receipt_ends_it_also_one_of_another_message(connection: Connection) -> None:
    """Of two about the same the phone shows one, when it has a network again."""
    phone = a_phone(connection)
    send(connection, phone)
    second = send(connection, phone, at=NOW + MINUTE)
    judge(connection, NOW + 2 * MINUTE)
    assert since(connection, phone) is not None

    outbox.receive(connection, second, Said.SHOWN, None, NOW + 3 * MINUTE)
    judge(connection, NOW + 4 * MINUTE)

    assert since(connection, phone) is None


def test_a_phone_whose_app_never_gave_a_receipt_is_not_judged(connection: Connection) -> None:
    phone = a_phone(connection, answers=False)
    send(connection, phone)

    judge(connection, NOW + 2 * MINUTE)

    assert since(connection, phone) is None


def test_neither_news_nor_mail_nor_what_was_not_sent_speaks_against_a_phone(connection: Connection) -> None:
    mailbox = a_phone(connection, "hanako@example.jp", Channel.EMAIL)
    send(connection, mailbox, channel=Channel.EMAIL)
    phone = a_phone(connection)
    send(connection, phone, Level.NEWS)
    send(connection, phone, outcome=Outcome.REFUSED)
    dead = a_phone(connection, "phone-2")
    send(connection, dead)
    store.kill_address(connection, dead, "gone", NOW)

    for minutes in range(1, 80, 5):
        judge(connection, NOW + minutes * MINUTE)

    assert [since(connection, one) for one in (mailbox, phone, dead)] == [None, None, None]


def test_what_was_sent_before_we_were_away_ourselves_speaks_against_nobody(connection: Connection) -> None:
    jobs.come_up(connection, NOW - HOUR)
    phone, other = a_phone(connection), a_phone(connection, "phone-2")
    send(connection, phone)
    jobs.come_up(connection, NOW + 2 * MINUTE)
    send(connection, other, at=NOW + 3 * MINUTE)

    judge(connection, NOW + 5 * MINUTE)

    assert (since(connection, phone), since(connection, other)) == (None, NOW + 3 * MINUTE)


def test_turns_may_be_missed_and_many_phones_are_judged_in_turns(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.push.outbox.judging.JUDGED_MAX", 2)
    phones = [a_phone(connection, f"phone-{number}") for number in range(5)]
    for phone in phones:
        send(connection, phone)

    judged = [outbox.judge_receipts(connection, None, NOW + 9 * MINUTE) for _ in range(4)]

    assert judged == [2, 2, 1, 0]
    assert [since(connection, phone) for phone in phones] == [NOW] * 5


def test_what_is_long_over_is_not_looked_at_again_and_again(connection: Connection) -> None:
    phone = a_phone(connection)
    send(connection, phone)

    judge(connection, NOW + 11 * MINUTE)

    assert since(connection, phone) is None


@pytest.mark.sqlite
def test_what_no_phone_has_shown_is_found_by_its_index_in_sqlite(connection: Connection) -> None:
    plans: list[str] = []

    def explain(_connection: object, cursor: Any, statement: str, parameters: Any, *_more: object) -> None:
        if statement.startswith("SELECT"):
            cursor.execute("EXPLAIN QUERY PLAN " + statement, parameters)
            plans.extend(row[3] for row in cursor.fetchall())

    sa.event.listen(connection, "before_cursor_execute", explain)
    outbox.judge_receipts(connection, None, NOW)
    sa.event.remove(connection, "before_cursor_execute", explain)

    assert 2 == sum("USING INDEX ix_message_unshown (rank=? AND ended_at>? AND ended_at<?)" in plan for plan in plans)
