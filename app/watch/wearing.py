"""A device that was taken off. It is one condition until the device reports a place without saying so any more."""

from collections.abc import Iterator
from datetime import datetime

from app.push.model import Level
from app.watch.model import AlarmHeard, AlertKind, Observation, Outcome, Reason, Seen, Subject, WatchEvent, WatchState


def look(state: WatchState, observation: Observation, subject: Subject, now: datetime) -> Iterator[WatchEvent]:
    """An event when the device is taken off, and one when it is worn again.

    A frame's alarm is looked at before its fix and has the same time, so a fix of a later time without the alarm means
    that it is worn again.
    """
    if not subject.settings.removed:
        return
    if isinstance(observation, AlarmHeard) and "removed" in observation.kinds:
        device = state.device(observation.device_id)
        if device.conditions_at is not None and observation.at < device.conditions_at:
            return
        device.conditions_at = observation.at
        if not device.removed:
            device.removed = True
            yield _event(subject, observation, Outcome.BEGAN)
    elif isinstance(observation, Seen):
        device = state.device(observation.device_id)
        if device.removed and device.conditions_at is not None and observation.at > device.conditions_at:
            device.removed = False
            device.conditions_at = observation.at
            yield _event(subject, observation, Outcome.OVER)


def _event(subject: Subject, observation: AlarmHeard | Seen, outcome: Outcome) -> WatchEvent:
    return WatchEvent(
        wearer_id=subject.wearer_id,
        kind=AlertKind.REMOVED,
        rule="removed",
        subject=observation.device_id.hex,
        level=Level.NOTICE,
        cause=f"removed:{outcome}:{observation.device_id.hex}:{observation.at.isoformat()}",
        at=observation.at,
        received_at=observation.received_at,
        outcome=outcome,
        reasons=(Reason(code="removed" if outcome is Outcome.BEGAN else "worn"),),
    )
