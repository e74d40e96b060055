"""What devices say of themselves, joined value by value: the newest said wins, what is not said stays as it was.

Reports come late and in any order; a value said at 14:10 must not replace one said at 14:20, whenever it arrives.
"""

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from app.devices.model import DeviceHealth
from beacon_ingest.messages import Health

VALUES: Final = ("battery_pct", "charging", "signal_pct", "steps", "wearing", "firmware")
"""The fields of `DeviceHealth` that a device says; each has a moment beside it, `<field>_at`."""

FIRMWARE_CHARACTERS_MAX: Final = 100
_STEPS_MAX: Final = 2**31 - 1

_values = attrgetter(*VALUES)
_PAIRS: Final = tuple((name, f"{name}_at") for name in VALUES)
_NOTHING_SAID: Final = dict.fromkeys([name for pair in _PAIRS for name in pair])


class HealthRow(Struct, frozen=True, kw_only=True):
    """What one device said of itself at one moment, or only that it was heard. None is not said.

    `heard_at` is our clock; `said_at` the device's, never later than `heard_at`.
    """

    device_id: UUID
    heard_at: datetime
    said_at: datetime
    battery_pct: float | None = None
    charging: bool | None = None
    signal_pct: float | None = None
    steps: int | None = None
    wearing: bool | None = None
    firmware: str | None = None


def heard(device_id: UUID, received_at: datetime) -> HealthRow:
    """The row of a device that was heard and said nothing of itself."""
    return HealthRow(device_id=device_id, heard_at=received_at, said_at=received_at)


def row_of(device_id: UUID, received_at: datetime, said: Health) -> HealthRow:
    """The row of a health report. A clock that is ahead is not believed: nothing could replace what it said."""
    at = said.at
    return HealthRow(
        device_id=device_id,
        heard_at=received_at,
        said_at=received_at if isinstance(at, UnsetType) or at > received_at else at,
        battery_pct=None if said.battery_pct is UNSET else said.battery_pct,
        charging=None if said.charging is UNSET else said.charging,
        signal_pct=None if said.signal_pct is UNSET else said.signal_pct,
        steps=None if said.steps is UNSET else min(said.steps, _STEPS_MAX),
        wearing=None if said.wearing is UNSET else said.wearing,
        firmware=None if said.firmware is UNSET else said.firmware[:FIRMWARE_CHARACTERS_MAX],
    )


def merged(rows: Iterable[HealthRow]) -> list[dict[str, Any]]:
    """One row a device, with the keys of the table `device_health`: of each value the newest and when it was said."""
    by_device: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        known = by_device.get(row.device_id)
        if known is None:
            known = {"device_id": row.device_id, "heard_at": row.heard_at, **_NOTHING_SAID}
            by_device[row.device_id] = known
        elif row.heard_at > known["heard_at"]:
            known["heard_at"] = row.heard_at
        for (name, at), value in zip(_PAIRS, _values(row), strict=True):
            if value is not None and (known[at] is None or row.said_at >= known[at]):
                known[name] = value
                known[at] = row.said_at
    return list(by_device.values())


def of_the_thing(health: DeviceHealth) -> DeviceHealth:
    """What is about the device and not about the person, for those who look after devices only."""
    return replace(health, steps=None, steps_at=None, wearing=None, wearing_at=None)
