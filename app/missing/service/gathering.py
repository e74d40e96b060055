"""What the house knows of somebody who is missing, as of a moment: where she was last, how she had come there, her own
places, and which detectors listened for her tag and heard nothing.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from app.geo import service as geo
from app.geo.measure import M_PER_DEG, bearing_deg, distance_m
from app.geo.model import Geofence
from app.geo.quality import assumed_accuracy_m
from app.history import service as history
from app.history import walk
from app.history.model import TrackPoint
from app.history.store import positions, questions
from app.kit.ids import CityId, WearerId
from app.missing import store
from app.missing.facts import House
from app.missing.model import Listener, Place, Point
from app.missing.usual import usual_places
from app.tags import service as tags
from app.tags.model import DetectorKind, DetectorTrouble, Spell
from app.watch import service as watch

LOOK_BACKS = (timedelta(hours=1), timedelta(hours=24))
"""A place is looked for so long before a moment in the past: first in little, which mostly has it."""

ROWS_MAX = 10_000
CAME_WITHIN = timedelta(minutes=20)
"""How she came to a place is told by where she was in so long a time before it."""

CAME_M_MIN = 150.0
"""Less than this is no way: a fix alone wanders so far."""

RIM_M = 15_000.0
"""Detectors farther away than this are beyond the rim of every map."""

HEARD_LATELY = timedelta(hours=24)
TAG_LOST_IF_HEARD = 0.1
TAG_LOST_IF_NOT = 0.4
"""How probable it is that no detector can hear her tag: where one did in the last day, and where none did. Assumptions:
a tag lies in another coat, its battery is empty, it is shielded by whoever wears it.
"""


def last_place(connection: Connection, wearer_id: WearerId, as_of: datetime) -> Point | None:
    """The newest place of hers that a device, a detector or whoever scanned her sticker told, by that moment."""
    found = history.last_known(connection, [wearer_id]).get(wearer_id)
    if found is not None and found.fix_at <= as_of:
        accuracy_m = assumed_accuracy_m(found.known_by) if found.accuracy_m is None else found.accuracy_m
        return Point(
            at=found.fix_at, lat_deg=found.lat_deg, lon_deg=found.lon_deg, accuracy_m=accuracy_m,
            known_by=found.known_by,
        )  # fmt: skip
    for look_back in LOOK_BACKS if found is not None else ():
        earlier = _track(connection, wearer_id, as_of - look_back, as_of)
        if earlier:
            return _point(earlier[-1], as_of)
    return None


def house(
    connection: Connection, city_id: CityId, wearer_id: WearerId, last: Point, as_of: datetime
) -> House:  # fmt: skip
    """What the house knows beside the point last known: places of her own are her geofences, and where she usually is.

    Of a moment long ago the habits are those that are still known: days that were forgotten since are not in them.
    """
    habits = watch.habits_at(connection, wearer_id, last.at)
    usual = [] if habits is None else usual_places(*habits)
    worn = store.tags_worn(connection, wearer_id, last.at)
    fences = geo.fences_of(connection, [wearer_id]).get(wearer_id, [])
    return House(
        last=last,
        heading_deg=_came_by(connection, wearer_id, last),
        places=(*usual, *map(_place, fences)),
        listeners=tuple(_listeners(connection, city_id, last, as_of)) if worn else (),
        tag_lost=_tag_lost(connection, worn, last) if worn else 1.0,
    )


def names_around(connection: Connection, city_id: CityId, last: Point) -> list[tuple[float, float, str]]:
    """What stands around and has a name that people know: latitude, longitude, name. Detectors in homes have the names
    of those who live there, and are left out.
    """
    return [
        (row.lat_deg, row.lon_deg, row.name)
        for row in _around(connection, city_id, last)
        if row.kind != DetectorKind.HOME.value
    ]


def _track(connection: Connection, wearer_id: WearerId, from_at: datetime, until_at: datetime) -> list[TrackPoint]:
    """Her places from one moment up to another, both included, in order of time."""
    until_at += timedelta(microseconds=1)
    points, _ = positions.track(connection, wearer_id, from_at, until_at, ROWS_MAX)
    passages = questions.of_wearer(connection, wearer_id, from_at, until_at, ROWS_MAX)
    return walk.merged(points, walk.points_of(passages, {}, from_at))


def _point(one: TrackPoint, as_of: datetime) -> Point:
    """A place on a track: that of a passage is hers until the tag was last heard there."""
    accuracy_m = assumed_accuracy_m(one.known_by) if one.accuracy_m is None else one.accuracy_m
    at = one.at if one.until is None else min(one.until, as_of)
    return Point(at=at, lat_deg=one.lat_deg, lon_deg=one.lon_deg, accuracy_m=accuracy_m, known_by=one.known_by)


def _came_by(connection: Connection, wearer_id: WearerId, last: Point) -> float | None:
    """The direction in which she went when last seen, degrees; None where she had not come from anywhere."""
    before = _track(connection, wearer_id, last.at - CAME_WITHIN, last.at)
    if not before:
        return None
    begin = before[0]
    away_m = distance_m(begin.lat_deg, begin.lon_deg, last.lat_deg, last.lon_deg)
    accuracy_m = begin.accuracy_m or 0.0
    if away_m < max(CAME_M_MIN, 2 * (accuracy_m + last.accuracy_m)):
        return None
    return bearing_deg(begin.lat_deg, begin.lon_deg, last.lat_deg, last.lon_deg)


def _place(fence: Geofence) -> Place:
    """The middle of a geofence."""
    if fence.centre is not None:
        return Place(lat_deg=fence.centre.lat_deg, lon_deg=fence.centre.lon_deg, name=fence.name)
    count = len(fence.corners)
    lat_deg = sum(corner.lat_deg for corner in fence.corners) / count
    return Place(lat_deg=lat_deg, lon_deg=sum(corner.lon_deg for corner in fence.corners) / count, name=fence.name)


def _around(connection: Connection, city_id: CityId, last: Point) -> Sequence[Any]:
    lat_deg = RIM_M / M_PER_DEG
    lon_deg = lat_deg / max(0.01, math.cos(math.radians(last.lat_deg)))
    lats = last.lat_deg - lat_deg, last.lat_deg + lat_deg
    return store.detectors_within(connection, city_id, lats, (last.lon_deg - lon_deg, last.lon_deg + lon_deg))


def _listeners(connection: Connection, city_id: CityId, last: Point, as_of: datetime) -> Iterable[Listener]:
    """Detectors that have been heard at all, with the times in which they were silent or deaf, were not registered yet,
    or this service was down. One whose clock was wrong listened all the same.
    """
    rows = _around(connection, city_id, last)
    mute = store.never_heard(connection, [row.id for row in rows])
    spells = tags.spells_between(connection, [row.id for row in rows], last.at, as_of)
    outage = store.last_outage(connection)
    for row in rows:
        if row.id in mute:
            continue
        away = [(one.from_at, one.until_at) for one in _unheard(spells[row.id])]
        away += [] if outage is None else [outage]
        away += [(last.at, row.created_at)] if row.created_at > last.at else []
        yield Listener(lat_deg=row.lat_deg, lon_deg=row.lon_deg, range_m=row.range_m, away=tuple(away), name=row.name)


def _unheard(spells: Sequence[Spell]) -> list[Spell]:
    return [one for one in spells if one.trouble is not DetectorTrouble.CLOCK_WRONG]


def _tag_lost(connection: Connection, worn: Sequence[UUID], last: Point) -> float:
    heard = history.last_heard(connection, worn).values()
    lately = any(at >= last.at - HEARD_LATELY for at in heard)
    return TAG_LOST_IF_HEARD if lately else TAG_LOST_IF_NOT
