"""What a device reports by itself and people must hear at any age: SOS, a fall, and the rarer alarms.

Each press is an occurrence of its own, named by device and event time: the same frame sent again is recognised, a
second press is not swallowed. Filters never see alarms, and an alarm needs no fix; the last known place goes with it,
with its age.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from app.push.model import Level
from app.watch.model import AlarmHeard, AlertKind, Observation, Reason, Subject, WatchEvent, WatchState

ELSEWHERE: Final = frozenset({"low_battery", "removed"})
"""Alarms that are conditions, not occurrences: `battery` and `wearing` look at them."""

_URGENT_DEVICE: Final = frozenset({"fire", "gas", "intrusion", "consultation"})


def look(state: WatchState, observation: Observation, subject: Subject, now: datetime) -> Iterator[WatchEvent]:
    """One event for each kind of alarm in `observation`."""
    if not isinstance(observation, AlarmHeard):
        return
    for alarm in observation.kinds:
        if alarm in ELSEWHERE:
            continue
        kind, level = _kind(alarm)
        yield WatchEvent(
            wearer_id=subject.wearer_id,
            kind=kind,
            rule=alarm if kind is not AlertKind.DEVICE else f"device_{alarm}",
            subject="wearer" if kind is not AlertKind.DEVICE else alarm,
            level=level,
            cause=f"{alarm}:{observation.device_id.hex}:{observation.at.isoformat()}",
            at=observation.at,
            received_at=observation.received_at,
            reasons=(_reason(alarm, kind),),
            place=observation.place or state.place,
        )


def _kind(alarm: str) -> tuple[AlertKind, Level]:
    if alarm == "sos":
        return AlertKind.SOS, Level.URGENT
    if alarm == "fall":
        return AlertKind.FALL, Level.URGENT
    return AlertKind.DEVICE, Level.URGENT if alarm in _URGENT_DEVICE else Level.NOTICE


def _reason(alarm: str, kind: AlertKind) -> Reason:
    if kind is AlertKind.DEVICE:
        return Reason(code="other", params={"alarm": alarm})
    return Reason(code=alarm)
