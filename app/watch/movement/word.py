"""What people said of what was told: that it is over, or that it is fine. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from app.geo.measure import distance_m
from app.watch.movement.allowances import Allowance, said_since
from app.watch.movement.moving import Movement, Point

AGAIN_AFTER: Final = timedelta(minutes=30)
"""Somebody ended what was told, and she still walks: so much later it is told anew, as far as it is urgent. Whoever
found her is home with her by then, or says that it is fine."""


MOVED_M: Final = 250.0
"""And she must have gone on since, so far at least: who waits at the police box to be fetched has been found."""


def ended(movement: Movement, at: datetime) -> None:
    """Takes in that somebody ended what was told: what she does from now on counts anew (`AGAIN_AFTER`)."""
    last = movement.last
    if last is not None and movement.level and (movement.level_at is None or movement.level_at <= at):
        movement.ended = Point(at, last.lat_deg, last.lon_deg, last.accuracy_m)
        movement.ground.unknown_s = movement.ground.unknown_m = movement.ground.off_m = 0.0


def take_word(movement: Movement, allowances: Sequence[Allowance], point: Point) -> None:
    """What was told and then said to be fine is over; what comes after it is something new. Once a word: what comes
    late was before it. So it is a while after somebody ended it, if she goes on with what was told.
    """
    _take_end(movement, point)
    if not movement.level or movement.level_at is None or not allowances:
        return
    said_at = said_since(allowances, movement.level_at)
    if said_at is not None and (movement.over_at is None or movement.over_at < said_at):
        movement.level, movement.level_at, movement.calm_s, movement.over_at = 0, None, 0.0, said_at


def _take_end(movement: Movement, point: Point) -> None:
    was = movement.ended
    if was is None:
        return
    if not movement.level or (movement.level_at is not None and movement.level_at > was.at):
        movement.ended = None  # It is over by itself, or something new.
        return
    moved_m = distance_m(was.lat_deg, was.lon_deg, point.lat_deg, point.lon_deg)
    if point.at - was.at >= AGAIN_AFTER and moved_m >= MOVED_M:
        movement.ended, movement.level, movement.level_at, movement.over_at = None, 0, None, was.at
