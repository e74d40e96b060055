"""What devices say of themselves, joined."""

from datetime import datetime, timedelta
from typing import Any

from app.devices.health import HealthRow, heard, merged, of_the_thing, row_of
from app.devices.model import DeviceHealth
from app.kit.ids import new_id
from beacon_ingest.messages import Health
from tests.build import NOW

DEVICE = new_id()
MINUTE = timedelta(minutes=1)


def said(at: datetime, **values: Any) -> HealthRow:
    return HealthRow(device_id=DEVICE, heard_at=NOW + 30 * MINUTE, said_at=at, **values)


def test_a_late_report_loses_to_what_is_newer_and_wins_over_what_is_older() -> None:
    rows = [
        said(NOW, battery_pct=60.0, wearing=True),
        said(NOW + 2 * MINUTE, battery_pct=50.0),
        said(NOW + MINUTE, battery_pct=55.0, wearing=False),
    ]

    (row,) = merged(rows)

    assert (row["battery_pct"], row["battery_pct_at"]) == (50.0, NOW + 2 * MINUTE)
    assert (row["wearing"], row["wearing_at"]) == (False, NOW + MINUTE)


def test_what_is_not_said_stays_unknown_and_has_no_moment() -> None:
    (row,) = merged([said(NOW, charging=False)])

    assert (row["charging"], row["charging_at"]) == (False, NOW)
    assert (row["steps"], row["steps_at"]) == (None, None)


def test_being_heard_is_counted_by_our_clock_whatever_was_said() -> None:
    (row,) = merged([heard(DEVICE, NOW + 2 * MINUTE), heard(DEVICE, NOW), heard(DEVICE, NOW + MINUTE)])

    assert row["heard_at"] == NOW + 2 * MINUTE


def test_each_device_gets_one_row() -> None:
    other = new_id()

    rows = merged([heard(DEVICE, NOW), heard(other, NOW), said(NOW, steps=3), heard(other, NOW)])

    assert [DEVICE, other] == [row["device_id"] for row in rows]


def test_a_clock_that_is_ahead_is_not_believed() -> None:
    ahead = Health(device="1", at=NOW + timedelta(days=9000), battery_pct=70.0)

    assert row_of(DEVICE, NOW, ahead).said_at == NOW


def test_a_report_without_a_time_is_taken_at_its_arrival() -> None:
    assert row_of(DEVICE, NOW, Health(device="1", steps=4)).said_at == NOW


def test_a_report_keeps_the_time_and_the_values_of_the_device() -> None:
    report = Health(
        device="1", at=NOW - MINUTE, battery_pct=70.0, charging=True, signal_pct=40.0, steps=9, wearing=False,
        firmware="G36S",
    )  # fmt: skip

    row = row_of(DEVICE, NOW, report)

    assert (row.heard_at, row.said_at) == (NOW, NOW - MINUTE)
    assert (
        row.battery_pct, row.charging, row.signal_pct, row.steps, row.wearing, row.firmware,
    ) == (70.0, True, 40.0, 9, False, "G36S")  # fmt: skip


def test_values_that_no_column_could_hold_are_cut() -> None:
    row = row_of(DEVICE, NOW, Health(device="1", steps=10**15, firmware="x" * 500))

    assert (row.steps, len(row.firmware or "")) == (2**31 - 1, 100)


def test_who_looks_after_devices_does_not_see_how_the_person_is() -> None:
    health = DeviceHealth(heard_at=NOW, battery_pct=5.0, battery_pct_at=NOW, steps=7, steps_at=NOW, wearing=True)

    assert DeviceHealth(heard_at=NOW, battery_pct=5.0, battery_pct_at=NOW) == of_the_thing(health)
