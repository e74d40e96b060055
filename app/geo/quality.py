"""Accept or refuse a fix, with the reason. Pure: what must be remembered of a device comes in and goes out as `Known`.

A refused fix is kept apart with its reason and judged by no rule. Only positions are refused: an alarm that came in the
same frame always goes on. Nothing here decides whether a place is likely; a wrong fix that could be true is left to the
rules, which ask for confirmation.
"""

import math
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from app.geo.measure import distance_m


class Refused(StrEnum):
    """Why a fix is no position."""

    OUT_OF_RANGE = "out_of_range"
    """Latitude or longitude is no place on Earth."""
    ZERO_ISLAND = "zero_island"
    """Near 0° 0°, in the Gulf of Guinea: what a receiver without a fix, or a field left empty, says."""
    FUTURE = "future"
    """Stamped later than it was received: the device's clock is wrong, and so is anything concluded from the order of
    its fixes."""
    TOO_OLD = "too_old"
    """Stamped so long ago that the clock was reset or the receiver's week count rolled over."""
    INACCURATE = "inaccurate"
    """So coarse that it says less than the place before it."""
    IMPOSSIBLE_SPEED = "impossible_speed"
    """Nobody gets there from the last place in that time."""


ZERO_ISLAND_DEG = 0.01
"""About 1.1 km of open sea on each side. Decoders round, so not only exact zeros are meant."""

FUTURE_MAX = timedelta(minutes=10)
"""Phones and trackers are seconds off, a tracker set by the network minutes; a wrong zone is half an hour or more."""

OLD_MAX = timedelta(days=400)
"""A year in a drawer with a full buffer is believed, a rolled-over GPS week (19.6 years) or a clock that starts in 1970
or 2000 is not."""

ACCURACY_MAX_M = 5_000.0
"""A place known by a radio cell is coarse but honest (99 % of one study's fixes were stated under 2.5 km, rural cells
reach further): it may be all there is, and the map shows its circle. Beyond 5 km it no longer tells one end of a town
from the other, and would only hide the better place before it."""

SPEED_MAX_MPS = 100.0
"""360 km/h. The fastest trains of Japan run 320 km/h, and somebody lost on one must not vanish from the map; rules that
care for walking have their own, lower gates."""

COMPARED_WITHIN = timedelta(hours=1)
"""How far apart in time two fixes are compared. Within an hour nobody gets from door to door faster than by train;
after a longer silence there may have been a flight."""

STAMP_GRAIN_S = 5.0
"""Two fixes are taken to be at least this far apart: stamps are whole seconds, and the place from the network may be
some seconds older than it says."""

CHANCE_FACTOR = 2.45
"""Two stated places of one true place are further apart than this many times the root of their squared accuracies only
once in 1,000 (Rayleigh, accuracy = 68 % radius)."""

AGREEING_MIN = 3
"""So many refused fixes in a row that agree with each other are believed against the one accepted before them."""

AGREEING_SPAN_MIN = timedelta(seconds=20)
"""And over at least this time, because the errors of a burst of fixes are one error."""

DEFAULT_ACCURACY_M = 100.0
ASSUMED_ACCURACY_M = {
    "gnss": 30.0,
    "wifi": 80.0,
    "cell": 2_000.0,
    "beacon": 30.0,
    "detector": 50.0,
    "sticker": 100.0,
    "typed": 100.0,
}
"""Metres, 68 %, where a fix states no accuracy, by how the place is known. Phones stated 31 m in the median and 65 to
92 m at the 90th and 95th percentile, where Wi-Fi was in use (1,820 nights at home); a cell is assumed near the 99th; a
beacon or detector hears some 30 to 50 m far."""


class Place(Struct, frozen=True, array_like=True):
    """A fix as far as the next one is compared with it. `accuracy_m` is the stated one or the assumed one."""

    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float


class Known(Struct, frozen=True, array_like=True):
    """What judging remembers of one device: the newest accepted fix, and the refused ones that may turn out to be
    right.

    `candidate` is the last of `agreeing` refused fixes that agree with each other, the first of which was at `since`.
    Under 100 bytes as msgpack.
    """

    last: Place
    candidate: Place | None = None
    since: datetime | None = None
    agreeing: int = 0


def assumed_accuracy_m(known_by: str | None) -> float:
    """Metres within which a place known so is with 68 % probability, where it is not stated.

    >>> assumed_accuracy_m("gnss"), assumed_accuracy_m(None)
    (30.0, 100.0)
    """
    return ASSUMED_ACCURACY_M.get(known_by or "", DEFAULT_ACCURACY_M)


def stated_accuracy_m(accuracy_m: float | None) -> float | None:
    """The accuracy a device stated, or None where what it stated cannot be one: zero, negative, not a number.

    >>> stated_accuracy_m(12.0), stated_accuracy_m(0.0), stated_accuracy_m(float("nan"))
    (12.0, None, None)
    """
    return accuracy_m if accuracy_m is not None and 0.0 < accuracy_m < math.inf else None


def judge(
    known: Known | None,
    *,
    lat_deg: float,
    lon_deg: float,
    at: datetime,
    accuracy_m: float | None,
    known_by: str | None,
    received_at: datetime,
) -> tuple[Refused | None, Known | None]:
    """None for a fix that is accepted, else the reason; and what is to be remembered of the device.

    `at` is the device's time, `received_at` ours. Fixes may come in any order: an older one is compared as well, and
    the newest accepted one is remembered. A single wrong fix that was accepted cannot lock the true ones out:
    `AGREEING_MIN` of those, agreeing, take its place.
    """
    stated_m = stated_accuracy_m(accuracy_m)
    reason = _fault(lat_deg, lon_deg, at, stated_m, received_at)
    if reason is not None:
        return reason, known
    place = Place(at, lat_deg, lon_deg, assumed_accuracy_m(known_by) if stated_m is None else stated_m)
    if known is None:
        return None, Known(place)
    if abs(at - known.last.at) > COMPARED_WITHIN:
        return None, Known(place) if at > known.last.at else known
    if can_be_one(known.last, place):
        return None, Known(place if at >= known.last.at else known.last)
    return _doubt(known, place)


def can_be_one(one: Place, other: Place) -> bool:
    """Whether the same person can have been at both, given how sure the places are and what moves people."""
    apart_m = distance_m(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
    by_chance_m = CHANCE_FACTOR * math.hypot(one.accuracy_m, other.accuracy_m)
    time_s = max(abs((other.at - one.at).total_seconds()), STAMP_GRAIN_S)
    return apart_m - by_chance_m <= SPEED_MAX_MPS * time_s


def _doubt(known: Known, place: Place) -> tuple[Refused | None, Known]:
    """The verdict on a place that cannot be true if the last accepted one is: one of the two is wrong, the next fixes
    tell which."""
    candidate, since, agreeing = known.candidate, known.since, known.agreeing
    if candidate is None or since is None or not can_be_one(candidate, place):
        return Refused.IMPOSSIBLE_SPEED, Known(known.last, place, place.at, 1)
    if place.at != candidate.at:  # The same moment told twice is no second witness.
        agreeing += 1
    if agreeing >= AGREEING_MIN and abs(place.at - since) >= AGREEING_SPAN_MIN:
        return None, Known(place)
    return Refused.IMPOSSIBLE_SPEED, Known(known.last, place, since, agreeing)


def _fault(
    lat_deg: float, lon_deg: float, at: datetime, accuracy_m: float | None, received_at: datetime
) -> Refused | None:
    """What is wrong with a fix by itself. Comparisons are written so that a value that is not a number fails them."""
    if not (-90.0 <= lat_deg <= 90.0 and -180.0 <= lon_deg <= 180.0):
        return Refused.OUT_OF_RANGE
    if abs(lat_deg) < ZERO_ISLAND_DEG and abs(lon_deg) < ZERO_ISLAND_DEG:
        return Refused.ZERO_ISLAND
    if at - received_at > FUTURE_MAX:
        return Refused.FUTURE
    if received_at - at > OLD_MAX:
        return Refused.TOO_OLD
    if accuracy_m is not None and accuracy_m > ACCURACY_MAX_M:
        return Refused.INACCURATE
    return None
