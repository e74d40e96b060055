"""Impossible travel: the same device, or the same tag, is found by turns in two places between which nobody can have
gone. It was mixed up or copied; nobody is lost by it, and it is told once a day.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from app.geo.measure import distance_m
from app.geo.quality import Place as Fixed
from app.watch.model import (
    JUDGED_AGE_MAX,
    AlertKind,
    DeviceState,
    Double,
    Observation,
    Outcome,
    Passed,
    Place,
    Reason,
    Seen,
    Subject,
    WatchEvent,
    WatchState,
)
from app.watch.movement.events import event_of
from app.watch.movement.habits import day_of
from app.watch.movement.moving import FOOT_MPS_MAX
from app.watch.passage import place_of

GHOSTS_MIN: Final = 3
"""So often within an hour somebody was found where she cannot have gone, and there again: wrong fixes differ."""


COARSE_M: Final = 150.0
"""A refused place that may be off by more says nothing: the network errs by kilometres, several times the same ones."""
WITHIN: Final = timedelta(hours=1)
SPOT_M: Final = 300.0
"""So far apart two places are one, and as far as somebody walks in the time between."""


def note_refused(device: DeviceState, place: Fixed) -> None:
    """Takes in a place at which a device cannot have been, since it was elsewhere just before. It counts when it comes
    by turns with places of the device's own, at one spot: one wrong fix, or a burst of them, is none of that.
    """
    own = device.known.last if device.known is not None else None
    if own is None or place.accuracy_m > COARSE_M:
        return
    before = device.double
    if before is None or not _is_there_again(before.place, place):
        device.double = Double(place, 1, own.at)
    elif before.own_at is None or own.at > before.own_at:
        device.double = Double(place, min(before.times + 1, 9), own.at)


def _is_there_again(one: Fixed, other: Fixed) -> bool:
    apart = abs(other.at - one.at)
    apart_m = distance_m(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
    return apart <= WITHIN and apart_m <= SPOT_M + FOOT_MPS_MAX * apart.total_seconds()


def look(state: WatchState, observation: Observation, subject: Subject, now: datetime) -> Iterator[WatchEvent]:
    """A notice when a device or a tag is in two places."""
    if not isinstance(observation, Seen | Passed) or observation.at < now - JUDGED_AGE_MAX:
        return
    if isinstance(observation, Passed):
        if observation.doubtful:
            yield from _told(state, observation, subject, observation.tag_id.hex, place_of(observation))
        return
    device = state.devices.get(observation.device_id.hex)
    double = None if device is None else device.double
    if device is not None and double is not None and double.times >= GHOSTS_MIN:
        device.double, one = None, double.place
        place = Place(lat_deg=one.lat_deg, lon_deg=one.lon_deg, accuracy_m=one.accuracy_m, at=one.at)
        yield from _told(state, observation, subject, observation.device_id.hex, place)
        return
    movement = state.movement
    if movement is None or movement.ghosts < GHOSTS_MIN or movement.ghost is None:
        return
    ghost, movement.ghosts = movement.ghost, 0
    place = Place(lat_deg=ghost.lat_deg, lon_deg=ghost.lon_deg, accuracy_m=ghost.accuracy_m, at=ghost.at)
    yield from _told(state, observation, subject, observation.device_id.hex, place)


def _told(
    state: WatchState, observation: Seen | Passed, subject: Subject, what: str, place: Place | None
) -> Iterator[WatchEvent]:
    known = state.place
    if place is None or known is None:
        return
    apart_m = distance_m(known.lat_deg, known.lon_deg, place.lat_deg, place.lon_deg)
    reason = Reason(
        code="impossible_travel",
        params={"distance_m": str(round(apart_m, -1))},
        numbers={"apart_m": round(apart_m, 1)},
    )
    yield event_of(
        subject,
        "impossible_travel",
        f"impossible:{what}:{day_of(observation.at, subject.zone).isoformat()}",
        (reason,),
        at=observation.at,
        received_at=observation.received_at,
        place=known,
        outcome=Outcome.PASSING,
        kind=AlertKind.DEVICE,
        about=what,
    )
