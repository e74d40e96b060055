"""Whether one is reached: what one reads of one's own phones, and the button that tries one."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.accounts import service
from app.kit.ids import AddressId, MessageId, new_id
from app.push import outbox, store, tables
from app.push.model import AddressKind, Channel
from app.push.outbox import Settlement
from app.push.retry import Delivery, Outcome, RetryDecision
from app.push.tokens import Purpose, Tokens
from tests.build import NOW
from tests.contract.web import SECRET, Town, town

Headers = Mapping[str, str]


@pytest.fixture
def here(where: Path | str) -> Iterator[Town]:
    """The town, its application running."""
    with town(where) as one:
        yield one


@pytest.fixture
def hanako(here: Town) -> Headers:
    """Hanako's phone, signed in."""
    return here.headers_of("Hanako")


def register(here: Town, headers: Headers, value: str = "phone-1") -> UUID:
    answer = here.client.post("/v1/me/addresses", json={"kind": "token", "value": value}, headers=dict(headers))
    return UUID(answer.json()["id"])


def shown(here: Town, headers: Headers) -> list[dict[str, Any]]:
    """The own addresses, as one reads them."""
    found: list[dict[str, Any]] = here.client.get("/v1/me/addresses", headers=dict(headers)).json()["items"]
    return found


def press(here: Town, headers: Headers, address_id: UUID) -> Any:
    return here.client.post(f"/v1/me/addresses/{address_id}/test", headers=dict(headers))


def kill(here: Town, address_id: UUID, reason: str = "UnregisteredError: gone") -> None:
    with here.database.transaction() as connection:
        store.kill_address(connection, AddressId(address_id), reason, here.clock())


def deliver(here: Town, outcome: Outcome, retry_s: float | None = None) -> None:
    """What a channel does with the one message that waits."""
    with here.database.transaction() as connection:
        (message,) = outbox.claim(connection, Channel.FCM, here.clock())
        again = None if retry_s is None else RetryDecision(due_at=here.clock() + timedelta(seconds=retry_s))
        settlement = Settlement(message=message, delivery=Delivery(outcome=outcome), retry=again)
        outbox.settle(connection, [settlement], here.clock())


def fate(here: Town, headers: Headers, message_id: str) -> tuple[str, str | None]:
    """What one reads of a message: its state, and why it did not arrive."""
    one = here.client.get(f"/v1/me/messages/{message_id}", headers=dict(headers)).json()
    return one["state"], one["why"] and one["why"]["code"]


def test_the_button_sends_a_test_to_ones_own_phone_and_one_sees_it_arrive(here: Town, hanako: Headers) -> None:
    address_id = register(here, hanako)

    answer = press(here, hanako, address_id)

    one = answer.json()
    assert (answer.status_code, one["kind"], one["level"], one["state"]) == (202, "me.test", "notice", "waiting")
    assert one["address_id"] == str(address_id)
    with here.database.transaction() as connection:
        (message,) = outbox.claim(connection, Channel.FCM, here.clock())
        assert message.params == {"at": NOW.isoformat(), "zone": "Asia/Tokyo"}
        sent = Settlement(message=message, delivery=Delivery(outcome=Outcome.SENT))
        outbox.settle(connection, [sent], here.clock())
    assert fate(here, hanako, one["id"]) == ("sent", None)

    here.clock.pass_by(timedelta(seconds=2))
    token = Tokens(SECRET).of(MessageId(UUID(one["id"])), Purpose.RECEIPT)
    here.client.post(f"/v1/receipts/{token}", json={"what": "shown"})

    assert fate(here, hanako, one["id"]) == ("shown", None)
    assert at(shown(here, hanako)[0]["last_receipt_at"]) == NOW + timedelta(seconds=2)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_test_that_does_not_arrive_says_why(here: Town, hanako: Headers) -> None:
    address_id = register(here, hanako)
    message_id = press(here, hanako, address_id).json()["id"]

    deliver(here, Outcome.UNAVAILABLE, retry_s=1)
    assert fate(here, hanako, message_id) == ("waiting", "trying")

    here.clock.pass_by(timedelta(seconds=2))
    deliver(here, Outcome.ADDRESS_DEAD)
    kill(here, address_id)
    assert fate(here, hanako, message_id) == ("failed", "address_dead")
    why = here.client.get(f"/v1/me/messages/{message_id}", headers=dict(hanako)).json()["why"]
    assert why["ja"] == "ここにはもう届きません。もう一度登録してください。"
    assert press(here, hanako, address_id).status_code == 404


def test_a_test_that_nobody_waits_for_any_more_is_not_sent(here: Town, hanako: Headers) -> None:
    message_id = press(here, hanako, register(here, hanako)).json()["id"]
    here.clock.pass_by(timedelta(minutes=10))

    with here.database.transaction() as connection:
        assert outbox.claim(connection, Channel.FCM, here.clock()) == []

    assert fate(here, hanako, message_id) == ("failed", "too_late")


@pytest.mark.parametrize("second", [0, 30, 59])
def test_an_address_is_tried_once_a_minute(here: Town, hanako: Headers, second: int) -> None:
    address_id, other = register(here, hanako), register(here, hanako, "phone-2")
    here.clock.pass_by(timedelta(seconds=second))
    assert press(here, hanako, address_id).status_code == 202

    here.clock.pass_by(timedelta(seconds=20.5))
    refused = press(here, hanako, address_id)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "40")
    assert press(here, hanako, other).status_code == 202

    here.clock.pass_by(timedelta(seconds=39.5))
    assert press(here, hanako, address_id).status_code == 202
    with here.database.transaction() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.message)).scalar_one() == 3


def test_a_mailbox_is_tried_only_when_whoever_reads_there_has_confirmed_it(here: Town, hanako: Headers) -> None:
    with here.database.transaction() as connection:
        account_id = here.people["Hanako"].id
        mailbox = service.add_address(connection, account_id, Channel.EMAIL, AddressKind.MAILBOX, "a@b.jp", "ja", NOW)
    assert press(here, hanako, mailbox.id).status_code == 409

    with here.database.transaction() as connection:
        connection.execute(sa.update(tables.address).values(confirmed_at=NOW))
    assert press(here, hanako, mailbox.id).status_code == 202


def test_other_peoples_phones_and_messages_are_not_there(here: Town, hanako: Headers) -> None:
    taro = here.headers_of("Taro")
    address_id = register(here, hanako)
    message_id = press(here, hanako, address_id).json()["id"]

    answers = [
        press(here, taro, address_id),
        press(here, taro, new_id()),
        here.client.get(f"/v1/me/messages/{message_id}", headers=taro),
        here.client.get(f"/v1/me/messages/{new_id()}", headers=taro),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert len({answer.text for answer in answers}) == 1


def test_one_reads_since_when_ones_phone_has_not_answered(here: Town, hanako: Headers) -> None:
    register(here, hanako)
    assert [(one["last_receipt_at"], one["unanswered_since"]) for one in shown(here, hanako)] == [(None, None)]

    with here.database.transaction() as connection:
        since = {"last_receipt_at": NOW - timedelta(days=2), "unanswered_since": NOW - timedelta(days=1)}
        connection.execute(sa.update(tables.address).values(since))

    (one,) = shown(here, hanako)
    assert at(one["last_receipt_at"]) == NOW - timedelta(days=2)
    assert at(one["unanswered_since"]) == NOW - timedelta(days=1)
    assert (one["dead_since"], one["dead_because"]) == (None, None)


def test_one_reads_for_thirty_days_that_a_phone_of_ones_own_died_and_why(here: Town, hanako: Headers) -> None:
    register(here, here.headers_of("Hanako"), "phone-that-lives")
    dead = register(here, hanako, "phone-that-dies")
    kill(here, dead)

    alive, one = shown(here, hanako)
    assert (alive["dead_since"], alive["dead_because"]) == (None, None)
    assert (one["id"], at(one["dead_since"])) == (str(dead), NOW)
    assert one["dead_because"]["code"] == "gone"
    assert "Unregistered" not in str(one)
    assert "もう一度登録" in one["dead_because"]["ja"]

    here.clock.pass_by(timedelta(days=30))
    assert [one["id"] for one in shown(here, hanako)] == [alive["id"]]


def test_one_reads_that_somebody_else_took_ones_phone(here: Town, hanako: Headers) -> None:
    register(here, hanako)
    register(here, here.headers_of("Taro"))

    assert [one["dead_because"]["code"] for one in shown(here, hanako)] == ["moved"]


def test_what_one_ended_oneself_is_not_missed(here: Town, hanako: Headers) -> None:
    other = here.headers_of("Hanako")
    register(here, other, "phone-signed-out")
    here.client.post("/v1/sign-out", headers=other)
    removed = register(here, hanako, "phone-removed")
    here.client.delete(f"/v1/me/addresses/{removed}", headers=dict(hanako))

    assert shown(here, hanako) == []


def test_a_phone_that_got_a_new_value_is_not_missed_under_the_old_one(here: Town, hanako: Headers) -> None:
    kill(here, register(here, hanako, "yesterday"))
    register(here, hanako, "today")

    assert [one["dead_since"] for one in shown(here, hanako)] == [None]
