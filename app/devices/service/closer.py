"""What a wearer carries is asked to report more often for a while, because the house needs to know: she is out, an
alert about her is open, somebody is on the way to her.

It is wanted by an intent, in the transaction that decides it, and so asked by whoever wants it without waiting for
devices: `want_live`, again before it is over, and `want_no_live`. Nobody looks at her place by that.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.engine import Connection

from app.db import intents
from app.db.session import hint
from app.devices import commands
from app.devices.model import DeviceHealth
from app.devices.store import devices, holders, orders, reports
from app.kit.ids import WearerId, new_id

LIVE_WANTED: Final = "live_wanted"
"""Intent: what a wearer carries is to report so often until then."""

NO_LIVE_WANTED: Final = "no_live_wanted"
"""Intent: it need not any more."""


def want_live(
    connection: Connection,
    wearer_id: WearerId,
    *,
    why: str,
    until: datetime,
    interval_s: int = commands.LIVE_INTERVAL_S,
    battery_pct_min: float = 0.0,
    now: datetime,
) -> None:
    """Wants all that she carries and that can be asked to report every `interval_s` until then, unless its battery is
    lower. `why` tells those who want it apart: the same `why` and `until` are asked once. Wanted again with a later
    `until` it goes on without a word to the device; it ends by itself.
    """
    payload = {
        "wearer_id": str(wearer_id),
        "interval_s": interval_s,
        "until": until.isoformat(),
        "battery_pct_min": battery_pct_min,
    }
    intents.intend(connection, LIVE_WANTED, f"live {why}:{wearer_id}:{until.isoformat()}", payload, now)


def want_no_live(
    connection: Connection,
    wearer_id: WearerId,
    *,
    why: str,
    interval_s: int = commands.LIVE_INTERVAL_S,
    now: datetime,
) -> None:
    """Ends what was wanted with this interval; live mode at another one, which somebody else asked for, goes on."""
    payload = {"wearer_id": str(wearer_id), "interval_s": interval_s}
    intents.intend(connection, NO_LIVE_WANTED, f"no live {why}:{wearer_id}:{now.isoformat()}", payload, now)


def begin_live(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """Carries out `LIVE_WANTED`. What comes too late is not wanted any more."""
    wearer_id, until = WearerId(UUID(payload["wearer_id"])), datetime.fromisoformat(payload["until"])
    carried = holders.devices_of_wearer(connection, wearer_id)
    known = reports.of(connection, [one.id for one in carried])
    for device in carried:
        if not _lasts(known.get(device.id), payload["battery_pct_min"]):
            continue
        device = devices.locked(connection, device.id)
        newest = orders.newest_live(connection, device.id)
        waiting = orders.open_of(connection, device.id, now)
        _carry_out(
            connection, commands.closer(device, waiting, newest, payload["interval_s"], until, now, new_id), device.id
        )


def end_live(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """Carries out `NO_LIVE_WANTED`."""
    for device in holders.devices_of_wearer(connection, WearerId(UUID(payload["wearer_id"]))):
        device = devices.locked(connection, device.id)
        newest = orders.newest_live(connection, device.id)
        waiting = orders.open_of(connection, device.id, now)
        _carry_out(
            connection, commands.close_enough(device, waiting, newest, payload["interval_s"], now, new_id), device.id
        )


def _carry_out(connection: Connection, plan: commands.Plan | None, device_id: UUID) -> None:
    if plan is not None:
        orders.save(connection, plan.changed)
        orders.add(connection, plan.added, None)
        hint(connection, "command", str(device_id))


def _lasts(health: DeviceHealth | None, battery_pct_min: float) -> bool:
    """Whether a battery is not known to be lower."""
    if health is None or health.battery_pct is None or health.charging:
        return True
    return health.battery_pct >= battery_pct_min
