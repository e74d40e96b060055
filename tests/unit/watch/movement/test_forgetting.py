"""What is forgotten of a habit map is as if it had never been learnt."""

from hypothesis import given
from hypothesis import strategies as st

from app.watch.movement import habits
from app.watch.movement.habits import CELLS_MAX, Day, Habits, encode, forget_before, learn

BYTES_MAX = 10_000
FIRST = 739_000
CELLS = [habits.cell_at(34.7 + number / 500, 134.8, habits.RESOLUTION) for number in range(9)]

days = st.lists(
    st.builds(
        Day,
        ordinal=st.integers(FIRST, FIRST + 50),
        cells=st.dictionaries(st.sampled_from(CELLS), st.integers(1, 255), min_size=1),
        slots=st.integers(0, (1 << habits.SLOTS) - 1),
        home=st.tuples(st.just(34.7), st.just(134.8)),
        far=st.integers(0, 1000),
        last_out=st.integers(0, 1400),
        peaks=st.dictionaries(st.sampled_from(["pacing", "stuck"]), st.integers(0, 255)),
        ways=st.sets(st.integers(1, 6)),
    ),
    max_size=40,
    unique_by=lambda one: one.ordinal,
).map(lambda found: sorted(found, key=lambda one: one.ordinal))


def learnt(some: list[Day]) -> Habits:
    made = Habits()
    for day in some:
        learn(made, day)
    return made


@given(days, st.integers(FIRST - 1, FIRST + 52))
def test_what_is_left_is_what_the_days_after_it_teach(lived: list[Day], ordinal: int) -> None:
    known = learnt(lived)
    expected = learnt([day for day in lived if day.ordinal >= ordinal][-habits.DAYS :])
    had = [one for one in known.ordinals if one < ordinal]

    assert bool(had) == forget_before(known, ordinal)
    for name in ("ordinals", "cells", "masks", "hours", "homes", "far", "last_out", "home", "ways"):
        assert getattr(expected, name) == getattr(known, name), name
    for name, series in known.peaks.items():
        assert expected.peaks.get(name, bytes(len(series))) == series
    assert (known.days == 0) == (not known.ordinals)
    assert not forget_before(known, ordinal)


def test_a_full_map_is_no_larger_than_may_be() -> None:
    known = Habits()
    for number in range(60):
        cells = {habits.cell_at(34.0 + number / 90, 134.0 + n / 300, habits.RESOLUTION): 255 for n in range(60)}
        peaks = dict.fromkeys(["unfamiliar_on_foot", "off_route", "pacing", "lapping", "wandering", "stuck"], 255)
        learn(known, Day(ordinal=FIRST + number, cells=cells, home=(34.0, 134.0), far=1, last_out=1, peaks=peaks))

    assert CELLS_MAX == len(known.cells)
    assert len(encode(known)) <= BYTES_MAX
