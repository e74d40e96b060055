"""One judgement out of all rules of movement, not ten alarms.

What is strongest counts whole, what comes besides by half: rules look at the same walk from several sides. One point is
a notice, two are urgent. What was told stays told until she is home, or has been back for ten minutes where she knows
her way; after that there is a time in which only what is urgent is told. Whoever has not been known for four weeks yet
is judged by the hour of the night alone: everything she does is new to us.

What is unusual for her is measured against the most unusual of her own ordinary days (`evidence.threshold_of`): a town
has people who take the same street for years and people who explore, and both have a right to be let alone.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

from app.geo.fences import signed_distance_m
from app.geo.model import FencePurpose, Geofence
from app.push.model import Level
from app.watch.model import (
    JUDGED_AGE_MAX,
    Observation,
    Outcome,
    Passed,
    Reason,
    Seen,
    Side,
    Subject,
    WatchEvent,
    WatchState,
)
from app.watch.movement import unusual_hour, vanished
from app.watch.movement.allowances import Hush, allows_place, hush
from app.watch.movement.door import HOME_M, SLOW_S, away_from_home_m, note_home
from app.watch.movement.events import event_of
from app.watch.movement.evidence import Evidence, Moment, Rule, weigh
from app.watch.movement.following import follows
from app.watch.movement.habits import RESOLUTION, Habits, area_of, at_place, cell_at, day_of, days_there
from app.watch.movement.moving import STEP_S_MIN, Ground, Mode, Movement, Peaks, Point, Taken, on_ground, take
from app.watch.movement.rules import RULES
from app.watch.movement.shapes import long_shape_of, shape_of
from app.watch.movement.word import take_word
from app.watch.outage import Outage
from app.watch.passage import place_of
from app.watch.silence import Uptime

COARSE_M: Final = 150.0
"""A fix that may be off by more says nothing of a walk."""

TRACKED_S: Final = 300.0

SHAPES_S_MAX: Final = 90.0
"""With longer steps nobody can see a turn: of 77 who paced none was found at 300 s (detection notes, section 6)."""

CALM_S: Final = 600.0
QUIET_AFTER: Final = timedelta(minutes=60)
STALE: Final = timedelta(hours=6)
"""After so long what was told is an old story, and what comes is a new one: somebody may have seen to the first."""

SLOW_FIXES: Final = 2
"""Of a slow tracker so many in a row are enough, where more are asked for; one may be wrong."""
FIXES_EVERY_S: Final = 60.0
"""What so many fixes in a row must say is counted in fixes so far apart."""
PLACES_A_DAY: Final = 8
"""At so many places it is noted how unusual a day was, by all rules that tell places apart."""

NOTICE: Final = 1.0
URGENT: Final = 2.0
BESIDES: Final = 0.5

NOBODY: Final = Habits()


def look(state: WatchState, observation: Observation, subject: Subject, now: datetime) -> Iterator[WatchEvent]:
    """A notice or something urgent when what she does adds up to it, and the end of it."""
    if not isinstance(observation, Seen | Passed) or not subject.settings.movement:
        return
    point = _point(observation)
    if point is None or point.accuracy_m > COARSE_M or point.at < now - JUDGED_AGE_MAX:
        return
    movement = state.movement
    if movement is None:
        movement = state.movement = Movement()
    last = movement.last
    if not follows(movement, point) or (last is not None and _tells_less(point, last, observation)):
        return
    taken = take(movement, point)
    if taken is None:
        return
    moment = _moment(movement, taken, subject)
    moment.left_home = _left_home(state, subject)
    yield from _judged(moment, observation.received_at)


def _left_home(state: WatchState, subject: Subject) -> bool:
    """Whether the fence of her home has told that she left, and she is not back."""
    kept = (state.fences.get(fence.id.hex) for fence in subject.fences if _tells(fence))
    return subject.settings.geofence and any(
        one is not None and one.side is Side.OUTSIDE and one.untold_at is None for one in kept
    )


def _tells(fence: Geofence) -> bool:
    return fence.purpose is FencePurpose.HOME and fence.tell_exit


def _point(observation: Seen | Passed) -> Point | None:
    """Where she was; None where a passage says nothing of that."""
    if isinstance(observation, Seen):
        of = crc32(observation.device_id.bytes)
        return Point(observation.at, observation.lat_deg, observation.lon_deg, observation.accuracy_m, of)
    place = None if observation.doubtful else place_of(observation)
    if place is None:
        return None
    return Point(observation.at, place.lat_deg, place.lon_deg, place.accuracy_m, crc32(observation.tag_id.bytes))


def _tells_less(point: Point, last: Point, observation: Seen | Passed) -> bool:
    """Whether it is a passage soon after another one: detectors beside each other hear a tag by turns."""
    if not isinstance(observation, Passed) or point.of != last.of:
        return False
    return (point.at - last.at).total_seconds() < TRACKED_S


def tick(
    state: WatchState, subject: Subject, now: datetime, uptime: Uptime | None = None, town: Outage | None = None
) -> Iterator[WatchEvent]:
    """Something urgent when the last that was heard of her is that she walked where she does not know her way."""
    movement = state.movement
    due_at = vanished.due_at(movement, uptime, town, now)
    if movement is None or movement.last is None or due_at is None or due_at > now:
        return
    movement.vanished = True
    if not subject.settings.movement or movement.level > 1 or (subject.habits or NOBODY).days < subject.learn_days:
        return
    if now - due_at > vanished.NEWS:
        return
    last = movement.last
    if not _hushed(movement, last, subject, now).lets("vanished"):
        return
    since = movement.level_at if movement.level and movement.level_at is not None else now
    movement.level, movement.level_at = 2, since
    yield event_of(
        subject, "vanished", f"movement:2:{since.isoformat()}", (vanished.reason(movement, now),), at=now,
        received_at=now, place=movement.last, level=Level.URGENT,
    )  # fmt: skip


def due_at(
    state: WatchState,
    subject: Subject,
    uptime: Uptime | None = None,
    town: Outage | None = None,
    now: datetime | None = None,
) -> datetime | None:
    """When time alone will say something of her movement; None when it cannot."""
    return vanished.due_at(state.movement, uptime, town, now) if subject.settings.movement else None


def _moment(movement: Movement, taken: Taken, subject: Subject) -> Moment:
    habits = subject.habits or NOBODY
    point = taken.point
    cell = cell_at(point.lat_deg, point.lon_deg, RESOLUTION)
    days = days_there(habits, cell) if len(habits.cells) else 0
    home_m = away_from_home_m(subject, point)
    known = days != 0 or (home_m is not None and home_m <= HOME_M) or _is_own(subject, point)
    on_ground(movement.ground, taken, known=known, days=days)
    note_home(movement, taken, home_m, subject)
    if home_m is not None and home_m <= HOME_M:
        movement.ground = Ground(seen=True, route=days)
    moment = Moment(
        at=point.at,
        local=point.at.astimezone(subject.zone),
        subject=subject,
        habits=habits,
        movement=movement,
        taken=taken,
        cell=cell,
        home_m=home_m,
        known=known,
    )
    if movement.out_at is not None and movement.trail is not None and 0 < movement.step_s <= SHAPES_S_MAX:
        now_s = (point.at - movement.trail.from_at).total_seconds()
        moment.shape = shape_of(movement.trail.points, now_s)
        moment.long_shape = long_shape_of(movement.trail.points, now_s)
    return moment


def _is_own(subject: Subject, point: Point) -> bool:
    """Whether it is a place that the family drew, or said is fine: what has a name is known."""
    if allows_place(subject.allowances, point.at, point.lat_deg, point.lon_deg):
        return True
    return any(
        fence.tell_enter is False and signed_distance_m(fence, point.lat_deg, point.lon_deg) >= 0
        for fence in subject.fences
    )


def _judged(moment: Moment, received_at: datetime) -> Iterator[WatchEvent]:
    movement, subject = moment.movement, moment.subject
    ready = moment.habits.days >= subject.learn_days
    hushed = _hushed(movement, moment.taken.point, subject, moment.at)
    found: list[Evidence] = []
    peaks = _peaks(movement, day_of(moment.at, subject.zone).toordinal())
    for rule in RULES:
        measure = rule.measure(moment)
        if measure < rule.floor:
            movement.streaks.pop(rule.name, None)
            continue
        if rule.cap > rule.floor:
            _note_peak(peaks, rule, moment.cell, min(255, int(measure)))
        if (ready or not rule.needs_habits) and hushed.lets(rule.name):
            evidence = weigh(rule, moment, measure)
            streak = movement.streaks.get(rule.name, 0) + 1 if evidence else 0
            if rule.fixes > 1:
                movement.streaks[rule.name] = streak
            if evidence is not None and streak >= _enough(rule, moment):
                found.append(evidence)
    found.sort(key=lambda one: -one.points)
    points = found[0].points + BESIDES * sum(one.points for one in found[1:]) if found else 0.0
    yield from _told(moment, received_at, found, points)


def _enough(rule: Rule, moment: Moment) -> int:
    """How many fixes in a row must say so: fewer of a slow tracker, more of one that speaks often."""
    if rule.fixes == 1:
        return 1
    if moment.taken.time_s > SLOW_S:
        return min(rule.fixes, SLOW_FIXES)
    return max(rule.fixes, 1 + round((rule.fixes - 1) * FIXES_EVERY_S / max(moment.movement.step_s, STEP_S_MIN)))


def _note_peak(peaks: dict[str, int], rule: Rule, cell: int, measure: int) -> None:
    """Notes how unusual the day is, and where, as far as that is told apart."""
    peaks[rule.name] = max(peaks.get(rule.name, 0), measure)
    if rule.here_cap:
        name = at_place(rule.name, area_of(cell))
        if name in peaks or sum("@" in one for one in peaks) < PLACES_A_DAY:
            peaks[name] = max(peaks.get(name, 0), measure)


def _hushed(movement: Movement, point: Point, subject: Subject, now: datetime) -> Hush:
    """How much her family does not want to hear of."""
    if not subject.allowances:
        return Hush.NOTHING
    return hush(subject.allowances, now, point.lat_deg, point.lon_deg, movement.out_at, subject.zone)


def _peaks(movement: Movement, day: int) -> dict[str, int]:
    """The peaks of this day. Those of the day before are kept until it is learnt."""
    if not movement.peaks or movement.peaks[-1].day < day:
        movement.peaks = [*movement.peaks[-1:], Peaks(day, {})]
    return movement.peaks[-1].by_rule


def _told(moment: Moment, received_at: datetime, found: list[Evidence], points: float) -> Iterator[WatchEvent]:
    movement = moment.movement
    if movement.level and movement.level_at is not None and moment.at - movement.level_at > STALE:
        movement.level, movement.over_at = 0, movement.level_at + STALE
    take_word(movement, moment.subject.allowances, moment.taken.point)
    level = 2 if points >= URGENT else 1 if points >= NOTICE else 0
    if level:
        movement.calm_s = 0.0
    if level > movement.level:
        quiet = movement.over_at is not None and moment.at - movement.over_at < QUIET_AFTER
        if level == 1 and quiet:
            return
        if not movement.level:
            movement.level_at = moment.at
        movement.level = level
        yield _event(moment, received_at, found, points, level)
    elif movement.level_at is not None and not level and _is_calm(moment):  # What is old is over then, too.
        movement.level, movement.level_at, movement.calm_s, movement.over_at = 0, None, 0.0, moment.at
        if not moment.left_home:  # Both are one alert: that she knows her way there does not bring her home.
            yield _over(moment, received_at)


def _is_calm(moment: Moment) -> bool:
    """Whether she is home, or has been for a while where she knows her way."""
    movement = moment.movement
    if moment.home_m is not None and moment.home_m <= HOME_M:
        return True
    left_at = movement.out_at
    if left_at is not None and unusual_hour.is_unusual(moment, left_at):  # Where she is by day is no place for a night.
        return False
    movement.calm_s = movement.calm_s + moment.taken.time_s if moment.known and moment.taken.continued else 0.0
    return movement.calm_s >= CALM_S and moment.taken.mode is not Mode.VEHICLE


def _event(moment: Moment, received_at: datetime, found: list[Evidence], points: float, level: int) -> WatchEvent:
    since = moment.movement.level_at or moment.at
    return event_of(
        moment.subject,
        found[0].rule.name,
        f"movement:{level}:{since.isoformat()}",
        tuple(_reason(one, moment, points) for one in found),
        at=moment.at,
        received_at=received_at,
        place=moment.taken.point,
        level=Level.URGENT if level > 1 else Level.NOTICE,
    )


def _reason(one: Evidence, moment: Moment, points: float) -> Reason:
    reason = one.rule.reason(moment, one.measure)
    more = {"threshold": round(one.threshold, 1), "points": round(one.points, 2), "all_points": round(points, 2)}
    return Reason(code=reason.code, params=reason.params, numbers={**reason.numbers, **more})


def _over(moment: Moment, received_at: datetime) -> WatchEvent:
    return event_of(
        moment.subject,
        "known_again",
        f"movement:over:{moment.at.isoformat()}",
        (Reason(code="known_again"),),
        at=moment.at,
        received_at=received_at,
        place=moment.taken.point,
        outcome=Outcome.OVER,
    )
