"""What is said of how she moves, and of what is found where it cannot be: one way to make an event of it. Pure."""

from datetime import datetime
from typing import Final

from app.push.model import Level
from app.watch.model import AlertKind, Outcome, Place, Reason, Subject, WatchEvent
from app.watch.movement.moving import Point

SUBJECT: Final = "home"
"""Leaving home and being lost are one incident: they share the alert of the fence of home."""


def event_of(
    subject: Subject,
    rule: str,
    cause: str,
    reasons: tuple[Reason, ...],
    *,
    at: datetime,
    received_at: datetime,
    place: Point | Place | None,
    level: Level = Level.NOTICE,
    outcome: Outcome = Outcome.BEGAN,
    kind: AlertKind = AlertKind.MOVEMENT,
    about: str = SUBJECT,
) -> WatchEvent:
    """An event of this wearer; `about` is what one alert of its kind is about."""
    return WatchEvent(
        wearer_id=subject.wearer_id,
        kind=kind,
        rule=rule,
        subject=about,
        level=level,
        cause=cause,
        at=at,
        received_at=received_at,
        outcome=outcome,
        reasons=reasons,
        place=place_of(place) if isinstance(place, Point) else place,
    )


def place_of(point: Point) -> Place:
    """Where she was, as it is told."""
    return Place(lat_deg=point.lat_deg, lon_deg=point.lon_deg, accuracy_m=point.accuracy_m, at=point.at)
