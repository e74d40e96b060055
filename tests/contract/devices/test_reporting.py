"""What devices say of themselves is kept value by value, whatever the order it arrives in."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.devices import service
from app.devices.health import HealthRow, heard
from app.devices.model import Device, DeviceHealth
from app.kit.ids import new_id
from tests.build import NOW

MINUTE = timedelta(minutes=1)


def said(device: Device, minute: int, heard_minute: int | None = None, **values: Any) -> HealthRow:
    """A report of what was so many minutes after `NOW`."""
    heard_at = NOW + (minute if heard_minute is None else heard_minute) * MINUTE
    return HealthRow(device_id=device.id, heard_at=heard_at, said_at=NOW + minute * MINUTE, **values)


def test_the_newest_said_wins_and_what_is_absent_stays(connection: Connection, watch: Device) -> None:
    service.save_health(connection, [said(watch, 0, battery_pct=60.0, steps=10, firmware="G36S")])
    service.save_health(connection, [said(watch, 2, battery_pct=50.0)])
    service.save_health(connection, [said(watch, 1, 3, battery_pct=55.0, steps=11, wearing=False)])

    health = service.health_of(connection, [watch.id])[watch.id]

    assert health == DeviceHealth(
        heard_at=NOW + 3 * MINUTE,
        battery_pct=50.0,
        battery_pct_at=NOW + 2 * MINUTE,
        steps=11,
        steps_at=NOW + MINUTE,
        wearing=False,
        wearing_at=NOW + MINUTE,
        firmware="G36S",
        firmware_at=NOW,
    )


def test_any_order_and_any_cut_into_batches_comes_to_the_same(connection: Connection, watch: Device) -> None:
    reports = [
        said(watch, 0, 5, battery_pct=60.0, charging=True),
        said(watch, 1, 4, charging=False, signal_pct=30.0),
        said(watch, 2, 3, battery_pct=58.0, wearing=True),
        heard(watch.id, NOW + 6 * MINUTE),
    ]
    outcomes = set()
    for order in permutations(reports):
        for cut in range(4):
            place = connection.begin_nested()
            save_in_two(connection, order, cut)
            outcomes.add(repr(service.health_of(connection, [watch.id])))
            place.rollback()

    assert len(outcomes) == 1


def save_in_two(connection: Connection, reports: Sequence[HealthRow], cut: int) -> None:
    service.save_health(connection, reports[:cut])
    service.save_health(connection, reports[cut:])


def test_no_is_an_answer_and_zero_is_a_number(connection: Connection, watch: Device) -> None:
    service.save_health(connection, [said(watch, 0, charging=True, battery_pct=1.0, steps=5)])
    service.save_health(connection, [said(watch, 1, charging=False, battery_pct=0.0, steps=0)])

    health = service.health_of(connection, [watch.id])[watch.id]

    assert (health.charging, health.battery_pct, health.steps) == (False, 0.0, 0)


def test_a_device_that_says_nothing_was_still_heard(connection: Connection, watch: Device) -> None:
    service.save_health(connection, [heard(watch.id, NOW)])

    assert DeviceHealth(heard_at=NOW) == service.health_of(connection, [watch.id])[watch.id]


def test_a_batch_of_many_devices_is_one_statement(connection: Connection, watch: Device, phone: Device) -> None:
    statements: list[str] = []
    sa.event.listen(connection, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))

    service.save_health(connection, [said(watch, 0, steps=1), said(phone, 0, steps=2), said(watch, 1, steps=3)])

    assert len(statements) == 1
    steps = {
        device_id: health.steps for device_id, health in service.health_of(connection, [watch.id, phone.id]).items()
    }
    assert {watch.id: 3, phone.id: 2} == steps


def test_nothing_is_known_of_a_device_that_was_never_heard(connection: Connection, watch: Device) -> None:
    service.save_health(connection, [])

    assert service.health_of(connection, [watch.id, new_id()]) == {}
