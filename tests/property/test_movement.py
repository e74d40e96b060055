"""What must hold of the rules of movement on any walk, whatever their thresholds are."""

import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import lru_cache

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from app.watch.catalogue import decode_state, encode_state
from app.watch.model import WatchState
from app.watch.movement import habits
from app.watch.movement.judgement import STALE
from app.watch.movement.shapes import shape_of
from app.watch.replaying import Fix, Options, Replay, Spoken
from tests.unit.watch.movement.build import ZONE, clock, fix, ordinary_days

MOVEMENT = "movement"
STATE_BYTES_MAX = 4_096
LEARN_DAYS = 3
FIRST_AT = clock(LEARN_DAYS, "04:00")


class Leg(Struct, frozen=True):
    """So many fixes on a straight line; after `gap_s` without one; the first may be `wrong_m` off its place."""

    heading_deg: float
    speed_mps: float
    fixes: int
    step_s: int
    gap_s: int = 0
    wrong_m: float = 0.0


legs = st.builds(
    Leg,
    heading_deg=st.floats(0, 360),
    speed_mps=st.sampled_from([0.0, 0.05, 0.7, 1.1, 1.6, 3.0, 9.0, 40.0]),
    fixes=st.integers(1, 12),
    step_s=st.sampled_from([10, 20, 60, 61, 300, 900]),
    gap_s=st.sampled_from([0, 0, 0, 400, 1_800, 5_000, 40_000]),
    wrong_m=st.sampled_from([0.0, 0.0, 0.0, 90.0, 900.0, 30_000.0]),
)
walks = st.lists(legs, min_size=1, max_size=14)


def fixes_of(walk: Sequence[Leg]) -> list[Fix]:
    """The fixes of a walk that begins at home, with accuracies of all kinds."""
    at, east, north, found = FIRST_AT, 0.0, 0.0, []
    for leg in walk:
        at += timedelta(seconds=leg.gap_s)
        heading = math.radians(leg.heading_deg)
        for number in range(leg.fixes):
            at += timedelta(seconds=leg.step_s)
            east += leg.speed_mps * leg.step_s * math.sin(heading)
            north += leg.speed_mps * leg.step_s * math.cos(heading)
            off_m = leg.wrong_m if number == 0 else 0.0
            found.append(fix(at, east + off_m, north, accuracy_m=[8.0, 25.0, None, 140.0, 400.0][len(found) % 5]))
    return found


@lru_cache(4)
def _learnt(weeks: int) -> Replay:
    replay = Replay("hana", Options(zone=ZONE, learn_days=LEARN_DAYS, step_s=10))
    for one in ordinary_days(LEARN_DAYS):
        replay.take(later(one, weeks))
    return replay


def learnt(weeks: int = 0) -> Replay:
    """Somebody whose days are known, so many weeks later."""
    return _learnt(weeks).copy()


def later(one: Fix, weeks: int) -> Fix:
    return Fix(one.at + timedelta(weeks=weeks), one.lat_deg, one.lon_deg, one.accuracy_m)


def told(replay: Replay, fixes: Sequence[Fix], between: Callable[[Replay], None] = lambda _: None) -> list[Spoken]:
    found = []
    for one in fixes:
        found += replay.take(one)
        between(replay)
    return found


def restart(replay: Replay) -> None:
    replay.state = decode_state(encode_state(replay.state))


def learn_anew(replay: Replay) -> None:
    """As a process would that reads the map from its row."""
    again = habits.decode(habits.encode(replay.habits))
    for name in again.__struct_fields__:
        setattr(replay.habits, name, getattr(again, name))


@settings(max_examples=40)
@given(walks)
def test_a_restart_between_any_two_fixes_changes_nothing(walk: list[Leg]) -> None:
    kept, restarted = learnt(), learnt()
    fixes = fixes_of(walk)

    def between(replay: Replay) -> None:
        restart(replay)
        learn_anew(replay)

    assert told(kept, fixes) == told(restarted, fixes, between)
    assert encode_state(kept.state) == encode_state(restarted.state)
    assert habits.encode(kept.habits) == habits.encode(restarted.habits)


@settings(max_examples=40)
@given(st.lists(legs, min_size=8, max_size=40))
def test_the_state_stays_small_whatever_somebody_does(walk: list[Leg]) -> None:
    replay = learnt()

    def small(one: Replay) -> None:
        assert len(encode_state(one.state)) <= STATE_BYTES_MAX

    told(replay, fixes_of(walk), small)
    assert len(habits.encode(replay.habits)) <= 10_000


@settings(max_examples=25)
@given(walks, st.integers(1, 60))
def test_the_same_walk_some_weeks_later_is_the_same_story(walk: list[Leg], weeks: int) -> None:
    fixes = fixes_of(walk)
    now = told(learnt(), fixes)
    then = told(learnt(weeks), [later(one, weeks) for one in fixes])

    assert [msgspec.structs.replace(one, at=one.at + timedelta(weeks=weeks)) for one in now] == then


@settings(max_examples=40)
@given(walks, st.data())
def test_fixes_that_come_again_or_late_change_nothing(walk: list[Leg], data: st.DataObject) -> None:
    fixes = fixes_of(walk)
    plain, repeated = learnt(), learnt()
    said, said_again = [], []
    for number, one in enumerate(fixes):
        said += plain.take(one)
        said_again += repeated.take(one)
        said_again += repeated.take(fixes[data.draw(st.integers(0, number))])

    assert said == said_again
    assert encode_state(plain.state) == encode_state(repeated.state)


@settings(max_examples=40)
@given(walks)
def test_an_open_alert_is_told_once_and_grows_once(walk: list[Leg]) -> None:
    """No notice follows what is urgent before it is over, and nothing is said of an alert without a place."""
    level, over = 0, 0
    replay = learnt()
    for one in fixes_of(walk):
        before, since = 0, None
        if replay.state.movement:
            before, since = replay.state.movement.level, replay.state.movement.level_at
        if since is not None and one.at - since > STALE:  # Old by now: what she vanished from was told, and is over.
            before = 0
        said = [line for line in replay.take(one) if line.kind == MOVEMENT]  # A device in two places is another alert.
        level = replay.state.movement.level if replay.state.movement else 0

        assert len(said) <= 1
        assert not said or level > before or before == 0
        assert all(line.lat_deg is not None and line.lon_deg is not None and line.reason for line in said)
        over += level < before
    assert level in (0, 1, 2)


@given(walks)
@settings(max_examples=30)
def test_without_known_days_and_fences_nothing_is_said_by_day(walk: list[Leg]) -> None:
    replay = Replay("new", Options(zone=ZONE, step_s=10))
    by_day = [one for one in fixes_of(walk) if 6 <= one.at.astimezone(ZONE).hour < 21]

    assert [] == told(replay, by_day)


coordinates = st.integers(-200, 200)
drawn_lines = st.lists(st.tuples(st.integers(30, 90), coordinates, coordinates), min_size=8, max_size=40)


@given(drawn_lines, st.integers(0, 3), coordinates, coordinates, st.booleans())
def test_a_line_is_the_same_when_it_is_turned_moved_and_mirrored(
    line: list[tuple[int, int, int]], quarters: int, east_m: int, north_m: int, mirrored: bool
) -> None:
    points, time_s = [], 0
    for step_s, east, north in line:
        time_s += step_s
        points.append((time_s, east, north))

    def moved(point: tuple[int, int, int]) -> tuple[int, int, int]:
        at_s, east, north = point
        for _ in range(quarters):
            east, north = -north, east
        return at_s, (-east if mirrored else east) + 9 * east_m, north + 9 * north_m

    one, other = shape_of(points, time_s), shape_of([moved(point) for point in points], time_s)

    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.turns == other.turns
        for name in ("time_s", "path_m", "extent_m", "along_m"):
            assert math.isclose(getattr(one, name), getattr(other, name), rel_tol=1e-6, abs_tol=1e-3), name


days = st.builds(
    lambda number, cells, slots, far: habits.Day(
        ordinal=739_000 + number, cells={habits.cell_at(34.7 + one / 100, 134.8, 10): band for one, band in cells.items()},
        slots=slots, home=(34.7, 134.8), far=far, last_out=far,
    ),
    st.integers(0, 60),
    st.dictionaries(st.integers(0, 40), st.integers(1, 255), max_size=12),
    st.integers(0, (1 << habits.SLOTS) - 1),
    st.sampled_from([0, 60, 900, habits.NEVER]),
)  # fmt: skip


@given(st.lists(days, max_size=50))
def test_a_map_knows_the_places_of_its_last_days_and_no_others(some: list[habits.Day]) -> None:
    known = habits.Habits()
    for one in sorted(some, key=lambda day: day.ordinal):
        habits.learn(known, one)
    last = sorted({one.ordinal for one in some}, reverse=True)[: habits.DAYS]
    expected = {cell for one in some if one.ordinal in last for cell in one.cells}

    assert last == known.ordinals
    assert sorted(expected) == list(known.cells)
    for cell, mask in zip(known.cells, known.masks, strict=True):
        there = {one.ordinal for one in some if cell in one.cells}
        assert there & set(last) == {known.ordinals[bit] for bit in range(habits.DAYS) if mask >> bit & 1}
    again = habits.decode(habits.encode(known))
    assert habits.encode(again) == habits.encode(known)


@given(st.lists(days, max_size=40))
def test_a_day_that_is_learnt_twice_is_learnt_once(some: list[habits.Day]) -> None:
    once, twice = habits.Habits(), habits.Habits()
    for one in some:
        habits.learn(once, one)
        habits.learn(twice, one)
        habits.learn(twice, one)

    assert habits.encode(once) == habits.encode(twice)


def test_an_empty_state_is_small() -> None:
    assert len(encode_state(WatchState())) <= 1
