"""What an order comes to, and what an answer answers."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from app.devices.commands import (
    ABILITIES,
    AGAIN_AFTER,
    ANSWER_WAIT,
    LIVE_FOR,
    LIVE_INTERVAL_S,
    LIVE_OFF_KEPT,
    LOCATE_FOR,
    TRANSITIONS,
    Plan,
    answered,
    expired,
    kinds_of,
    plan,
    sent,
)
from app.devices.enrolment import DEVICE_FORMATS
from app.devices.model import Command, CommandKind, CommandState, Device
from app.kit.errors import Conflict
from app.kit.ids import CityId, CommandId, DeviceId, new_id
from beacon_ingest.decoders.formats import FORMATS
from tests.build import NOW

LOCATE, LIVE_ON, LIVE_OFF = CommandKind
QUEUED, SENT, ANSWERED, EXPIRED = CommandState
SECOND = timedelta(seconds=1)
WATCH = Device(
    id=DeviceId(new_id()),
    city_id=CityId(282103),
    format="watch",
    external_id="8800000015",
    name="Hana's watch",
    forwarder=False,
    key_required=False,
    interval_s=600,
    created_at=NOW,
)


def command(kind: CommandKind, state: CommandState = QUEUED, due_at: datetime = NOW, **values: Any) -> Command:
    values = {"sent_at": None if state is QUEUED else due_at, "expires_at": due_at + LOCATE_FOR, **values}
    return Command(
        id=CommandId(new_id()),
        device_id=WATCH.id,
        kind=kind,
        interval_s=None,
        state=state,
        due_at=due_at,
        created_at=NOW,
        **values,
    )


def ordered(kind: CommandKind, *commands: Command, at: datetime = NOW) -> Plan:
    return plan(kind, WATCH, commands, at, new_id)


def test_every_format_with_abilities_is_a_format_of_the_edge() -> None:
    assert set(ABILITIES) <= set(FORMATS)


def test_watches_and_owntracks_phones_can_be_asked_and_the_others_only_speak() -> None:
    assert {name: len(kinds_of(replace(WATCH, format=name))) for name in DEVICE_FORMATS} == {
        "osmand": 0,
        "owntracks": 3,
        "traccar": 0,
        "watch": 3,
    }


def test_a_server_that_speaks_for_others_cannot_be_asked() -> None:
    assert frozenset() == kinds_of(replace(WATCH, format="owntracks", forwarder=True))


def test_an_order_to_locate_waits_ten_minutes_for_the_device() -> None:
    order = ordered(LOCATE)

    assert (order.asked,) == order.added
    assert (
        order.asked.state, order.asked.due_at, order.asked.expires_at, order.asked.interval_s,
    ) == (QUEUED, NOW, NOW + LOCATE_FOR, None)  # fmt: skip


def test_pressing_twice_is_one_order_that_waits_from_the_second_press() -> None:
    waiting = command(LOCATE)

    order = ordered(LOCATE, waiting, at=NOW + 60 * SECOND)

    assert order.added == ()
    assert waiting.id == order.asked.id
    assert order.asked.expires_at == NOW + 60 * SECOND + LOCATE_FOR


def test_an_order_that_was_sent_a_moment_ago_is_not_sent_again() -> None:
    under_way = command(LOCATE, SENT)

    order = ordered(LOCATE, under_way, at=NOW + SECOND)

    assert Plan(asked=under_way) == order


def test_an_order_that_was_never_answered_gives_way_to_a_new_one() -> None:
    lost = command(LOCATE, SENT)

    order = ordered(LOCATE, lost, at=NOW + AGAIN_AFTER)

    assert [(lost.id, EXPIRED)] == [(one.id, one.state) for one in order.changed]
    assert (order.asked,) == order.added


def test_live_mode_is_asked_for_now_and_its_end_is_a_row_twenty_minutes_later() -> None:
    order = ordered(LIVE_ON)

    on, off = order.added
    assert order.asked == on
    assert (on.kind, on.interval_s, on.due_at, on.expires_at) == (LIVE_ON, LIVE_INTERVAL_S, NOW, NOW + LIVE_FOR)
    assert (LIVE_OFF, WATCH.interval_s, NOW + LIVE_FOR) == (off.kind, off.interval_s, off.due_at)
    assert off.expires_at == NOW + LIVE_FOR + LIVE_OFF_KEPT


def test_live_mode_again_moves_its_end() -> None:
    end = command(LIVE_OFF, due_at=NOW + LIVE_FOR)
    later = NOW + timedelta(minutes=15)

    order = ordered(LIVE_ON, end, at=later)

    assert [(end.id, later + LIVE_FOR)] == [(one.id, one.due_at) for one in order.changed]
    assert [one.kind for one in order.added] == [LIVE_ON]


def test_live_mode_again_takes_the_place_of_an_end_that_is_on_its_way() -> None:
    ending = command(LIVE_OFF, SENT)

    order = ordered(LIVE_ON, ending, at=NOW + SECOND)

    assert [(ending.id, EXPIRED)] == [(one.id, one.state) for one in order.changed]
    assert [one.kind for one in order.added] == [LIVE_ON, LIVE_OFF]


def test_live_mode_is_ended_by_hand_with_the_row_that_would_have_ended_it() -> None:
    on, end = command(LIVE_ON), command(LIVE_OFF, due_at=NOW + LIVE_FOR)

    order = ordered(LIVE_OFF, on, end, at=NOW + SECOND)

    assert (end.id, NOW + SECOND) == (order.asked.id, order.asked.due_at)
    assert [(end.id, QUEUED), (on.id, EXPIRED)] == [(one.id, one.state) for one in order.changed]
    assert order.added == ()


def test_the_end_of_live_mode_is_kept_for_days_until_it_is_sent_and_then_for_its_answer() -> None:
    order = ordered(LIVE_OFF)

    assert order.asked.expires_at == NOW + LIVE_OFF_KEPT
    assert sent(order.asked, NOW).expires_at == NOW + ANSWER_WAIT


def test_a_command_that_is_sent_again_does_not_wait_longer_for_its_answer() -> None:
    first = sent(command(LIVE_OFF), NOW)

    again = sent(first, NOW + AGAIN_AFTER)

    assert (again.state, again.sent_at, again.expires_at) == (SENT, NOW + AGAIN_AFTER, NOW + ANSWER_WAIT)


def test_what_is_over_cannot_be_sent() -> None:
    with pytest.raises(Conflict):
        sent(command(LOCATE, EXPIRED), NOW)


def test_what_was_answered_does_not_expire() -> None:
    with pytest.raises(Conflict):
        expired(command(LOCATE, ANSWERED))


def test_a_watch_answers_locate_with_its_own_word() -> None:
    one = command(LOCATE, SENT)

    (after,) = answered([one], "cr", "ok", NOW + SECOND, NOW + 2 * SECOND)

    assert (one.id, ANSWERED, "ok", NOW + SECOND) == (after.id, after.state, after.result, after.answered_at)


def test_a_phone_answers_locate_with_a_place() -> None:
    assert [one.kind for one in answered([command(LOCATE, SENT)], "reportLocation", None, None, NOW)] == [LOCATE]


def test_an_answer_before_the_question_is_taken_at_our_time() -> None:
    (after,) = answered([command(LOCATE, SENT)], "CR", None, NOW - SECOND, NOW + SECOND)

    assert after.answered_at == NOW + SECOND


def test_the_echo_of_live_mode_answers_what_was_sent_last() -> None:
    on = command(LIVE_ON, SENT)
    off = command(LIVE_OFF, SENT, due_at=NOW + LIVE_FOR)

    assert [off.id] == [one.id for one in answered([on, off], "UPLOAD", None, None, NOW + LIVE_FOR)]


def test_the_echo_of_live_mode_does_not_swallow_the_end_that_waits() -> None:
    off = command(LIVE_OFF, QUEUED)

    assert answered([off], "UPLOAD", None, None, NOW + SECOND) == []


def test_an_answer_that_nobody_asked_for_answers_nothing() -> None:
    one = command(LOCATE, SENT)

    assert answered([one], "UPLOAD", None, None, NOW) == []
    assert answered([one], "VERNO", "G36S", None, NOW) == []


def test_every_command_can_come_to_an_end() -> None:
    ends = set(CommandState) - {state for state, _ in TRANSITIONS}

    assert {ANSWERED, EXPIRED} == ends
