"""On which side of her door she is, and when she has left home on foot. Pure.

A receiver indoors drifts off now and then, as slowly as somebody walks, and comes back. It goes straight away from home
and ever more slowly; who walks goes along streets, so that she is soon to the side of where she was seen first. Who
turns a corner goes round her home for a while, no farther from it: that is seen by how far to the side she walks.

Where the ways from her door are known, two fixes on one of them say more (`way_out.py`), and whoever walks straight off
on none of them is believed from farther on.
"""

import math
from typing import Final

from app.geo.fences import signed_distance_m
from app.geo.measure import distance_m
from app.geo.model import FencePurpose
from app.watch.model import Subject
from app.watch.movement import way_out, ways
from app.watch.movement.moving import Movement, Point, Taken

HOME_M: Final = 50.0
"""Home and its garden."""
OUT_S: Final = 55.0
"""Leaving home is confirmed by fixes so far apart in time: one may be wrong."""

LEFT_M: Final = 75.0
SIDE_M: Final = 8.0
STRAIGHT_M: Final = 120.0
"""Who went to the side has left when she is so far away, who goes straight away when she is so far."""
ACCURACY_SHARE: Final = 0.3
"""So much of what a receiver may be off is held against that."""
LEAVES_S: Final = 480.0
DOOR_S: Final = 120.0
LEAVES_MPS: Final = 0.35
GAINED_MPS_MIN: Final = 0.25
GAINED_MPS_MAX: Final = 1.35
LEAPS_MPS: Final = 1.5
"""Who leaves on foot is so far away within eight minutes, at such a pace from her door, and still goes on."""
BACK_MPS: Final = 0.4
"""Who leapt did not walk; but where the next fix is nearer by so much, it was the one before that was wrong."""

ROUND_M: Final = 60.0
ASIDE_M: Final = 30.0
ROUND_S: Final = 110.0
PACE_MPS_MIN: Final = 0.3
"""Who is so far from the middle of her home and walked so far to the side, for so long and each step at the pace of a
walk, has left, however slowly and after whatever leap: no drift goes round a house, and a receiver that finds itself at
one wrong place and then at another stays there."""

STRANGE_M: Final = 150.0
"""Where her ways are known, who took none of them and goes straight away has left when she is so far."""

FAR_M: Final = 200.0
"""Who is so far away has left, however slowly: 0.002 false exits a night with two fixes (notes, section 2)."""
SLOW_S: Final = 240.0
MOVED_M: Final = 60.0
FIXES: Final = 3
FIXES_STRANGE: Final = 5
STANDS: Final = 30
"""After so many fixes outside, more near her home where her ways are known and she took none; or so many at one place:
a receiver indoors may find itself at a wrong one for twenty minutes."""


def away_from_home_m(subject: Subject, point: Point) -> float | None:
    """How far a place is from the middle of her home: the learnt one, or that of a fence; None where none is known."""
    if subject.habits is not None and subject.habits.home is not None:
        return distance_m(*subject.habits.home, point.lat_deg, point.lon_deg)
    for fence in subject.fences:
        if fence.purpose is FencePurpose.HOME:
            return max(0.0, HOME_M - signed_distance_m(fence, point.lat_deg, point.lon_deg))
    return None


def note_home(movement: Movement, taken: Taken, home_m: float | None, subject: Subject) -> None:
    """Takes in on which side of her door she is; two fixes make sure that she left."""
    if home_m is None:
        return
    point = taken.point
    before_m, movement.away_m = movement.away_m, home_m
    if home_m <= HOME_M:
        movement.home_at, movement.out_at, movement.maybe_out = point.at, None, None
        movement.away, movement.leapt, movement.walks_from = 0, False, None
        return
    movement.away += 1
    if movement.maybe_out is None:
        movement.maybe_out = point
    if movement.walks_from is None or not PACE_MPS_MIN * taken.time_s <= taken.length_m <= LEAPS_MPS * taken.time_s:
        movement.walks_from = point
    gained_mps = (home_m - before_m) / taken.time_s if taken.time_s else 0.0
    movement.leapt = gained_mps > LEAPS_MPS or (movement.leapt and gained_mps > -BACK_MPS)
    first = movement.maybe_out
    if movement.out_at is not None or (point.at - first.at).total_seconds() < OUT_S:
        return
    if (
        _takes_her_way(movement, taken, first, subject)
        or _walks_off(movement, point, gained_mps, subject)
        or _goes_round(movement, taken, subject)
        or _is_gone(movement, taken, first, subject)
    ):
        movement.out_at = first.at


def _are_ways_known(subject: Subject) -> bool:
    return subject.habits is not None and ways.are_known(subject.habits.ways)


def _takes_her_way(movement: Movement, taken: Taken, first: Point, subject: Subject) -> bool:
    habits = subject.habits
    if habits is None or habits.home is None or not ways.are_known(habits.ways) or movement.away_m <= LEFT_M:
        return False
    return way_out.is_sure(movement, taken, first.at, OUT_S, habits.home, habits.ways)


def _walks_off(movement: Movement, point: Point, gained_mps: float, subject: Subject) -> bool:
    """Whether she leaves at the pace of a walk, farther with each fix: somebody indoors drifts off slowly, or leaps."""
    first = movement.maybe_out
    least_m = STRANGE_M if _are_ways_known(subject) else LEFT_M
    sure_m = movement.away_m - ACCURACY_SHARE * point.accuracy_m
    if movement.leapt or movement.home_at is None or first is None or sure_m <= least_m:
        return False
    # A tracker that sleeps at home speaks rarely there: her door is two minutes before the first fix outside at most.
    time_s = min((point.at - movement.home_at).total_seconds(), (point.at - first.at).total_seconds() + DOOR_S)
    if (
        time_s > LEAVES_S
        or not GAINED_MPS_MIN <= gained_mps <= GAINED_MPS_MAX
        or not LEAVES_MPS <= (movement.away_m - HOME_M / 2) / time_s <= GAINED_MPS_MAX
    ):
        return False
    return sure_m > STRAIGHT_M or _to_the_side_m(first, point, movement.away_m, subject) >= SIDE_M


def _goes_round(movement: Movement, taken: Taken, subject: Subject) -> bool:
    """Whether she walks past her home rather than away from it."""
    since, point = movement.walks_from, taken.point
    if since is None or taken.time_s > SLOW_S or movement.away_m <= ROUND_M:
        return False
    if (point.at - since.at).total_seconds() < ROUND_S:
        return False
    return _to_the_side_m(since, point, movement.away_m, subject) >= ASIDE_M


def _to_the_side_m(first: Point, point: Point, away_m: float, subject: Subject) -> float:
    """How far the first fix outside is off the straight line from home to this one: by the sides of the triangle."""
    first_m = away_from_home_m(subject, first) or 0.0
    if first_m <= 0.0 or away_m <= 0.0:
        return 0.0
    moved_m = distance_m(first.lat_deg, first.lon_deg, point.lat_deg, point.lon_deg)
    cos = (first_m * first_m + away_m * away_m - moved_m * moved_m) / (2 * first_m * away_m)
    return first_m if cos <= 0.0 else first_m * math.sqrt(max(0.0, 1.0 - cos * cos))


def _is_gone(movement: Movement, taken: Taken, first: Point, subject: Subject) -> bool:
    """Whether she is so far away that it does not matter how: for some fixes, and not at one wrong place for all."""
    if movement.away_m <= FAR_M:
        return False
    if taken.time_s > SLOW_S:
        return movement.away >= 2
    point = taken.point
    moved_m = distance_m(first.lat_deg, first.lon_deg, point.lat_deg, point.lon_deg)
    fixes = FIXES_STRANGE if _are_ways_known(subject) and movement.away_m <= ways.NEAR_M else FIXES
    return movement.away >= (fixes if moved_m >= MOVED_M else STANDS)
