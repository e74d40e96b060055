"""Learning where wearers go: each day that is over is read from history and taken into her habit map.

It is worked out from one state of the store, on a reader's thread, and kept only where nobody was heard meanwhile: so
that twenty milliseconds for each of a hundred thousand wearers never keep devices waiting, a process that is killed in
between has changed nothing, and nothing that is heard falls between what was read and what counts as late.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from zlib import crc32

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.geo.quality import assumed_accuracy_m
from app.history import service as history
from app.history.model import TrackPoint
from app.households import service as households
from app.kit.ids import WearerId
from app.push.render import Words, words
from app.watch import store
from app.watch.movement import closing, days, habits
from app.watch.movement.closing import Learnt, Lesson
from app.watch.movement.habits import encode
from app.watch.movement.moving import Point
from app.watch.store import habits as maps
from app.watch.store.habits import DueMap, LearntMap, NewMap

AT_ONCE = 80
"""Maps that are worked out in one turn: two seconds, so that no other worker begins with the same ones."""

BEGUN_AT_ONCE = 5_000

PEAKS_KEPT = timedelta(days=4)
"""How unusual a day was is known of no day before that: it is held for two days at most, after the last two."""

BEGINS_BEFORE = timedelta(days=1)
"""Who is seen for the first time was seen since yesterday at the earliest."""

STAYS_SEEN = timedelta(minutes=10)
"""A passage that goes on is a place so often."""


class Progress(Struct, frozen=True, kw_only=True):
    """How far it is: so many days are known `of` those after which all rules speak."""

    days: int
    of: int
    words: Words


def progress(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> Progress:
    """How far learning is, for those who may know of the wearer. Raises `NotFound`."""
    households.visible_wearer(connection, viewer, wearer_id, None, now)
    kept = maps.maps_of(connection, [wearer_id]).get(wearer_id)
    known = 0 if kept is None else min(habits.decode(kept[1]).days, habits.DAYS)
    code = "known" if known == habits.DAYS else "running" if known else "nothing"
    params = {"days": str(known), "of": str(habits.DAYS)}
    return Progress(days=known, of=habits.DAYS, words=words(code, f"learning.{code}", params))


def habits_at(connection: Connection, wearer_id: WearerId, at: datetime) -> tuple[habits.Habits, int, int] | None:
    """Her habit map as it is now, which day (`date.toordinal`) a moment belongs to, and its hour on her clock; None
    where nothing is learnt. For the search for her: nobody else is given it.
    """
    kept = maps.maps_of(connection, [wearer_id]).get(wearer_id)
    if kept is None:
        return None
    zone = store.zones_of(connection, [wearer_id])[wearer_id]
    return habits.decode(kept[1]), habits.day_of(at, zone).toordinal(), at.astimezone(zone).hour


def unknown_wearers(connection: Connection) -> list[NewMap]:
    """Wearers who were seen and of whom nothing is learnt yet: some of them."""
    return maps.without_map(connection, BEGUN_AT_ONCE)


def begin_learning(connection: Connection, found: Sequence[NewMap], now: datetime) -> None:
    """Begins to learn where these wearers go: if she was seen yesterday, at once."""
    since = {one.zone: closing.begin_of(habits.day_of(now, one.zone) - BEGINS_BEFORE, one.zone) for one in found}
    maps.add_maps(connection, [(one, since[one.zone]) for one in found], now)


Strayed = Callable[[Connection, Collection[WearerId], datetime], Mapping[WearerId, Sequence[datetime]]]
"""When each of some wearers strayed since a moment, as those who answer alerts saw it."""


def nobody_strayed(
    _connection: Connection, _wearer_ids: Collection[WearerId], _since: datetime
) -> Mapping[WearerId, Sequence[datetime]]:
    """Where nobody is asked."""
    return {}


def work_out(
    connection: Connection, retention: timedelta, now: datetime, strayed: Strayed = nobody_strayed
) -> list[LearntMap]:
    """What is to be learnt by now, for some wearers; nothing is changed. Days that began longer ago than `retention`
    are forgotten. What was unusual on a day on which she `strayed` makes nothing usual.
    """
    due = maps.due_maps(connection, now, AT_ONCE)
    if not due:
        return []
    found = strayed(connection, [one.wearer_id for one in due], now - PEAKS_KEPT)
    return [_work_out(connection, one, retention, found.get(one.wearer_id, ()), now) for one in due]


def keep(connection: Connection, found: Sequence[LearntMap]) -> int:
    """Keeps what was worked out; of how many wearers. Who was heard since is worked out again at the next turn."""
    states = store.load(connection, {one.wearer_id: one.city_id for one in found if one.habits is not None})
    changed = []
    count = 0
    for one in found:
        state = states.get(one.wearer_id)
        if state is not None and state.version != one.state_version:
            continue
        if not maps.save_map(connection, one):
            continue
        count += 1
        if state is not None:
            before = state.state.learnt.late if state.state.learnt else []
            late = [day for day in before if day not in one.late]
            state.state.learnt = Learnt(version=one.version + 1, until=one.learnt_until, late=late)
            changed.append(state)
    store.save(connection, changed, [one.due_at for one in changed])
    return count


def _work_out(
    connection: Connection, due: DueMap, retention: timedelta, strayed: Iterable[datetime], now: datetime
) -> LearntMap:
    learnt, known = due.state.learnt, due.habits
    late = learnt.late if learnt is not None else []
    ready = known.days >= habits.DAYS
    lesson = closing.lesson(due.learnt_until, late, due.state.movement, now, due.zone, ready=ready)
    forgotten = habits.forget_before(known, habits.day_of(now - retention, due.zone).toordinal())
    is_new = _learn(connection, due, lesson, strayed) or forgotten
    return LearntMap(
        wearer_id=due.wearer_id,
        city_id=due.city_id,
        habits=encode(known) if is_new else None,
        version=due.version,
        learnt_until=lesson.until,
        late=late,
        state_version=due.state_version,
        due_at=closing.due_at(due.wearer_id, now, due.zone),
    )


def _learn(connection: Connection, due: DueMap, lesson: Lesson, strayed: Iterable[datetime]) -> bool:
    """Takes in the days of a lesson on which she was anywhere; whether there was one."""
    movement = due.state.movement
    peaks = {one.day: one.by_rule for one in movement.peaks} if movement is not None else {}
    for at in strayed:
        peaks.pop(habits.day_of(at, due.zone).toordinal(), None)
    found = False
    for day, track in _tracks(connection, due, lesson):
        made = days.day_of_track(track, day, due.habits.home, due.zone, peaks.get(day.toordinal(), {}))
        if made.cells:
            habits.learn(due.habits, made)
            found = True
    return found


def _tracks(connection: Connection, due: DueMap, lesson: Lesson) -> Iterator[tuple[date, list[Point]]]:
    """The places of each day of a lesson, oldest day first; days that follow each other are read together."""
    for together in _runs(lesson.days):
        ends = closing.begin_of(together[-1] + timedelta(days=1), due.zone)
        begins = closing.begin_of(together[0], due.zone)
        places = history.recorded(connection, due.wearer_id, begins, min(ends, lesson.until))
        by_day: dict[date, list[Point]] = {}
        for point in _points(places, lesson.until):
            by_day.setdefault(habits.day_of(point.at, due.zone), []).append(point)
        for day in together:
            if day in by_day:
                yield day, by_day[day]


def _runs(all_days: Sequence[date]) -> Iterator[Sequence[date]]:
    begin = 0
    for number, day in enumerate(all_days, 1):
        if number == len(all_days) or all_days[number] - day > timedelta(days=1):
            yield all_days[begin:number]
            begin = number


def _points(places: Sequence[TrackPoint], until: datetime) -> list[Point]:
    """As many places as there were: who was at a detector for hours was there all the time."""
    found = []
    for one in places:
        accuracy_m = assumed_accuracy_m(one.known_by) if one.accuracy_m is None else one.accuracy_m
        of = 0 if one.carried_id is None else crc32(one.carried_id.bytes)
        found.append(Point(one.at, one.lat_deg, one.lon_deg, accuracy_m, of))
        at = one.at + STAYS_SEEN
        while one.until is not None and at <= min(one.until, until):
            found.append(Point(at, one.lat_deg, one.lon_deg, accuracy_m, of))
            at += STAYS_SEEN
    return sorted(found, key=_when)


def _when(one: Point) -> datetime:
    return one.at
