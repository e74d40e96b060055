"""How somebody moves just now: on foot or faster, for how long on ground she does not know, in which line. Pure.

What is kept is small and goes with the state, so that a restart in the middle of an outing changes nothing. A fix that
nobody can have walked to is held back until the next one says whether it was a vehicle or a wrong fix.
"""

import math
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

import msgspec
from msgspec import Struct

from app.geo.measure import distance_m, to_local_m

FOOT_MPS_MIN: Final = 0.2
FOOT_MPS_MAX: Final = 2.5
"""Slower is standing with the errors of a receiver, faster is no walk (detection notes, section 2)."""

VEHICLE_MPS_MIN: Final = 4.5
VEHICLE_S_MIN: Final = 180.0
"""So long at such a speed is a ride."""

HELD_MPS_MAX: Final = 60.0
"""What a held fix and the next one may be apart and still be one ride: a train."""

STEP_S_MIN: Final = 15.0
"""Fixes nearer to each other say nothing new of a walk."""

BREAK: Final = timedelta(minutes=15)
"""After so long without a fix (or two and a half steps of a slow tracker) the line is not continued."""
OVER: Final = timedelta(minutes=60)
"""After so long it is another outing."""

STILL_M: Final = 60.0
"""Who stays within this distance stays where she is."""

SLOW_STEP_S: Final = 450.0
"""With longer steps nobody sees how she went from one fix to the next: a walk, a bus with stops, or a ride and a long
coffee look the same. What is counted between such fixes is worth less, and is measured against her most unusual day."""
SLOW_FOOT_MPS_MAX: Final = 1.6
"""And as the crow flies, over such a time, nobody walks faster."""

MERGED_M: Final = 24.0
TRAIL_S: Final = 45 * 60
TRAIL_MAX: Final = 64
"""The line: points at least so far apart, so long back, so many."""


class Mode(IntEnum):
    """How she came from one fix to the next."""

    UNKNOWN = 0
    STILL = 1
    FOOT = 2
    FAST = 3
    VEHICLE = 4


class Point(Struct, frozen=True, array_like=True, gc=False):
    """Where and when: degrees, metres (68 %); `of` stands for the device or the tag that was found there."""

    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float
    of: int = 0


class Other(Struct, frozen=True, array_like=True, gc=False):
    """A device of hers that is not followed: where it stays, and its newest fix; `moves`: how many in a row were not
    there.
    """

    stays: Point
    newest: Point
    moves: int = 0


class Trail(Struct, array_like=True):
    """The line of the last 45 minutes: seconds after `from_at`, metres east and north of the origin."""

    from_at: datetime
    lat_deg: float
    lon_deg: float
    points: list[tuple[int, int, int]]


class Ground(Struct, array_like=True):
    """Whether she is where she knows her way. `seen`: she was seen to leave what she knows. `unknown_s`, `unknown_m`:
    how long and how far on foot since; `by_vehicle`: she came by one; `known_s`: how long she is back.
    """

    seen: bool = False
    unknown_at: datetime | None = None
    unknown_s: float = 0.0
    unknown_m: float = 0.0
    by_vehicle: bool = False
    known_s: float = 0.0
    route: int = 0
    """The days on which she was everywhere on this line, as bits of her habit map."""
    off_m: float = 0.0
    """How far she went off all of them lately."""


class Peaks(Struct, array_like=True):
    """How unusual a day was until now, by the rules' own measures, 0 to 255."""

    day: int
    by_rule: dict[str, int]


class Company(Struct, frozen=True, array_like=True):
    """Somebody of hers who is beside her: the contact's key, since when, and when that was last seen."""

    contact: bytes
    since: datetime
    at: datetime


class Movement(Struct, kw_only=True, omit_defaults=True):
    """What is kept of a subject's movement: mostly under 1 KB as msgpack, and never more than 2.7 KB.

    `last` is the newest fix that counts, `held` one that waits for the next. `step_s` is how far apart fixes are;
    `own_step_s` how far they were before more was asked for, until fixes come unasked again.
    `still_*`: since when and where she stays. `out_at`: since when she is away from home, as far as is confirmed;
    `home_at`: when she was there last; `away`: how many fixes in a row were not, `away_m`: how far the last was;
    `leapt`: she was farther at once than anybody walks, and the next fix did not take it back; `walks_from`: since when
    outside, each step was a walk.
    """

    last: Point | None = None
    held: Point | None = None
    step_s: float = 0.0
    own_step_s: float = 0.0
    mode: Mode = Mode.UNKNOWN
    vehicle_s: float = 0.0
    vehicle_at: datetime | None = None
    still: Point | None = None
    still_off: int = 0
    trail: Trail | None = None
    ground: Ground = msgspec.field(default_factory=Ground)
    maybe_out: Point | None = None
    out_at: datetime | None = None
    home_at: datetime | None = None
    away: int = 0
    away_m: float = 0.0
    leapt: bool = False
    walks_from: Point | None = None
    streaks: dict[str, int] = msgspec.field(default_factory=dict)
    """By rule, how many fixes in a row were beyond what counts for her."""
    peaks: list[Peaks] = msgspec.field(default_factory=list)
    vanished: bool = False
    """Whether it was told that she went silent."""
    ghost: Point | None = None
    ghosts: int = 0
    """Where fixes were that nobody can have gone to, and how often they agreed."""
    level: int = 0
    level_at: datetime | None = None
    """Whether movement was told that is not over yet: 1 notice, 2 urgent; and since when."""
    calm_s: float = 0.0
    over_at: datetime | None = None
    ended: Point | None = None
    """When somebody ended what was told while she had not been seen to be back, and where she was then."""
    company: Company | None = None
    """In whose company she is, as far as anybody had to ask."""
    others: list[Other] = msgspec.field(default_factory=list)
    closer_until: datetime | None = None
    """Until when her tracker was last asked to speak more often (`closer.py`)."""


def is_slow(kept: Movement) -> bool:
    """Whether her fixes are too far apart to see her walk."""
    return kept.step_s > SLOW_STEP_S


def expected_step_s(kept: Movement) -> float:
    """How far apart the next fixes will be. Who is asked no more goes back to what she did before."""
    return kept.step_s if _is_asked(kept) else max(kept.step_s, kept.own_step_s)


def _is_asked(kept: Movement) -> bool:
    return kept.closer_until is not None and kept.last is not None and kept.closer_until > kept.last.at


class Taken(Struct, frozen=True, gc=False):
    """A fix that counts: how she came to it, and to the one before it. `continued`: nothing is missing between them."""

    point: Point
    time_s: float
    length_m: float
    mode: Mode
    continued: bool
    before: Mode = Mode.UNKNOWN


def take(kept: Movement, point: Point) -> Taken | None:
    """Takes in a fix newer than those before it; None while nothing can be said of it."""
    last, kept.vanished = kept.last, False
    if last is None or point.at - last.at > OVER:
        begin(kept, point)
        return Taken(point, 0.0, 0.0, Mode.UNKNOWN, continued=False)
    time_s = (point.at - last.at).total_seconds()
    if time_s < STEP_S_MIN:
        return None
    length_m = distance_m(last.lat_deg, last.lon_deg, point.lat_deg, point.lon_deg)
    if not _believed(kept, point, length_m, time_s):
        return None
    _note_ghost(kept, point)
    kept.held = None
    _note_step(kept, time_s)
    continued = time_s <= max(BREAK.total_seconds(), 2.5 * kept.step_s)
    mode = _mode(length_m / time_s, SLOW_FOOT_MPS_MAX if is_slow(kept) else FOOT_MPS_MAX)
    _note_vehicle(kept, mode, time_s, point.at)
    _note_still(kept, point)
    _lengthen(kept, point, continued)
    before = kept.mode
    kept.last, kept.mode = point, mode
    return Taken(point, time_s, length_m, mode, continued, before)


def _note_step(kept: Movement, time_s: float) -> None:
    own_s = kept.own_step_s
    if own_s and not _is_asked(kept):
        kept.own_step_s = 0.0
        if time_s > 2 * kept.step_s:
            kept.step_s = own_s
            return
    kept.step_s = _step_s(kept.step_s, time_s)


def _step_s(before_s: float, time_s: float) -> float:
    """How far apart fixes are. Who leaves home wakes a tracker that slept there: what is quicker is taken in sooner."""
    if not before_s:
        return time_s
    share = 0.35 if time_s < before_s else 0.2
    return (1.0 - share) * before_s + share * min(time_s, 3 * before_s)


def on_ground(ground: Ground, taken: Taken, *, known: bool, days: int) -> None:
    """Takes in whether the place is known, and on which days she was around it (bits)."""
    if not taken.continued:
        ground.seen, ground.unknown_at, ground.unknown_s, ground.unknown_m = known, None, 0.0, 0.0
        ground.by_vehicle, ground.known_s, ground.route, ground.off_m = False, 0.0, days, 0.0
        return
    _follow(ground, taken, days)
    if not known:
        if ground.unknown_at is None:  # The step that led here began on what she knows: it counts from the next one on.
            ground.unknown_at = taken.point.at
        elif ground.known_s == 0.0 and _is_walk(taken):
            ground.unknown_s += taken.time_s
            ground.unknown_m += taken.length_m
        ground.by_vehicle = ground.by_vehicle or taken.mode is Mode.VEHICLE
        ground.known_s = 0.0
        return
    ground.known_s += taken.time_s
    if ground.unknown_at is None:
        ground.seen = True
        return
    share = 1.0 - taken.time_s * MADE_GOOD * min(days.bit_count(), 4) / 4 / max(ground.unknown_s, 1.0)
    if share <= 0.0 or ground.known_s >= BACK_S:
        ground.seen, ground.unknown_at, ground.unknown_s, ground.unknown_m = True, None, 0.0, 0.0
        ground.by_vehicle = False
    else:
        ground.unknown_s *= share
        ground.unknown_m *= share


def _is_walk(taken: Taken) -> bool:
    """Whether she walked. The end of a ride and the beginning of a stay, in one long step, look like it: once."""
    return taken.mode is Mode.FOOT and (taken.time_s <= SLOW_STEP_S or taken.before is Mode.FOOT)


BACK_S: Final = 600.0
"""So long on known ground, and she is back."""
MADE_GOOD: Final = 1.0
"""Until then each minute on ground where she often is makes a strange one good: who crosses a street that she knows is
not found by that."""

OFF_WINDOW_M: Final = 1_500.0
"""What is held against a line at most, so that it is made good again in time."""


def _follow(ground: Ground, taken: Taken, days: int) -> None:
    """The idea of iBOAT on her own days: as long as there is a day on which she was at all these places she is on her
    way, however she combines them. When there is none, the line begins anew where she is, and the step counts as off.
    """
    both = ground.route & days
    if both:
        ground.route = both
        ground.off_m = max(0.0, ground.off_m - taken.length_m)
        return
    ground.route = days
    if taken.mode is Mode.FOOT:
        ground.off_m = min(OFF_WINDOW_M, ground.off_m + taken.length_m)


def begin(kept: Movement, point: Point) -> None:
    """A line that begins here."""
    kept.last, kept.held, kept.mode = point, None, Mode.UNKNOWN
    kept.vehicle_s, kept.still, kept.still_off = 0.0, point, 0
    kept.trail = Trail(point.at, point.lat_deg, point.lon_deg, [(0, 0, 0)])
    kept.maybe_out = None


def _believed(kept: Movement, point: Point, length_m: float, time_s: float) -> bool:
    """Whether a fix can be taken: it can have been walked to, or she is on a ride, or it agrees with the one held."""
    if length_m <= VEHICLE_MPS_MIN * time_s + point.accuracy_m or kept.mode is Mode.VEHICLE:
        return True
    held = kept.held
    if held is not None and point.at > held.at:
        apart_m = distance_m(held.lat_deg, held.lon_deg, point.lat_deg, point.lon_deg)
        apart_s = (point.at - held.at).total_seconds()
        if apart_m <= max(HELD_MPS_MAX * apart_s * 0.5, 100.0) and apart_m < length_m:
            return True
    kept.held = point
    return False


def _note_ghost(kept: Movement, point: Point) -> None:
    """A fix that was held and did not come true: a wrong one, or somebody else under the same name, who is found where
    she was before.
    """
    last, held, ghost = kept.last, kept.held, kept.ghost
    if last is None or held is None:
        return
    leap_m = distance_m(last.lat_deg, last.lon_deg, held.lat_deg, held.lon_deg)
    if leap_m < GHOST_MPS_MIN * max((held.at - last.at).total_seconds(), STEP_S_MIN):
        return
    if distance_m(held.lat_deg, held.lon_deg, point.lat_deg, point.lon_deg) < leap_m / 2:
        return
    agrees = (
        ghost is not None
        and held.at - ghost.at <= OVER
        and distance_m(held.lat_deg, held.lon_deg, ghost.lat_deg, ghost.lon_deg)
        <= GHOST_M + FOOT_MPS_MAX * (held.at - ghost.at).total_seconds()
    )
    kept.ghost, kept.ghosts = held, kept.ghosts + 1 if agrees else 1


GHOST_MPS_MIN: Final = 55.0
"""Faster than anything on the roads (detection notes, section 2)."""
GHOST_M: Final = 300.0


def _mode(speed_mps: float, foot_mps_max: float) -> Mode:
    if speed_mps < FOOT_MPS_MIN:
        return Mode.STILL
    if speed_mps <= foot_mps_max:
        return Mode.FOOT
    return Mode.FAST if speed_mps <= VEHICLE_MPS_MIN else Mode.VEHICLE


def _note_vehicle(kept: Movement, mode: Mode, time_s: float, at: datetime) -> None:
    if mode is Mode.VEHICLE:
        kept.vehicle_s += time_s
        if kept.vehicle_s >= VEHICLE_S_MIN or kept.vehicle_at is not None:
            kept.vehicle_at = at
    elif kept.vehicle_s:
        kept.vehicle_s = max(0.0, kept.vehicle_s - time_s / 3)


def _note_still(kept: Movement, point: Point) -> None:
    still = kept.still
    if still is None:
        kept.still = point
    elif distance_m(still.lat_deg, still.lon_deg, point.lat_deg, point.lon_deg) <= max(STILL_M, point.accuracy_m):
        kept.still_off = 0
    elif kept.still_off:
        kept.still, kept.still_off = point, 0
    else:
        kept.still_off = 1


def _lengthen(kept: Movement, point: Point, continued: bool) -> None:
    trail = kept.trail
    if trail is None or not continued or (point.at - trail.from_at).total_seconds() > 20 * TRAIL_S:
        kept.trail = Trail(point.at, point.lat_deg, point.lon_deg, [(0, 0, 0)])
        return
    time_s = int((point.at - trail.from_at).total_seconds())
    east_m, north_m = to_local_m(trail.lat_deg, trail.lon_deg, point.lat_deg, point.lon_deg)
    _, last_east, last_north = trail.points[-1]
    if math.hypot(east_m - last_east, north_m - last_north) < MERGED_M:
        return
    trail.points.append((time_s, round(east_m), round(north_m)))
    while len(trail.points) > TRAIL_MAX or (len(trail.points) > 1 and trail.points[0][0] < time_s - TRAIL_S):
        del trail.points[0]
