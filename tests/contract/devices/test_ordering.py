"""Commands on their way: queued, sent, answered or expired; live mode ends by itself."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.engine import Connection

from app.db import session
from app.db.session import Hint
from app.devices import service
from app.devices.commands import AGAIN_AFTER, ANSWER_WAIT, LIVE_FOR, LIVE_OFF_KEPT, LOCATE_FOR
from app.devices.model import Command, CommandKind, CommandState, Device
from app.kit.errors import InvalidInput
from app.kit.ids import new_id
from tests.build import NOW
from tests.contract.households.cast import KAKOGAWA, Cast

LOCATE, LIVE_ON, LIVE_OFF = CommandKind
SECOND = timedelta(seconds=1)


def pending(connection: Connection, device: Device, now: datetime) -> list[tuple[CommandKind, int | None]]:
    return [(one.kind, one.interval_s) for one in service.pending(connection, device.id, now)]


def send(connection: Connection, device: Device, now: datetime) -> None:
    """What the edge does when the device is in reach."""
    service.mark_sent(connection, [one.id for one in service.pending(connection, device.id, now)], now)


def all_of(connection: Connection, cast: Cast, device: Device) -> list[Command]:
    return service.commands_of(connection, cast.clerk, device.id, None, 50, NOW)


def test_an_order_waits_for_the_device_and_wakes_its_line(connection: Connection, watch: Device) -> None:
    session.take(connection)

    service.order(connection, watch.id, LOCATE, None, NOW)

    assert pending(connection, watch, NOW) == [(LOCATE, None)]
    assert [watch.id] == service.due_device_ids(connection, NOW)
    assert [Hint("command", str(watch.id))] == session.take(connection)


def test_pressing_twice_is_one_order(connection: Connection, cast: Cast, watch: Device) -> None:
    first = service.order(connection, watch.id, LOCATE, None, NOW)
    again = service.order(connection, watch.id, LOCATE, None, NOW + SECOND)
    send(connection, watch, NOW + SECOND)
    third = service.order(connection, watch.id, LOCATE, None, NOW + 2 * SECOND)

    assert first.id == again.id == third.id
    assert len(all_of(connection, cast, watch)) == 1


def test_what_was_sent_and_answered_is_over(connection: Connection, cast: Cast, watch: Device) -> None:
    service.order(connection, watch.id, LOCATE, None, NOW)
    send(connection, watch, NOW + SECOND)
    assert service.due_device_ids(connection, NOW + SECOND) == []

    assert service.answered(connection, watch.id, "CR", "ok", None, NOW + 2 * SECOND) == 1

    (command,) = all_of(connection, cast, watch)
    assert (command.state, command.result) == (CommandState.ANSWERED, "ok")
    assert (command.sent_at, command.answered_at) == (NOW + SECOND, NOW + 2 * SECOND)
    assert service.due_device_ids(connection, NOW + AGAIN_AFTER + SECOND) == []


def test_an_answer_without_a_question_changes_nothing(connection: Connection, cast: Cast, watch: Device) -> None:
    service.order(connection, watch.id, LOCATE, None, NOW)

    assert service.answered(connection, watch.id, "CR", None, None, NOW) == 0
    assert service.answered(connection, new_id(), "CR", None, None, NOW) == 0
    assert [one.state for one in all_of(connection, cast, watch)] == [CommandState.QUEUED]


def test_an_order_that_is_not_sent_in_time_expires(connection: Connection, cast: Cast, watch: Device) -> None:
    service.order(connection, watch.id, LOCATE, None, NOW)

    assert service.expire(connection, NOW + LOCATE_FOR - SECOND) == 0
    assert service.expire(connection, NOW + LOCATE_FOR) == 1
    assert service.expire(connection, NOW + LOCATE_FOR) == 0
    (command,) = all_of(connection, cast, watch)
    assert (command.state, command.sent_at) == (CommandState.EXPIRED, None)


def test_what_expired_is_neither_pending_nor_sent_nor_answered(
    connection: Connection, cast: Cast, watch: Device
) -> None:
    command = service.order(connection, watch.id, LOCATE, None, NOW)
    assert pending(connection, watch, NOW + LOCATE_FOR) == []
    service.expire(connection, NOW + LOCATE_FOR)

    assert service.mark_sent(connection, [command.id], NOW + LOCATE_FOR) == 0
    assert service.answered(connection, watch.id, "CR", None, None, NOW + LOCATE_FOR) == 0
    assert [one.state for one in all_of(connection, cast, watch)] == [CommandState.EXPIRED]


def test_live_mode_ends_by_itself_with_the_interval_of_the_device(connection: Connection, watch: Device) -> None:
    service.order(connection, watch.id, LIVE_ON, None, NOW)
    assert pending(connection, watch, NOW) == [(LIVE_ON, 20)]
    send(connection, watch, NOW)
    service.answered(connection, watch.id, "UPLOAD", None, None, NOW)

    assert service.due_device_ids(connection, NOW + LIVE_FOR - SECOND) == []
    assert [watch.id] == service.due_device_ids(connection, NOW + LIVE_FOR)
    assert pending(connection, watch, NOW + LIVE_FOR) == [(LIVE_OFF, 600)]


def test_live_mode_again_moves_its_end(connection: Connection, cast: Cast, watch: Device) -> None:
    service.order(connection, watch.id, LIVE_ON, None, NOW)
    send(connection, watch, NOW)
    service.answered(connection, watch.id, "UPLOAD", None, None, NOW)
    later = NOW + timedelta(minutes=15)

    service.order(connection, watch.id, LIVE_ON, None, later)
    send(connection, watch, later)
    service.answered(connection, watch.id, "UPLOAD", None, None, later)

    assert service.due_device_ids(connection, later + LIVE_FOR - SECOND) == []
    assert pending(connection, watch, later + LIVE_FOR) == [(LIVE_OFF, 600)]
    assert [one.kind for one in all_of(connection, cast, watch)] == [LIVE_ON, LIVE_OFF, LIVE_ON]


def test_live_mode_that_is_ended_by_hand_is_not_ended_again(connection: Connection, watch: Device) -> None:
    service.order(connection, watch.id, LIVE_ON, None, NOW)
    send(connection, watch, NOW)

    service.order(connection, watch.id, LIVE_OFF, None, NOW + SECOND)
    assert pending(connection, watch, NOW + SECOND) == [(LIVE_OFF, 600)]
    send(connection, watch, NOW + SECOND)
    assert service.answered(connection, watch.id, "UPLOAD", None, None, NOW + 2 * SECOND) == 1

    assert service.due_device_ids(connection, NOW + LIVE_FOR) == []


def test_a_device_out_of_reach_is_sent_home_when_it_returns_days_later(connection: Connection, watch: Device) -> None:
    service.order(connection, watch.id, LIVE_ON, None, NOW)
    send(connection, watch, NOW)
    back_at = NOW + LIVE_FOR + LIVE_OFF_KEPT - SECOND
    service.expire(connection, back_at)

    assert pending(connection, watch, back_at) == [(LIVE_OFF, 600)]
    assert pending(connection, watch, back_at + SECOND) == []


def test_a_watch_that_does_not_echo_is_told_again_for_a_while(connection: Connection, watch: Device) -> None:
    service.order(connection, watch.id, LIVE_OFF, None, NOW)
    send(connection, watch, NOW)

    assert pending(connection, watch, NOW + AGAIN_AFTER - SECOND) == []
    assert pending(connection, watch, NOW + AGAIN_AFTER) == [(LIVE_OFF, 600)]
    send(connection, watch, NOW + AGAIN_AFTER)
    assert pending(connection, watch, NOW + AGAIN_AFTER + SECOND) == []
    assert pending(connection, watch, NOW + ANSWER_WAIT) == []


def test_a_phone_whose_protocol_has_no_echo_is_told_once(connection: Connection, phone: Device) -> None:
    service.order(connection, phone.id, LIVE_ON, None, NOW)
    send(connection, phone, NOW)

    assert service.due_device_ids(connection, NOW + AGAIN_AFTER) == []
    assert pending(connection, phone, NOW + LIVE_FOR) == [(LIVE_OFF, 300)]


def test_a_device_that_only_reports_is_not_asked(connection: Connection, cast: Cast) -> None:
    device, _ = service.enrol(connection, city_id=KAKOGAWA, format="osmand", external_id="1", name="one", now=NOW)

    with pytest.raises(InvalidInput) as refusal:
        service.order(connection, device.id, LOCATE, None, NOW)

    assert refusal.value.where == "kind"
    assert service.due_device_ids(connection, NOW) == []


def test_orders_of_one_device_are_not_the_orders_of_another(
    connection: Connection, watch: Device, phone: Device
) -> None:
    service.order(connection, watch.id, LOCATE, None, NOW)

    assert pending(connection, phone, NOW) == []
    assert service.answered(connection, phone.id, "CR", None, None, NOW) == 0


def test_old_commands_are_forgotten_when_they_are_over(connection: Connection, cast: Cast, watch: Device) -> None:
    service.order(connection, watch.id, LOCATE, None, NOW)
    service.order(connection, watch.id, LIVE_ON, None, NOW)
    service.expire(connection, NOW + LIVE_FOR)

    assert service.forget_commands_before(connection, NOW) == 0
    assert service.forget_commands_before(connection, NOW + SECOND) == 2
    assert [one.kind for one in all_of(connection, cast, watch)] == [LIVE_OFF]


def test_the_command_that_is_due_longest_comes_first(connection: Connection, watch: Device, phone: Device) -> None:
    service.order(connection, phone.id, LIVE_OFF, None, NOW + SECOND)
    service.order(connection, watch.id, LIVE_OFF, None, NOW)
    service.order(connection, watch.id, LOCATE, None, NOW + 2 * SECOND)

    assert [watch.id, phone.id] == service.due_device_ids(connection, NOW + 3 * SECOND)
    assert [kind for kind, _ in pending(connection, watch, NOW + 3 * SECOND)] == [LIVE_OFF, LOCATE]
