"""What a whole day was like, from the places that are stored of it. Pure; `habits.learn` takes it in."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from app.geo.measure import distance_m
from app.watch.movement import ways
from app.watch.movement.habits import DAY_BEGINS, NEVER, RESOLUTION, Day, around, cell_at
from app.watch.movement.moving import Point

ACCURACY_M_MAX: Final = 100.0
"""What is known more coarsely says nothing of a cell of 131 m."""

JUMP_MPS: Final = 15.0
JUMP_M: Final = 300.0
"""A place that is so far, at such a speed, from both the one before and the one after is a wrong fix."""

FILLED_M: Final = 60.0
FILLED_M_MAX: Final = 1_200.0
FILLED_MPS_MAX: Final = 3.0
FILLED_S_MAX: Final = 600.0
"""Between two fixes of a walk she was on the line between them, as far as one may say so."""

WAY_FROM_M: Final = 50.0
WAY_TO_M: Final = 150.0
"""A walk from her door begins beyond her garden, and goes so far."""
WAY_FILLED_M: Final = 20.0
WAY_FILLED_S_MAX: Final = 150.0
"""Between two fixes that are farther apart in time she may have turned a corner."""

LASTING_S: Final = 240.0
"""What lasts so long is no jump of a receiver."""

OUT_M: Final = 200.0
"""Out is so far from home: the errors of a receiver indoors are seldom larger."""

OUTING_S: Final = 1_800.0
OUTING_M: Final = 150.0
"""Who was out was so long, or went on so far beyond: a receiver indoors that is off for some minutes, on two nights in
four weeks, made the hour her own, and who left at that hour was not told of."""

NIGHT_UNTIL_H: Final = 6

Home = tuple[float, float]


def day_of_track(track: Sequence[Point], day: date, home: Home | None, zone: ZoneInfo, peaks: Mapping[str, int]) -> Day:
    """What the day was like on which these places were, in order of time; `home` is where home is as far as it is
    known.
    """
    lines = _carried(track)
    places = lines[0] if len(lines) == 1 else sorted((one for line in lines for one in line), key=lambda one: one.at)
    made = Day(ordinal=day.toordinal(), peaks=peaks, home=_home_of(places, zone))
    for line in lines:
        for one in _filled(line):
            cell = cell_at(one.lat_deg, one.lon_deg, RESOLUTION)
            made.cells[cell] = made.cells.get(cell, 0) | 1 << one.at.astimezone(zone).hour // 3
        if from_home := home or made.home:
            away_m = [distance_m(*from_home, one.lat_deg, one.lon_deg) for one in line]
            _note_outings(made, line, away_m, day, zone)
            _note_ways(made, line, away_m, from_home)
    return made


def _carried(track: Sequence[Point]) -> list[list[Point]]:
    """What is believed of each device. Of several, those that lay at one place all day are left out where another one
    was carried: a phone in a drawer at her daughter's house is neither her home nor her way.
    """
    by_device: dict[int, list[Point]] = {}
    for one in track:
        by_device.setdefault(one.of, []).append(one)
    lines = [
        [one for one in believed(line) if one.accuracy_m <= ACCURACY_M_MAX] for line in by_device.values()
    ] or [[]]  # fmt: skip
    return lines if len(lines) == 1 else [line for line in lines if _was_carried(line)] or lines


def _was_carried(line: Sequence[Point]) -> bool:
    if not line:
        return False
    lat_deg, lon_deg = median(one.lat_deg for one in line), median(one.lon_deg for one in line)
    marks = [distance_m(lat_deg, lon_deg, one.lat_deg, one.lon_deg) > OUT_M for one in line]
    return any(_lasts(line, first, last) for first, last in _spells(marks))


def _lasts(places: Sequence[Point], first: int, last: int) -> bool:
    """Whether a spell is more than a wrong fix, or two of the same."""
    return last > first and (places[last].at - places[first].at).total_seconds() >= LASTING_S


def _is_outing(places: Sequence[Point], first: int, last: int) -> bool:
    """Whether she was out in a spell away from home, and not a receiver that was off for a while."""
    if not _lasts(places, first, last):
        return False
    start = places[first]
    if (places[last].at - start.at).total_seconds() >= OUTING_S:
        return True
    spell = places[first : last + 1]
    return any(distance_m(start.lat_deg, start.lon_deg, one.lat_deg, one.lon_deg) > OUTING_M for one in spell)


def believed(track: Sequence[Point]) -> list[Point]:
    """The places without those that nobody can have gone to and come back from."""
    kept: list[Point] = []
    for number, one in enumerate(track):
        before = kept[-1] if kept else None
        after = track[number + 1] if number + 1 < len(track) else None
        if before is None or after is None or not (_leaps(before, one) and _leaps(one, after)):
            kept.append(one)
    return kept


def _leaps(one: Point, other: Point) -> bool:
    apart_m = distance_m(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
    return apart_m > JUMP_M and apart_m > JUMP_MPS * max((other.at - one.at).total_seconds(), 1.0)


def _filled(places: Sequence[Point], every_m: float = FILLED_M, s_max: float = FILLED_S_MAX) -> Iterator[Point]:
    """The places, and those on the line between two of a walk."""
    for number, one in enumerate(places):
        yield one
        if number + 1 == len(places):
            return
        after = places[number + 1]
        time_s = (after.at - one.at).total_seconds()
        apart_m = distance_m(one.lat_deg, one.lon_deg, after.lat_deg, after.lon_deg)
        if time_s > s_max or apart_m > min(FILLED_M_MAX, FILLED_MPS_MAX * time_s):
            continue
        count = int(apart_m / every_m)
        for part in range(1, count + 1):
            share = part / (count + 1)
            yield Point(
                one.at + (after.at - one.at) * share,
                one.lat_deg + (after.lat_deg - one.lat_deg) * share,
                one.lon_deg + (after.lon_deg - one.lon_deg) * share,
                one.accuracy_m,
            )


def _home_of(places: Sequence[Point], zone: ZoneInfo) -> Home | None:
    """Where she was longest at night; where the day began for who sends nothing at night."""
    nights: dict[int, list[Point]] = {}
    for one in places:
        if one.at.astimezone(zone).hour < NIGHT_UNTIL_H:
            nights.setdefault(cell_at(one.lat_deg, one.lon_deg, RESOLUTION), []).append(one)
    if not nights:
        return (places[0].lat_deg, places[0].lon_deg) if places else None
    most = max(nights, key=lambda cell: (sum(len(nights.get(one, ())) for one in around(cell)), cell))
    there = [one for cell in around(most) for one in nights.get(cell, ())]
    return median(one.lat_deg for one in there), median(one.lon_deg for one in there)


def _note_outings(made: Day, places: Sequence[Point], away_m: Sequence[float], day: date, zone: ZoneInfo) -> None:
    begins = datetime.combine(day, time(), zone) + DAY_BEGINS
    for first, last in _spells([away > OUT_M for away in away_m]):
        if not _is_outing(places, first, last):
            continue  # No hour of the night is her own by that.
        for one in places[first : last + 1]:
            local = one.at.astimezone(zone)
            made.slots |= 1 << local.hour * 2 + local.minute // 30
        until = max(0, int((places[last].at - begins).total_seconds() / 60))
        made.last_out = until if made.last_out == NEVER else max(made.last_out, until)
    far = _far(places, away_m)
    if far != NEVER:
        made.far = far if made.far == NEVER else max(made.far, far)


def _note_ways(made: Day, places: Sequence[Point], away_m: Sequence[float], home: Home) -> None:
    """Notes the streets by which she left home and came back: of a receiver that drifts off indoors none."""
    for first, last in _spells([away > WAY_FROM_M for away in away_m]):
        if not _lasts(places, first, last) or max(away_m[first : last + 1]) <= WAY_TO_M:
            continue
        for one in _filled(places[first : last + 1], WAY_FILLED_M, WAY_FILLED_S_MAX):
            if distance_m(*home, one.lat_deg, one.lon_deg) <= ways.NEAR_M:
                made.ways.add(ways.cell_of(one.lat_deg, one.lon_deg))


def _spells(marks: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """The first and the last place of each run of marks."""
    first: int | None = None
    for number, mark in enumerate(marks):
        if mark and first is None:
            first = number
        elif not mark and first is not None:
            yield first, number - 1
            first = None
    if first is not None:
        yield first, len(marks) - 1


def _far(places: Sequence[Point], away_m: Sequence[float]) -> int:
    """Where she was, or farther, for a while and in two fixes: a jump lasts no time, every stop does."""
    time_s = 0.0
    for count, number in enumerate(sorted(range(len(places)), key=lambda number: -away_m[number])):
        after = places[number + 1].at if number + 1 < len(places) else places[number].at
        time_s += min((after - places[number].at).total_seconds(), FILLED_S_MAX)
        if time_s >= LASTING_S and count:
            return min(NEVER - 1, int(away_m[number] / 10))
    return NEVER
