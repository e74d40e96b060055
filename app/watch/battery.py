"""A battery that runs low: one condition until the device is charged again, however often it is reported. That of a tag
is not charged but changed, and is told in other words.
"""

from collections.abc import Iterator
from datetime import datetime

from app.push.model import Level
from app.watch.model import (
    AlarmHeard,
    AlertKind,
    HealthHeard,
    Observation,
    Outcome,
    Reason,
    Subject,
    WatchEvent,
    WatchState,
)

RECOVERED_MARGIN_PCT = 10
"""The battery is well again this much above the limit, so that a value that wavers around it tells nothing."""


def look(state: WatchState, observation: Observation, subject: Subject, now: datetime) -> Iterator[WatchEvent]:
    """An event when the battery becomes low, by level or by the device's own alarm, and one when it is well again."""
    if not subject.settings.battery or not isinstance(observation, HealthHeard | AlarmHeard):
        return
    device = state.device(observation.device_id)
    if device.conditions_at is not None and observation.at < device.conditions_at:
        return  # A late report says nothing about now.
    percent = observation.battery_pct if isinstance(observation, HealthHeard) else None
    limit_pct = subject.settings.battery_low_pct
    reported = isinstance(observation, AlarmHeard) and "low_battery" in observation.kinds
    if reported or (percent is not None and percent <= limit_pct):
        device.conditions_at = observation.at
        if not device.battery_low:
            device.battery_low = True
            yield _event(subject, observation, percent, Outcome.BEGAN)
    elif percent is not None and device.battery_low and percent >= limit_pct + RECOVERED_MARGIN_PCT:
        device.conditions_at = observation.at
        device.battery_low = False
        yield _event(subject, observation, percent, Outcome.OVER)


def _event(
    subject: Subject, observation: HealthHeard | AlarmHeard, percent: float | None, outcome: Outcome
) -> WatchEvent:
    of_tag = isinstance(observation, HealthHeard) and observation.of_tag
    low = "tag_low_battery" if of_tag else "low_battery"
    params = {} if percent is None else {"battery": str(round(percent))}
    return WatchEvent(
        wearer_id=subject.wearer_id,
        kind=AlertKind.BATTERY,
        rule=low,
        subject=observation.device_id.hex,
        level=Level.NOTICE,
        cause=f"battery:{outcome}:{observation.device_id.hex}:{observation.at.isoformat()}",
        at=observation.at,
        received_at=observation.received_at,
        outcome=outcome,
        reasons=(Reason(code=low if outcome is Outcome.BEGAN else "battery_well", params=params),),
    )
