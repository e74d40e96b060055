"""Synthetic searches with a seed: somebody who walks off, detectors that hear her or do not, searchers who miss her.

How she moves is not how the map reckons: fewer go to a place of their own (15 % against 25) and not quite so near, a
known heading says less (κ 0.7 against 1), ways are crooked, one in ten wears a tag that nobody hears, one in twenty
rides and half of those rides are not known of. How far she gets is drawn from the distances of ISRID, as far as she can
have walked by the moment at which the map is asked for; how long that is after she was last seen is an assumption (half
within 3 hours), since no figures were found. A case in which a searcher comes by and sees her is no case: she is found
without a map.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from app.geo.measure import to_local_m, travelled
from app.history.model import KnownBy
from app.missing.model import Known, Listener, Place, Point, Sweep, TrackPoint
from app.missing.spread import AT_THE_POINT, URBAN, WALK_MPS

MIDDLE = (34.757, 134.841)
TOWN_M = 6_600.0
"""Kakogawa: 138 km² as a disk, with its 1,475 detectors."""

DETECTORS = 1_475
RANGE_M = 50.0
HEARD = 0.8
DEAD, DOWN = 0.05, 0.05
"""Detectors that are silent all the time, or for some hours in it."""

TAG_LOST = 0.1
TO_A_PLACE, PLACES = 0.15, 3
HEADING_KNOWN, HEADING_KAPPA = 0.3, 0.7
RIDES, RIDE_KNOWN = 0.05, 0.5
HOURS_MEDIAN, HOURS_DEVIATION, HOURS_MIN, HOURS_MAX = 3.0, 0.7, 0.5, 24.0
TEAMS_MAX = 4
STRIP_M, POD, SEARCHER_MPS = 30.0, 0.7, 0.8
BLOCK_M = 300.0
START = datetime(2026, 4, 1, tzinfo=UTC)

Spot = tuple[float, float]
"""Metres east and north of the middle of the town."""


class Case(Struct, frozen=True, kw_only=True):
    """What is known, when the map is asked for, where she was last seen when the search began, and where she is."""

    known: Known
    now: datetime
    first: Point
    lat_deg: float
    lon_deg: float


class Town(Struct, frozen=True):
    """Detectors, each with its place and whether it is dead."""

    poles: Sequence[tuple[Spot, bool]]


def town(random: Random, detectors: int = DETECTORS) -> Town:
    """Detectors all over the town."""
    return Town([(_in_disk(random, TOWN_M), random.random() < DEAD) for _ in range(detectors)])


def cases(seed: int, count: int, detectors: int = DETECTORS) -> Iterator[Case]:
    """So many cases; the same for the same seed."""
    random = Random(seed)
    here = town(random, detectors)
    while count:
        found = _case(random, here)
        if found is not None:
            count -= 1
            yield found


class _Walk(Struct, frozen=True, kw_only=True):
    """Where she was when: seconds after she was last seen, and the spot."""

    moments: Sequence[tuple[float, Spot]]
    rides: bool

    @property
    def end(self) -> Spot:
        return self.moments[-1][1]

    def at(self, second: float) -> Spot:
        """Where she was then; where she came to in the end, she stays."""
        for (a_s, a), (b_s, b) in zip(self.moments, self.moments[1:], strict=False):
            if second < b_s:
                share = (second - a_s) / (b_s - a_s)
                return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
        return self.end


def _case(random: Random, here: Town) -> Case | None:
    begin = _in_disk(random, 3_000.0)
    hours = HOURS_MEDIAN * math.exp(random.gauss(0, HOURS_DEVIATION))
    seconds = 3600 * min(HOURS_MAX, max(HOURS_MIN, hours))
    places = [_off(begin, *_distance_and_way(random, math.inf)) for _ in range(PLACES)]
    heading = random.random() * 2 * math.pi
    walk = _walk(random, begin, places, heading, seconds)
    away = [_down(random, dead, seconds) for _, dead in here.poles]
    passed = None if random.random() < TAG_LOST or walk.rides else _last_heard(random, here, away, walk)
    sweeps = _sweeps(random, begin, seconds)
    if any(_is_seen(random, one, walk) for one in sweeps):
        return None
    now = START + timedelta(seconds=seconds)
    first = _point(begin, 0.0, 15.0, KnownBy.GNSS)
    known = Known(
        last=first if passed is None else _point(passed[1], passed[0], RANGE_M, KnownBy.DETECTOR),
        places=tuple(_place(one) for one in places),
        heading_deg=math.degrees(heading) if passed is None and random.random() < HEADING_KNOWN else None,
        rides=walk.rides and random.random() < RIDE_KNOWN,
        listeners=tuple(
            Listener(lat_deg=lat, lon_deg=lon, range_m=RANGE_M, away=tuple(spans))
            for (lat, lon), spans in zip((_lat_lon(spot) for spot, _ in here.poles), away, strict=True)
        ),
        tag_lost=0.4 if passed is None else 0.1,
        sweeps=tuple(sweeps),
    )
    lat_deg, lon_deg = _lat_lon(walk.end)
    return Case(known=known, now=now, first=first, lat_deg=lat_deg, lon_deg=lon_deg)


def _walk(random: Random, begin: Spot, places: Sequence[Spot], heading: float, seconds: float) -> _Walk:
    rides = random.random() < RIDES
    limit_m = math.inf if rides else 0.9 * WALK_MPS * seconds
    end = begin
    while True:
        if random.random() < TO_A_PLACE:
            near_m = 150.0 * math.exp(random.gauss(0, 1.2))
            end = _off(random.choice(places), near_m, random.random() * 2 * math.pi)
        else:
            away_m, _ = _distance_and_way(random, limit_m)
            end = _off(begin, away_m, random.vonmisesvariate(heading, HEADING_KAPPA))
        way = _crooked(random, begin, end)
        length_m = sum(math.dist(a, b) for a, b in itertools.pairwise(way))
        if length_m <= limit_m:
            break
    quickest_s = length_m / (10.0 if rides else WALK_MPS)
    arrives_s = min(seconds, quickest_s + random.random() * max(0.0, min(seconds, 4 * quickest_s) - quickest_s))
    gone_m, moments = 0.0, [(0.0, begin)]
    for a, b in itertools.pairwise(way):
        gone_m += math.dist(a, b)
        moments.append((arrives_s * gone_m / length_m if length_m else arrives_s, b))
    return _Walk(moments=moments, rides=rides)


def _crooked(random: Random, begin: Spot, end: Spot) -> list[Spot]:
    """A way of legs of some 150 m that wanders off the straight line by a tenth of it or so."""
    length_m = math.dist(begin, end)
    legs = max(1, round(length_m / 150))
    off_m, steps = 0.0, [0.0]
    for _ in range(legs):
        off_m += random.gauss(0, 60)
        steps.append(off_m)
    found = []
    across = ((end[1] - begin[1]) / length_m, (begin[0] - end[0]) / length_m) if length_m else (0.0, 0.0)
    for number in range(legs + 1):
        share = number / legs
        aside_m = steps[number] - share * off_m
        found.append(
            (
                begin[0] + share * (end[0] - begin[0]) + aside_m * across[0],
                begin[1] + share * (end[1] - begin[1]) + aside_m * across[1],
            )
        )
    return found


def _last_heard(
    random: Random, here: Town, away: Sequence[Sequence[tuple[datetime, datetime]]], walk: _Walk
) -> tuple[float, Spot] | None:
    """When and where a detector last heard her."""
    newest: tuple[float, Spot] | None = None
    for (spot, _), spans in zip(here.poles, away, strict=True):
        for (a_s, a), (b_s, b) in zip(walk.moments, walk.moments[1:], strict=False):
            share, apart_m = _nearest(a, b, spot)
            if apart_m > RANGE_M:
                continue
            at_s = a_s + share * (b_s - a_s)
            at = START + timedelta(seconds=at_s)
            listens = not any(begin <= at < end for begin, end in spans)
            if listens and random.random() < HEARD and (newest is None or at_s > newest[0]):
                newest = at_s, spot
            break
    return newest


def _down(random: Random, dead: bool, seconds: float) -> list[tuple[datetime, datetime]]:
    """When a detector does not listen."""
    if dead:
        return [(START - timedelta(days=3), START + timedelta(days=3))]
    if random.random() >= DOWN:
        return []
    begin = START + timedelta(seconds=random.uniform(-3600, seconds))
    return [(begin, begin + timedelta(hours=random.uniform(0.5, 6)))]


def _sweeps(random: Random, begin: Spot, seconds: float) -> list[Sweep]:
    """Teams that look at blocks near the point last known, line by line, in the second half of the time."""
    found = []
    for _ in range(random.randrange(TEAMS_MAX + 1)):
        corner = _off(begin, 800.0 * math.sqrt(random.random()), random.random() * 2 * math.pi)
        start_s = random.uniform(seconds / 2, seconds)
        points, gone_m, last = [], 0.0, corner
        for line in range(int(BLOCK_M / STRIP_M)):
            for east_m in (0.0, BLOCK_M) if line % 2 == 0 else (BLOCK_M, 0.0):
                spot = corner[0] + east_m, corner[1] + line * STRIP_M
                gone_m += math.dist(last, spot)
                last = spot
                at_s = start_s + gone_m / SEARCHER_MPS
                if at_s <= seconds:
                    lat, lon = _lat_lon(spot)
                    points.append(TrackPoint(at=START + timedelta(seconds=at_s), lat_deg=lat, lon_deg=lon))
        if points:
            found.append(Sweep(points=tuple(points), width_m=STRIP_M, pod=POD))
    return found


def _is_seen(random: Random, sweep: Sweep, walk: _Walk) -> bool:
    """Whether searchers come by and see her."""
    for a, b in zip(sweep.points, sweep.points[1:], strict=False):
        spot = walk.at((b.at - START).total_seconds())
        _share, apart_m = _nearest(_spot(a.lat_deg, a.lon_deg), _spot(b.lat_deg, b.lon_deg), spot)
        if apart_m <= STRIP_M / 2:
            return random.random() < POD
    return False


def _distance_and_way(random: Random, limit_m: float) -> tuple[float, float]:
    """A distance as people are found from where they were last seen, not beyond the limit, and any direction."""
    while True:
        if random.random() < AT_THE_POINT:
            away_m = 50.0 * random.random()
        else:
            away_m = 1000 * math.exp(random.gauss(URBAN.mean, URBAN.deviation))
        if away_m <= limit_m:
            return away_m, random.random() * 2 * math.pi


def _nearest(a: Spot, b: Spot, spot: Spot) -> tuple[float, float]:
    """How far along a leg, 0 to 1, it comes nearest to a spot, and how near, metres."""
    east, north = b[0] - a[0], b[1] - a[1]
    square = east * east + north * north
    share = 0.0 if not square else ((spot[0] - a[0]) * east + (spot[1] - a[1]) * north) / square
    share = min(1.0, max(0.0, share))
    return share, math.dist((a[0] + share * east, a[1] + share * north), spot)


def _in_disk(random: Random, radius_m: float) -> Spot:
    return _off((0.0, 0.0), radius_m * math.sqrt(random.random()), random.random() * 2 * math.pi)


def _off(spot: Spot, away_m: float, way: float) -> Spot:
    return spot[0] + away_m * math.sin(way), spot[1] + away_m * math.cos(way)


def _lat_lon(spot: Spot) -> tuple[float, float]:
    return travelled(*MIDDLE, math.degrees(math.atan2(spot[0], spot[1])), math.hypot(*spot))


def _spot(lat_deg: float, lon_deg: float) -> Spot:
    return to_local_m(*MIDDLE, lat_deg, lon_deg)


def _place(spot: Spot) -> Place:
    lat_deg, lon_deg = _lat_lon(spot)
    return Place(lat_deg=lat_deg, lon_deg=lon_deg)


def _point(spot: Spot, at_s: float, accuracy_m: float, known_by: KnownBy) -> Point:
    lat_deg, lon_deg = _lat_lon(spot)
    at = START + timedelta(seconds=at_s)
    return Point(at=at, lat_deg=lat_deg, lon_deg=lon_deg, accuracy_m=accuracy_m, known_by=known_by)


def without(known: Known, *layers: str) -> Known:
    """The same without some of what is known: `places`, `listeners`, `sweeps`."""
    return replace(known, **dict.fromkeys(layers, ()))
