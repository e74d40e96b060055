"""Phones say that a message was shown and opened, by what came with it and without signing in."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.kit.ids import MessageId, new_id
from app.push import outbox, tables
from app.push.model import Channel, Message, MessageState
from app.push.outbox import Settlement
from app.push.retry import Delivery, Outcome, RetryDecision
from app.push.tokens import Purpose, Tokens
from tests.build import NOW
from tests.contract.push.builders import a_message, an_address, deliveries_of, state_of
from tests.contract.web import SECRET, Town, town

TOKENS = Tokens(SECRET)
SENT = Delivery(outcome=Outcome.SENT)
LOST = Delivery(outcome=Outcome.UNKNOWN, error="no answer in time")


@pytest.fixture
def here(where: Path | str) -> Iterator[Town]:
    """The town, its application running."""
    with town(where) as one:
        yield one


def put(here: Town, **changes: object) -> tuple[str, MessageId]:
    """A message that waits: its unique key and its id."""
    with here.database.transaction() as connection:
        key = a_message(connection, an_address(connection), **changes)
        return key, MessageId(row(connection, key).id)


def row(connection: Connection, key: str) -> Any:
    return connection.execute(sa.select(tables.message).where(tables.message.c.unique_key == key)).one()


def message_of(here: Town, key: str) -> Any:
    with here.database.transaction() as connection:
        return row(connection, key)


def address_of(here: Town) -> Any:
    with here.database.transaction() as connection:
        return connection.execute(sa.select(tables.address)).one()


def claim(here: Town) -> Message:
    with here.database.transaction() as connection:
        (message,) = outbox.claim(connection, Channel.FCM, here.clock())
        return message


def settle(here: Town, message: Message, delivery: Delivery, retry_s: float | None = None) -> None:
    again = None if retry_s is None else RetryDecision(due_at=here.clock() + timedelta(seconds=retry_s))
    with here.database.transaction() as connection:
        outbox.settle(connection, [Settlement(message=message, delivery=delivery, retry=again)], here.clock())


def sent(here: Town) -> tuple[str, MessageId]:
    key, message_id = put(here)
    settle(here, claim(here), SENT)
    here.clock.pass_by(timedelta(seconds=10))
    return key, message_id


def say(here: Town, message_id: UUID, what: str = "shown", **more: object) -> int:
    token = TOKENS.of(MessageId(message_id), Purpose.RECEIPT)
    answer = here.client.post(f"/v1/receipts/{token}", json={"what": what, **more})
    assert answer.content == b"" or answer.status_code >= 400
    return int(answer.status_code)


def test_a_phone_says_that_it_showed_a_message_and_then_that_somebody_opened_it(here: Town) -> None:
    key, message_id = sent(here)

    assert say(here, message_id) == 204
    here.clock.pass_by(timedelta(minutes=1))
    assert say(here, message_id, "opened") == 204

    message = message_of(here, key)
    assert (message.delivered_at, message.read_at) == (NOW + timedelta(seconds=10), NOW + timedelta(seconds=70))
    assert message.state == MessageState.SENT
    assert address_of(here).last_receipt_at == NOW + timedelta(seconds=70)


def test_what_was_opened_was_shown(here: Town) -> None:
    key, message_id = sent(here)

    assert say(here, message_id, "opened") == 204

    message = message_of(here, key)
    assert message.delivered_at == message.read_at == NOW + timedelta(seconds=10)


def test_what_is_said_first_counts(here: Town) -> None:
    key, message_id = sent(here)
    say(here, message_id, "opened")
    before, address = message_of(here, key), address_of(here)
    here.clock.pass_by(timedelta(minutes=5))

    assert [say(here, message_id, what) for what in ("shown", "opened", "shown")] == [204] * 3

    assert message_of(here, key) == before
    assert address_of(here) == address


def test_the_phones_own_time_counts_where_it_can_be(here: Town) -> None:
    key, message_id = sent(here)

    say(here, message_id, at=(NOW + timedelta(seconds=3)).isoformat())

    assert message_of(here, key).delivered_at == NOW + timedelta(seconds=3)


@pytest.mark.parametrize(
    "at",
    [
        "2026-04-01T03:00:11Z",
        "2026-04-01T11:59:59+09:00",
        "9999-12-31T23:59:59.999999-12:00",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_a_time_that_cannot_be_is_replaced_by_ours(here: Town, at: str) -> None:
    key, message_id = sent(here)

    assert say(here, message_id, at=at) == 204

    assert message_of(here, key).delivered_at == NOW + timedelta(seconds=10)


def test_a_message_that_waits_for_another_try_and_arrived_is_not_sent_again(here: Town) -> None:
    """The service did not answer, and had handed it on all the same."""
    key, message_id = put(here)
    settle(here, claim(here), LOST, retry_s=2)

    assert say(here, message_id) == 204

    here.clock.pass_by(timedelta(seconds=30))
    with here.database.transaction() as connection:
        assert outbox.claim(connection, Channel.FCM, here.clock()) == []
        assert state_of(connection, key) == MessageState.SENT


def test_a_phone_that_answers_before_the_service_does_is_believed(here: Town) -> None:
    key, message_id = put(here)
    message = claim(here)

    assert say(here, message_id) == 204
    settle(here, message, LOST, retry_s=2)

    here.clock.pass_by(timedelta(seconds=30))
    with here.database.transaction() as connection:
        assert outbox.claim(connection, Channel.FCM, here.clock()) == []
        assert (state_of(connection, key), deliveries_of(connection, key)) == ("sent", [(1, "unknown")])


def test_what_was_given_up_or_called_off_and_arrived_was_shown_and_stays_as_it_ended(here: Town) -> None:
    for what in ("failed", "cancelled"):
        key, message_id = put(here, about=what)
        message = claim(here)
        if what == "cancelled":
            with here.database.transaction() as connection:
                outbox.cancel(connection, what, here.clock())
        settle(here, message, LOST)

        assert say(here, message_id) == 204

        one = message_of(here, key)
        assert (one.state, one.delivered_at) == (what, NOW)


def test_an_address_that_did_not_answer_answers_again_with_any_receipt(here: Town) -> None:
    _key, message_id = sent(here)
    with here.database.transaction() as connection:
        connection.execute(sa.update(tables.address).values(unanswered_since=NOW))

    say(here, message_id)

    assert address_of(here).unanswered_since is None


def test_unknown_forged_and_forgotten_tokens_are_the_same_404(here: Town) -> None:
    _key, message_id = sent(here)
    token = TOKENS.of(message_id, Purpose.RECEIPT)
    wrong = [
        "x", token[:-1], "A" * 43, "é" * 43, token.swapcase(),
        TOKENS.of(message_id, Purpose.ANSWER), Tokens(b"another house").of(message_id, Purpose.RECEIPT),
        TOKENS.of(MessageId(new_id()), Purpose.RECEIPT),
    ]  # fmt: skip

    answers = [here.client.post(f"/v1/receipts/{one}", json={"what": "shown"}) for one in wrong]

    assert [answer.status_code for answer in answers] == [404] * len(wrong)
    assert len({answer.text for answer in answers}) == 1
    assert address_of(here).last_receipt_at is None


@pytest.mark.parametrize("body", [{}, {"what": "eaten"}, {"what": "shown", "at": "2026-04-01T12:00:00"}, {"at": None}])
def test_what_is_no_receipt_is_refused(here: Town, body: dict[str, object]) -> None:
    _key, message_id = sent(here)

    token = TOKENS.of(message_id, Purpose.RECEIPT)
    assert here.client.post(f"/v1/receipts/{token}", json=body).status_code == 400


async def test_of_many_at_once_one_counts(here: Town) -> None:
    key, message_id = sent(here)

    answers = await asyncio.gather(*(asyncio.to_thread(say, here, message_id) for _ in range(8)))

    assert answers == [204] * 8
    assert message_of(here, key).delivered_at == NOW + timedelta(seconds=10)
