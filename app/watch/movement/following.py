"""Whom to follow of several devices: a phone may lie at home while she walks with her tracker, or the other way. Pure.

Fixes of two devices are never one line: they would be a zigzag that nobody walked. One device is followed, and another
one of hers when that one moves and the followed one stays, or is not heard.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zlib import crc32

from app.geo.measure import distance_m
from app.watch.movement.moving import BREAK, Movement, Other, Point, begin

NEAR_M: Final = 60.0
"""So far apart two devices of one person may be found, besides the errors of their receivers."""
TRACKED: Final = timedelta(minutes=5)
"""So long after a fix another device at the same place says nothing new."""
STAYS: Final = timedelta(minutes=5)
SLOW: Final = timedelta(minutes=4)
MOVES: Final = 3
MOVES_SLOW: Final = 2
"""So many fixes in a row from where it stayed, and a device is carried: a receiver indoors may leap once."""
OTHERS_MAX: Final = 3
HEARD: Final = timedelta(hours=6)
"""A device that was heard last so long ago is not said to be with her any more."""


def follows(kept: Movement, point: Point) -> bool:
    """Whether a fix is of the device that is followed, from now on perhaps; others are only noted."""
    last = kept.last
    if last is None:
        return True
    if last.of in (0, point.of):  # Of a state that was kept before devices were told apart nobody knows which it was.
        return point.at > last.at
    other = next((one for one in kept.others if one.newest.of == point.of), None)
    if other is not None and point.at <= other.newest.at:
        return False
    if _are_near(last, point):
        _note(kept, Other(point, point))
        return point.at - last.at > TRACKED and _change(kept, last, None)
    if other is not None and _are_near(other.stays, point):
        _note(kept, Other(other.stays, point))
        return False
    silent = point.at - last.at > BREAK
    if silent and point.at > last.at:
        return _change(kept, last, None if other is None else other.newest)
    if other is None:
        _note(kept, Other(point, point))
        return False
    moves = other.moves + 1
    enough = MOVES_SLOW if point.at - other.newest.at > SLOW else MOVES
    if moves >= enough and _stays(kept, point.at):
        return _change(kept, last, other.newest)
    _note(kept, Other(other.stays, point, moves))
    return False


def lies_behind(kept: Movement | None, device_id: UUID, at: datetime) -> bool:
    """Whether a device is not the one that she carries, as far as one is followed that was heard lately."""
    last = None if kept is None else kept.last
    return last is not None and last.of not in (0, crc32(device_id.bytes)) and at - last.at <= HEARD


def _change(kept: Movement, last: Point, before: Point | None) -> bool:
    """Another device is followed from now on, from where it was `before`, as far as its line goes on from there."""
    kept.held = None
    if before is not None:
        begin(kept, before)
        kept.others = [one for one in kept.others if one.newest.of != before.of]
    _note(kept, Other(last, last))
    return True


def _stays(kept: Movement, at: datetime) -> bool:
    """Whether the device that is followed lies still."""
    return kept.still is None or at - kept.still.at >= STAYS


def _note(kept: Movement, other: Other) -> None:
    others = [one for one in kept.others if one.newest.of != other.newest.of]
    kept.others = [other, *others][:OTHERS_MAX]


def _are_near(one: Point, other: Point) -> bool:
    apart_m = distance_m(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
    return apart_m <= NEAR_M + one.accuracy_m + other.accuracy_m
