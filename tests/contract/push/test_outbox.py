"""The outbox on a real file: put, cancel, claim, settle."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import session
from app.push import outbox, store, tables
from app.push.model import Channel, Level, Message
from app.push.outbox import Settlement
from app.push.retry import Delivery, Outcome, RetryDecision
from tests.build import NOW
from tests.contract.push.builders import a_message, an_address, deliveries_of, error_of, state_of

SENT = Delivery(outcome=Outcome.SENT, provider_id="projects/p/messages/1")
UNAVAILABLE = Delivery(outcome=Outcome.UNAVAILABLE, error="503")
CLAIM = timedelta(seconds=outbox.CLAIM_S)


def claim_one(connection: Connection, now: datetime = NOW) -> Message:
    (message,) = outbox.claim(connection, Channel.FCM, now)
    return message


def test_the_same_key_twice_is_one_message_and_one_hint(connection: Connection) -> None:
    address = an_address(connection)

    a_message(connection, address, unique_key="once", kind="alert.sos")
    a_message(connection, address, unique_key="once", kind="alert.fall")

    assert [message.kind for message in outbox.claim(connection, Channel.FCM, NOW)] == ["alert.sos"]
    assert [hint.topic for hint in session.take(connection)] == ["outbox"]


def test_a_claimed_message_carries_everything_that_sending_needs(connection: Connection) -> None:
    address = an_address(connection, "phone-7")
    a_message(connection, address, about="alert:1", params={"wearer": "佐藤ハナ"}, level=Level.NOTICE)

    message = claim_one(connection)

    assert (message.address.value, message.address.language) == ("phone-7", "ja")
    assert (message.about, message.level, message.params) == ("alert:1", Level.NOTICE, {"wearer": "佐藤ハナ"})
    assert (NOW, NOW + timedelta(hours=1), 1) == (message.created_at, message.expires_at, message.attempts)


def test_urgent_goes_before_notice_before_news_and_the_older_first(connection: Connection) -> None:
    address = an_address(connection)
    later = NOW + timedelta(seconds=9)
    a_message(connection, address, level=Level.NEWS, kind="alert.returned")
    a_message(connection, address, level=Level.URGENT, kind="alert.fall", now=later)
    a_message(connection, address, level=Level.NOTICE, kind="alert.low_battery")
    a_message(connection, address, level=Level.URGENT, kind="alert.sos")

    kinds = [message.kind for message in outbox.claim(connection, Channel.FCM, later)]

    assert kinds == ["alert.sos", "alert.fall", "alert.low_battery", "alert.returned"]


def test_no_more_than_asked_for_are_claimed(connection: Connection) -> None:
    address = an_address(connection)
    for _ in range(5):
        a_message(connection, address)

    assert [len(outbox.claim(connection, Channel.FCM, NOW, limit=3)) for _ in range(3)] == [3, 2, 0]


def test_what_is_claimed_is_nobody_elses_until_the_claim_runs_out(connection: Connection) -> None:
    key = a_message(connection, an_address(connection))
    first = claim_one(connection)

    assert outbox.claim(connection, Channel.FCM, NOW + CLAIM - timedelta(seconds=1)) == []
    second = claim_one(connection, NOW + CLAIM)
    assert (first.id, 2) == (second.id, second.attempts)
    assert deliveries_of(connection, key) == [(1, "unknown")]


def test_a_clock_that_was_an_hour_ahead_holds_nothing_up(connection: Connection) -> None:
    address, ahead = an_address(connection), NOW + timedelta(minutes=59)
    a_message(connection, address, about="alert:1", unique_key="1")
    assert 1 == claim_one(connection, ahead).attempts  # Then it died, or its clock was set.
    a_message(connection, address, about="alert:2", unique_key="2", now=ahead)

    assert [2, 1] == [message.attempts for message in outbox.claim(connection, Channel.FCM, NOW)]
    assert [] == outbox.claim(connection, Channel.FCM, NOW)


def test_a_sent_message_keeps_the_providers_id_and_is_never_sent_again(connection: Connection) -> None:
    key = a_message(connection, an_address(connection))

    outbox.settle(connection, [Settlement(message=claim_one(connection), delivery=SENT)], NOW)

    assert state_of(connection, key) == "sent"
    assert deliveries_of(connection, key) == [(1, "sent")]
    assert connection.execute(sa.select(tables.delivery.c.provider_id)).scalar_one() == "projects/p/messages/1"
    assert outbox.claim(connection, Channel.FCM, NOW + timedelta(minutes=50)) == []


def test_a_message_put_off_is_due_again_at_its_time(connection: Connection) -> None:
    key = a_message(connection, an_address(connection))
    due_at = NOW + timedelta(seconds=5)

    retry = RetryDecision(due_at=due_at)
    outbox.settle(connection, [Settlement(message=claim_one(connection), delivery=UNAVAILABLE, retry=retry)], NOW)

    assert state_of(connection, key) == "waiting"
    assert outbox.claim(connection, Channel.FCM, due_at - timedelta(seconds=1)) == []
    assert claim_one(connection, due_at).attempts == 2


def test_a_message_without_another_try_has_failed_and_says_why(connection: Connection) -> None:
    key = a_message(connection, an_address(connection))
    refused = Delivery(outcome=Outcome.REFUSED, error="payload too long")

    outbox.settle(connection, [Settlement(message=claim_one(connection), delivery=refused)], NOW)

    assert (state_of(connection, key), error_of(connection, key)) == ("failed", "payload too long")
    assert deliveries_of(connection, key) == [(1, "refused")]


def test_many_outcomes_are_settled_together(connection: Connection) -> None:
    address = an_address(connection)
    keys = [a_message(connection, address) for _ in range(3)]
    claimed = outbox.claim(connection, Channel.FCM, NOW)
    retry = RetryDecision(due_at=NOW + timedelta(seconds=5))

    settlements = [
        Settlement(message=claimed[0], delivery=SENT),
        Settlement(message=claimed[1], delivery=UNAVAILABLE, retry=retry),
        Settlement(message=claimed[2], delivery=UNAVAILABLE),
    ]
    outbox.settle(connection, settlements, NOW)

    assert [state_of(connection, key) for key in keys] == ["sent", "waiting", "failed"]


def test_a_claim_that_was_lost_settles_nothing_but_leaves_its_row(connection: Connection) -> None:
    key = a_message(connection, an_address(connection))
    slow = claim_one(connection)
    quick = claim_one(connection, NOW + CLAIM)

    outbox.settle(connection, [Settlement(message=slow, delivery=UNAVAILABLE)], NOW + CLAIM)
    assert state_of(connection, key) == "sending"
    outbox.settle(connection, [Settlement(message=quick, delivery=SENT)], NOW + CLAIM)

    assert state_of(connection, key) == "sent"
    assert deliveries_of(connection, key) == [(1, "unknown"), (1, "unavailable"), (2, "sent")]


def test_what_is_too_late_fails_without_being_sent(connection: Connection) -> None:
    key = a_message(connection, an_address(connection), expires_at=NOW)

    assert outbox.claim(connection, Channel.FCM, NOW) == []
    assert (state_of(connection, key), error_of(connection, key)) == ("failed", "too late")
    assert deliveries_of(connection, key) == [(0, "too late")]


def test_what_goes_to_a_dead_address_fails_without_being_sent(connection: Connection) -> None:
    address = an_address(connection)
    key = a_message(connection, address)
    store.kill_address(connection, address, "UNREGISTERED", NOW)

    assert outbox.claim(connection, Channel.FCM, NOW) == []
    assert (state_of(connection, key), error_of(connection, key)) == ("failed", "address dead")
    assert deliveries_of(connection, key) == [(0, "address dead")]


def test_many_hopeless_messages_do_not_hide_a_good_one(connection: Connection) -> None:
    address = an_address(connection)
    for _ in range(7):
        a_message(connection, address, expires_at=NOW)
    a_message(connection, address, level=Level.NEWS, kind="alert.returned")

    assert outbox.claim(connection, Channel.FCM, NOW, limit=3)[0].kind == "alert.returned"


def test_what_was_cancelled_is_not_sent(connection: Connection) -> None:
    address = an_address(connection)
    key = a_message(connection, address, about="alert:1")
    other = a_message(connection, address, about="alert:2")

    assert outbox.cancel(connection, "alert:1", NOW) == 1
    assert [message.about for message in outbox.claim(connection, Channel.FCM, NOW)] == ["alert:2"]
    assert (state_of(connection, key), state_of(connection, other)) == ("cancelled", "sending")


def test_what_was_cancelled_on_its_way_is_not_wanted_and_not_sent_again(connection: Connection) -> None:
    key = a_message(connection, an_address(connection), about="alert:1")
    message = claim_one(connection)

    assert {message.id} == outbox.wanted(connection, [message])
    outbox.cancel(connection, "alert:1", NOW)

    assert frozenset() == outbox.wanted(connection, [message])
    outbox.settle(connection, [Settlement(message=message, delivery=UNAVAILABLE)], NOW)
    assert state_of(connection, key) == "cancelled"
    assert outbox.claim(connection, Channel.FCM, NOW + CLAIM) == []
    assert deliveries_of(connection, key) == [(1, "unavailable")]


def test_what_was_sent_cannot_be_cancelled(connection: Connection) -> None:
    a_message(connection, an_address(connection), about="alert:1")
    outbox.settle(connection, [Settlement(message=claim_one(connection), delivery=SENT)], NOW)

    assert outbox.cancel(connection, "alert:1", NOW) == 0


def test_two_messages_about_the_same_go_one_after_the_other(connection: Connection) -> None:
    address = an_address(connection)
    elsewhere = an_address(connection, "phone-2")
    a_message(connection, address, about="alert:1", kind="alert.sos")
    a_message(connection, address, about="alert:1", kind="alert.acknowledged")
    a_message(connection, elsewhere, about="alert:1", kind="alert.acknowledged")

    first = outbox.claim(connection, Channel.FCM, NOW)
    assert [message.kind for message in first] == ["alert.sos", "alert.acknowledged"]
    outbox.settle(connection, [Settlement(message=message, delivery=SENT) for message in first], NOW)

    (second,) = outbox.claim(connection, Channel.FCM, NOW)
    assert (second.kind, second.address.value) == ("alert.acknowledged", "phone-1")


def test_a_late_retry_does_not_cover_up_what_is_newer_on_the_phone(connection: Connection) -> None:
    address = an_address(connection)
    older = a_message(connection, address, about="alert:1", kind="alert.sos")
    again = RetryDecision(due_at=NOW + timedelta(minutes=1))
    outbox.settle(connection, [Settlement(message=claim_one(connection), delivery=UNAVAILABLE, retry=again)], NOW)
    later = NOW + timedelta(seconds=5)
    a_message(connection, address, about="alert:1", kind="alert.acknowledged", now=later)
    outbox.settle(connection, [Settlement(message=claim_one(connection, later), delivery=SENT)], later)

    assert outbox.claim(connection, Channel.FCM, again.due_at) == []
    assert (state_of(connection, older), error_of(connection, older)) == ("cancelled", "overtaken")


def test_the_oldest_due_time_shows_how_far_behind_we_are(connection: Connection) -> None:
    assert outbox.oldest_due_at(connection) is None
    address = an_address(connection)
    a_message(connection, address, now=NOW + timedelta(seconds=3))
    a_message(connection, address)

    assert outbox.oldest_due_at(connection) == NOW
    outbox.claim(connection, Channel.FCM, NOW)
    assert outbox.oldest_due_at(connection) == NOW
