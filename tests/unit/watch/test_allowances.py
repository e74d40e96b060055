"""What the family said is fine, and what the rules of movement still say."""

from datetime import datetime, time, timedelta

import pytest
from msgspec.structs import replace

from app.geo.model import Window
from app.watch.model import AlertKind, Outcome, Subject, WatchEvent, WatchState
from app.watch.movement import allowances as fine
from app.watch.movement.allowances import Allowance, AllowanceKind, FineScope
from app.watch.movement.rules import RULES
from tests.unit.watch.build import GARDEN, METRES_PER_DEGREE, clock, seen, told
from tests.unit.watch.build import subject as hana

KNOWN = replace(hana(replace(GARDEN, tell_exit=False)), learn_days=0)
"""Nothing is known of her but her home, and rules speak all the same: everything else is strange ground."""
NEW = replace(KNOWN, learn_days=28)
"""Somebody new, of whom only the rule of the night speaks."""
JST = KNOWN.zone
STEP_M = 72.0
"""A minute of walking."""


def walk(
    state: WatchState, who: Subject, begins_at: datetime, metres: range, step_s: int = 60, home_s: int = 600
) -> list[WatchEvent]:
    """What is told of somebody who was at home and walks north so many steps of 72 m, as she goes."""
    resting = [seen(0.0, at=begins_at - timedelta(seconds=one)) for one in range(home_s, 0, -step_s)]
    walking = [
        seen(STEP_M * step, at=begins_at + timedelta(seconds=step_s * number)) for number, step in enumerate(metres)
    ]
    return told(state, who, *resting, *walking)


def rules(events: list[WatchEvent]) -> list[str]:
    return [one.rule for one in events if one.kind is AlertKind.MOVEMENT and one.outcome is Outcome.BEGAN]


def there(steps: float) -> tuple[float, float]:
    return 34.757 + STEP_M * steps / METRES_PER_DEGREE, 134.841


NOON = clock("12:00", day=6)


def allowed(*some: Allowance, who: Subject = KNOWN) -> Subject:
    return replace(who, allowances=some)


def test_who_strays_is_told_of() -> None:
    assert ["unfamiliar_on_foot"] == rules(walk(WatchState(), KNOWN, NOON, range(12)))


def test_a_reason_of_every_rule_can_be_answered() -> None:
    assert {rule.name for rule in RULES} <= fine.PLACES | fine.HOURS


def test_nothing_is_told_on_a_day_that_is_fine_and_everything_on_the_next() -> None:
    today = allowed(fine.this_day("home", NOON - timedelta(hours=2), JST))
    state = WatchState()

    assert [] == rules(walk(state, today, NOON, range(14)))
    assert ["unfamiliar_on_foot"] == rules(walk(state, today, NOON + timedelta(days=1), range(14)))


def test_a_day_is_over_at_four_in_the_morning() -> None:
    assert clock("4:00", day=7) == fine.day_ends(clock("4:00", day=6), JST) == fine.day_ends(clock("3:59", day=7), JST)


def test_who_leaves_home_in_the_night_is_told_of_on_a_day_that_was_fine() -> None:
    late = clock("22:40", day=6)
    today = allowed(fine.this_day("home", NOON, JST))

    assert "unusual_hour" in rules(walk(WatchState(), today, late, range(8)))


def test_who_was_out_before_the_night_is_left_in_peace_until_her_day_is_over() -> None:
    evening = clock("21:50", day=6)
    today = allowed(fine.this_day("home", NOON, JST))

    assert [] == rules(walk(WatchState(), today, evening, range(30)))


def test_what_is_said_in_the_night_holds_for_the_outing_of_which_it_was_said_and_no_other() -> None:
    left, said = clock("23:00", day=6), clock("23:20", day=6)
    tonight = allowed(fine.this_day("home", said, JST), who=NEW)
    state = WatchState()

    assert "unusual_hour" in rules(walk(state, NEW, left, range(14)))
    on = [seen(STEP_M * (14 + n), at=said + timedelta(minutes=n)) for n in range(20)]
    assert [] == rules(told(state, tonight, *on))
    assert "unusual_hour" in rules(walk(state, tonight, clock("2:00", day=7), range(14)))


def test_a_place_that_is_fine_is_known_ground_for_four_weeks() -> None:
    here = allowed(fine.this_place([there(8)], NOON))

    assert [] == rules(walk(WatchState(), here, NOON + timedelta(days=1), range(12)))
    assert rules(walk(WatchState(), here, NOON + timedelta(days=28, minutes=1), range(12)))


def test_beyond_a_place_that_is_fine_she_is_told_of() -> None:
    here = allowed(fine.this_place([there(8)], NOON))

    assert ["unfamiliar_on_foot"] == rules(walk(WatchState(), here, NOON + timedelta(days=1), range(26)))


def test_who_goes_another_way_is_told_of() -> None:
    here = allowed(fine.this_place([there(8)], NOON))

    assert rules(walk(WatchState(), here, NOON + timedelta(days=1), range(0, -12, -1)))


@pytest.mark.parametrize("days", [1, 400])
def test_a_place_that_is_always_fine_stays_so(days: int) -> None:
    always = allowed(fine.this_place([there(8)], NOON, for_good=True))

    assert [] == rules(walk(WatchState(), always, NOON + timedelta(days=days), range(12)))


def test_she_may_pace_where_it_is_fine_and_nowhere_else() -> None:
    to_and_fro = [abs(n % 4 - 2) for n in range(40)]
    here = allowed(fine.this_place([there(13)], NOON))
    paces = [seen(STEP_M * (12 + n), at=NOON + timedelta(minutes=m)) for m, n in enumerate(to_and_fro)]

    assert [] == rules(told(WatchState(), here, seen(0.0, at=NOON - timedelta(minutes=14)), *paces))
    assert rules(told(WatchState(), KNOWN, seen(0.0, at=NOON - timedelta(minutes=14)), *paces))


def test_an_hour_that_is_always_fine_is_usual_and_others_are_not() -> None:
    late = clock("22:40", day=6)
    always = allowed(fine.this_hour("unusual_hour", late, late, JST), who=NEW)

    assert [] == rules(walk(WatchState(), always, late + timedelta(days=9, minutes=20), range(4)))
    assert "unusual_hour" in rules(walk(WatchState(), always, clock("2:00", day=16), range(4)))


def test_she_may_be_out_as_late_as_is_fine() -> None:
    said = clock("20:00", day=6)
    late = fine.this_hour("not_back_by", clock("19:30", day=6), said, JST)

    assert 17 * 60 == fine.out_until_min([late])  # Nine in the evening.
    assert 0 == fine.out_until_min([fine.this_place([there(8)], NOON)])


def test_an_hour_reaches_over_midnight() -> None:
    late = fine.this_hour("unusual_hour", clock("23:30", day=6), NOON, JST)

    assert [True, True, False] == [
        fine.allows_hour([late], "unusual_hour", clock(text, day=7).astimezone(JST))
        for text in ("22:30", "0:29", "0:31")
    ]


def test_what_was_said_to_be_fine_is_over_and_what_comes_after_it_is_told_anew() -> None:
    state = WatchState()
    walk(state, KNOWN, NOON, range(12))
    said = NOON + timedelta(minutes=12)
    here = allowed(fine.this_place([there(11)], said))
    on = [seen(STEP_M * (12 + n), at=said + timedelta(minutes=n)) for n in range(3)]

    assert [] == rules(told(state, here, *on))
    movement = state.movement
    assert movement is not None
    assert (0, None, said) == (movement.level, movement.level_at, movement.over_at)


def test_after_that_only_what_is_urgent_is_told_within_the_hour() -> None:
    state = WatchState()
    walk(state, KNOWN, NOON, range(12))
    here = allowed(fine.this_place([there(11)], NOON + timedelta(minutes=12)))
    later = [seen(STEP_M * n, at=NOON + timedelta(minutes=n)) for n in range(12, 45)]

    assert ["urgent"] == [one.level for one in told(state, here, *later)]


def test_a_fence_of_which_it_was_said_is_quiet_that_day_until_she_leaves_in_the_night() -> None:
    today = [fine.this_day("home", NOON, JST)]

    assert fine.mutes(today, "home", clock("15:00", day=6), JST)
    assert not fine.mutes(today, "fence:ff", clock("15:00", day=6), JST)
    assert not fine.mutes(today, "home", clock("22:00", day=6), JST)
    assert not fine.mutes(today, "home", clock("4:00", day=7), JST)
    assert not fine.mutes([fine.this_place([there(1)], NOON)], "home", clock("15:00", day=6), JST)


def test_hours_of_a_fence_that_begin_after_it_was_said_count_as_before() -> None:
    evening = (Window(weekdays=127, from_time=time(18), until_time=time(6)),)
    by_day = (Window(weekdays=127, from_time=time(8), until_time=time(20)),)
    today = [fine.this_day("home", NOON, JST)]
    at = clock("18:30", day=6)

    assert [True, False] == [fine.mutes(today, "home", at, JST, [one]) for one in (by_day, evening)]
    assert fine.mutes(today, "home", clock("17:30", day=6), JST, [evening, None])


@pytest.mark.parametrize(
    ("codes", "placed", "scopes"),
    [
        (["outside_fence"], True, ["today"]),
        (["unusual_hour"], True, ["today", "always"]),
        (["unfamiliar_on_foot", "late"], True, ["today", "here", "always"]),
        (["unfamiliar_on_foot"], False, ["today"]),
        (["outside_fence", "stuck"], True, ["today", "here", "always"]),
    ],
)
def test_what_can_be_said_goes_by_what_was_told(codes: list[str], placed: bool, scopes: list[str]) -> None:
    assert [FineScope(one) for one in scopes] == list(fine.offered(codes, placed=placed))


def test_one_circle_holds_where_it_was_told_and_where_she_is_unless_that_is_too_far() -> None:
    both = fine.this_place([there(0), there(10)], NOON)
    far = fine.this_place([there(0), there(20)], NOON)

    assert [True, True] == [fine.allows_place([both], NOON, *there(steps)) for steps in (-4, 14)]
    assert (300.0, 34.757) == (far.radius_m, far.lat_deg)
    assert AllowanceKind.PLACE is both.kind
