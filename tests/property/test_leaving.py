"""What must hold of leaving, whatever fixes come and in whatever order."""

import random
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.watch.model import Seen, WatchEvent, WatchState
from tests.build import NOW
from tests.unit.watch.build import seen, subject, told

far_m = st.floats(400.0, 3_000.0)
accuracies = st.sampled_from([8.0, 31.0, 92.0])
minutes_on = st.lists(st.integers(1, 100), min_size=1, max_size=8, unique=True)


def outside(minutes: list[int], metres: list[float], accuracy_m: float) -> list[Seen]:
    return [
        seen(metres[n % len(metres)], at=NOW + timedelta(minutes=minute), accuracy_m=accuracy_m)
        for n, minute in enumerate(sorted(minutes))
    ]


def exits(*fixes: Seen) -> list[WatchEvent]:
    """What is told of leaving, all fixes received in this order before the two hours are over."""
    state = WatchState()
    told(state, subject(), seen(0, at=NOW))
    now = NOW + timedelta(minutes=110)
    return [one for one in told(state, subject(), *fixes, now=now) if one.rule == "geofence_exit"]


@given(minutes_on, st.lists(far_m, min_size=1, max_size=3), accuracies, st.integers(0, 10_000))
def test_the_same_fixes_outside_are_told_in_any_order_or_in_none(
    minutes: list[int], metres: list[float], accuracy_m: float, seed: int
) -> None:
    """Where each is a witness of its own."""
    fixes = outside(minutes, metres, accuracy_m)
    shuffled = random.Random(seed).sample(fixes, len(fixes))

    assert len(exits(*fixes)) == len(exits(*reversed(fixes))) == len(exits(*shuffled)) <= 1


@given(minutes_on, st.lists(far_m, min_size=1, max_size=3), accuracies)
def test_leaving_takes_two_fixes_and_ninety_seconds_and_three_of_them_are_enough(
    minutes: list[int], metres: list[float], accuracy_m: float
) -> None:
    fixes = outside(minutes, metres, accuracy_m)
    is_told = bool(exits(*fixes))

    assert not is_told or (len(fixes) >= 2 and fixes[-1].at - fixes[0].at >= timedelta(seconds=90))
    assert is_told or len(fixes) < 3


@given(st.lists(st.tuples(st.integers(0, 6_000), st.floats(0.0, 4_000.0), accuracies), max_size=30))
def test_between_two_exits_she_was_inside(fixes: list[tuple[int, float, float]]) -> None:
    state = WatchState()
    rules = [
        event.rule
        for second, metres, accuracy_m in sorted(fixes)
        for event in told(state, subject(), seen(metres, at=NOW + timedelta(seconds=second), accuracy_m=accuracy_m))
    ]
    geofence = [rule for rule in rules if rule.startswith("geofence_")]

    assert all(one != other for one, other in pairwise(geofence))


@given(st.lists(st.tuples(st.integers(1, 100), st.booleans()), min_size=2, max_size=12, unique_by=lambda one: one[0]))
def test_who_is_never_twice_in_a_row_outside_has_not_left(walk: list[tuple[int, bool]]) -> None:
    fixes, before = [], True
    for minute, is_inside in sorted(walk):
        is_inside = is_inside or not before
        fixes.append(seen(0 if is_inside else 500, at=NOW + timedelta(minutes=minute)))
        before = is_inside

    assert exits(*fixes) == []
