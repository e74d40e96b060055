"""Impossible travel: the same device, or the same tag, is found by turns in two places between which nobody can have
gone. It was mixed up or copied; nobody is lost by it, and it is told once a day.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from app.geo.measure import distance_m
from app.push.model import Level
from app.watch.model import (
    JUDGED_AGE_MAX,
    AlertKind,
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
from app.watch.movement.habits import day_of
from app.watch.passage import place_of

GHOSTS_MIN: Final = 3
"""So often within an hour somebody was found where she cannot have gone, and there again: wrong fixes differ."""


def look(state: WatchState, observation: Observation, subject: Subject, now: datetime) -> Iterator[WatchEvent]:
    """A notice when a device or a tag is in two places."""
    if not isinstance(observation, Seen | Passed) or observation.at < now - JUDGED_AGE_MAX:
        return
    if isinstance(observation, Passed):
        if observation.doubtful:
            yield from _told(state, observation, subject, observation.tag_id.hex, place_of(observation))
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
    yield WatchEvent(
        wearer_id=subject.wearer_id,
        kind=AlertKind.DEVICE,
        rule="impossible_travel",
        subject=what,
        level=Level.NOTICE,
        cause=f"impossible:{what}:{day_of(observation.at, subject.zone).isoformat()}",
        at=observation.at,
        received_at=observation.received_at,
        outcome=Outcome.PASSING,
        reasons=(
            Reason(
                code="impossible_travel",
                params={"distance_m": str(round(apart_m, -1))},
                numbers={"apart_m": round(apart_m, 1)},
            ),
        ),
        place=known,
    )
