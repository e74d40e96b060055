"""Which days are learnt, and when: those that are over, but for an outing that goes on."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.kit.calendar import JST
from app.watch.model import WatchState
from app.watch.movement import closing
from app.watch.movement.closing import LATE_MAX, SPREAD_S, Learnt, begin_of, due_at, lesson
from app.watch.movement.habits import day_of
from app.watch.movement.moving import Ground, Movement
from tests.unit.watch.build import passed, seen, subject, told

TODAY = date(2026, 4, 10)
NOW = begin_of(TODAY, JST) + timedelta(minutes=20)
ONE = timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")


def test_a_day_begins_at_four_o_clock_where_she_lives_also_when_clocks_are_changed() -> None:
    assert [datetime(2026, 3, 28, 3, tzinfo=UTC), datetime(2026, 3, 29, 2, tzinfo=UTC)] == [
        begin_of(date(2026, 3, day), BERLIN) for day in (28, 29)
    ]


def test_what_is_over_is_learnt() -> None:
    found = lesson(begin_of(TODAY - 3 * ONE, JST), [], None, NOW, JST, ready=True)

    assert ([TODAY - 3 * ONE, TODAY - 2 * ONE, TODAY - ONE], begin_of(TODAY, JST)) == (found.days, found.until)


def test_no_more_than_four_weeks_are_looked_for() -> None:
    found = lesson(begin_of(TODAY - 300 * ONE, JST), [], None, NOW, JST, ready=True)

    assert (TODAY - 28 * ONE, 28) == (found.days[0], len(found.days))


def test_of_what_came_late_the_day_is_learnt_anew() -> None:
    late = [(TODAY - 40 * ONE).toordinal(), (TODAY - 5 * ONE).toordinal(), TODAY.toordinal()]
    found = lesson(begin_of(TODAY - ONE, JST), late, None, NOW, JST, ready=True)

    assert [TODAY - 5 * ONE, TODAY - ONE] == found.days


def held(
    movement: Movement, *, ready: bool = True, learnt_until: datetime | None = None
) -> tuple[list[date], datetime]:
    found = lesson(learnt_until or begin_of(TODAY - ONE, JST), [], movement, NOW, JST, ready=ready)
    return list(found.days), found.until


def test_an_outing_on_unknown_ground_waits_until_she_is_back() -> None:
    left_at = begin_of(TODAY, JST) - timedelta(hours=2)
    movement = Movement(ground=Ground(unknown_at=left_at))
    assert ([TODAY - ONE], left_at) == held(movement)
    assert ([TODAY - ONE], begin_of(TODAY, JST)) == held(movement, ready=False)  # All ground is new to us.

    movement.ground.unknown_at = None
    assert ([TODAY - ONE], begin_of(TODAY, JST)) == held(movement, learnt_until=left_at)


def test_what_was_told_waits_from_where_she_left_home() -> None:
    left_at = begin_of(TODAY, JST) - timedelta(hours=3)
    movement = Movement(out_at=left_at, level=1, level_at=left_at + timedelta(hours=1))

    assert ([TODAY - ONE], left_at) == held(movement, ready=False)


def test_who_is_away_for_days_and_strays_teaches_nothing_of_that() -> None:
    told_at = begin_of(TODAY, JST) - timedelta(hours=2)
    movement = Movement(out_at=told_at - timedelta(days=3), level=2, level_at=told_at)

    assert ([TODAY - ONE], told_at) == held(movement)


def test_who_left_after_the_day_had_ended_holds_nothing_back() -> None:
    movement = Movement(ground=Ground(unknown_at=NOW - timedelta(minutes=5)))

    assert ([TODAY - ONE], begin_of(TODAY, JST)) == held(movement)


def test_where_she_has_been_for_two_days_is_learnt() -> None:
    movement = Movement(ground=Ground(unknown_at=begin_of(TODAY, JST) - timedelta(days=2, minutes=1)))

    assert ([TODAY - ONE], begin_of(TODAY, JST)) == held(movement)


def test_what_was_learnt_is_not_unlearnt_by_an_outing() -> None:
    movement = Movement(ground=Ground(unknown_at=begin_of(TODAY, JST) - timedelta(hours=30)))

    assert ([], begin_of(TODAY - ONE, JST)) == held(movement)


@given(st.uuids(), st.integers(0, 365 * 24 * 60))
def test_a_day_is_due_within_an_hour_of_its_end(wearer_id: UUID, minute: int) -> None:
    now = NOW + timedelta(minutes=minute)
    ends = begin_of(day_of(now, JST) + ONE, JST)

    assert timedelta(0) <= due_at(wearer_id, now, JST) - ends < timedelta(seconds=SPREAD_S)
    assert now < due_at(wearer_id, now, JST)


def test_days_that_are_late_are_noted_once_and_not_without_end() -> None:
    learnt = Learnt(version=1, until=begin_of(TODAY, JST))
    for number in [*range(40), 3]:
        closing.note_late(learnt, NOW - number * ONE - ONE, JST)

    assert [TODAY.toordinal() - number for number in range(LATE_MAX, 0, -1)] == learnt.late


def test_only_what_was_before_the_last_lesson_is_late() -> None:
    until = begin_of(TODAY, JST)
    state = WatchState(learnt=Learnt(version=1, until=until))

    told(state, subject(), seen(0.0, at=until), now=NOW)
    assert [] == known(state)

    told(state, subject(), seen(0.0, at=until - timedelta(seconds=1)), now=NOW)
    told(state, subject(), passed(until - 2 * ONE, received_at=NOW), now=NOW)
    assert [TODAY.toordinal() - 2, TODAY.toordinal() - 1] == known(state)


def known(state: WatchState) -> list[int]:
    assert state.learnt is not None
    return state.learnt.late
