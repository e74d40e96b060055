"""A device that is not heard any more, measured by its own interval.

The time at which silence will have lasted too long is a column (`due_at`); one loop looks at what is due. When this
service itself was down for longer than the device's interval, nothing can be said about the device in that time: its
silence is counted from when we were up again. A shorter restart changes nothing. It is the same where many devices of
a town fell silent at once (`outage.py`).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from app.push.model import Level
from app.watch import outage
from app.watch.model import (
    AlertKind,
    DeviceState,
    Heard,
    Observation,
    Outcome,
    Reason,
    Subject,
    WatchEvent,
    WatchSettings,
    WatchState,
)
from app.watch.outage import Outage

INTERVALS = 3
"""So many of its own intervals may pass without a word."""


class Uptime(Struct, frozen=True, kw_only=True):
    """Since when this service is up, and since when it had been down before that."""

    up_since: datetime
    down_since: datetime


def look(state: WatchState, observation: Observation, subject: Subject, now: datetime) -> Iterator[WatchEvent]:
    """An event when a silent device is heard again."""
    if not isinstance(observation, Heard):
        return
    device = state.device(observation.device_id)
    device.interval_s = observation.interval_s
    if device.heard_at is None or observation.received_at > device.heard_at:
        device.heard_at = observation.received_at
    if device.silent:
        device.silent = False
        yield _event(subject, observation.device_id, device, observation.received_at, Outcome.OVER)


def tick(
    state: WatchState, subject: Subject, uptime: Uptime | None, now: datetime, town: Outage | None = None
) -> Iterator[WatchEvent]:
    """An event for each device whose silence has lasted too long at `now`; `town` is the last outage of her town."""
    if not subject.settings.silence:
        return
    for hexadecimal, device in state.devices.items():
        due_at = _due_at(device, subject.settings, uptime, town, now)
        if due_at is not None and due_at <= now:
            device.silent = True
            yield _event(subject, UUID(hexadecimal), device, now, Outcome.BEGAN)


def due_at(
    state: WatchState,
    settings: WatchSettings,
    uptime: Uptime | None,
    town: Outage | None = None,
    now: datetime | None = None,
) -> datetime | None:
    """When the next device's silence will have lasted too long; None when none can. As it looks at `now` where an
    outage of the town may still go on.
    """
    if not settings.silence:
        return None
    times = [_due_at(device, settings, uptime, town, now) for device in state.devices.values()]
    return min((time for time in times if time is not None), default=None)


def _due_at(
    device: DeviceState, settings: WatchSettings, uptime: Uptime | None, town: Outage | None, now: datetime | None
) -> datetime | None:
    if device.silent or device.heard_at is None:
        return None
    since = counts_from(device.heard_at, device.interval_s, uptime, town, now)
    return since + timedelta(seconds=max(INTERVALS * device.interval_s, settings.silence_s_min))


def counts_from(
    heard_at: datetime, interval_s: float, uptime: Uptime | None, town: Outage | None, now: datetime | None
) -> datetime:
    """From when on the silence counts of what was last heard at `heard_at` and speaks every `interval_s`: not while
    nobody could hear it.
    """
    since = heard_at
    if town is not None and now is not None:
        since = outage.silent_since(since, interval_s, town, now)
    if uptime is not None and since < uptime.up_since:
        down = uptime.up_since - uptime.down_since
        if down > timedelta(seconds=interval_s):
            since = uptime.up_since
    return since


def _event(subject: Subject, device_id: UUID, device: DeviceState, now: datetime, outcome: Outcome) -> WatchEvent:
    heard_at = device.heard_at or now
    minutes = max(0, round((now - heard_at).total_seconds() / 60))
    return WatchEvent(
        wearer_id=subject.wearer_id,
        kind=AlertKind.SILENT,
        rule="silent",
        subject=device_id.hex,
        level=Level.NOTICE,
        cause=f"silent:{outcome}:{device_id.hex}:{heard_at.isoformat()}",
        at=now,
        received_at=now,
        outcome=outcome,
        reasons=(
            Reason(
                code="silent" if outcome is Outcome.BEGAN else "heard_again",
                params={"minutes": str(minutes), "heard": heard_at.isoformat()},
                numbers={"minutes": minutes, "interval_s": device.interval_s},
            ),
        ),
    )
