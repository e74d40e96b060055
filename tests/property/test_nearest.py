"""The order of units holds whatever they are, and says the same however they are given."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.dispatch.nearest import ANY, STALE, Free, KnownFrom, ranked
from tests.build import HOME, NOW
from tests.unit.dispatch.build import free

METRES = st.integers(0, 30_000)
UNITS = st.lists(
    st.builds(
        lambda north_m, age_s, base_m: (north_m, age_s, base_m),
        st.none() | METRES,
        st.integers(-60, 7_200),
        st.none() | METRES,
    ),
    max_size=12,
).map(lambda rows: [free(n, north, age_s=age, base_m=base) for n, (north, age, base) in enumerate(rows, 1)])


@given(UNITS, st.randoms())
def test_the_order_does_not_depend_on_how_they_are_given(units: list[Free], random: object) -> None:
    mixed = list(units)
    random.shuffle(mixed)  # type: ignore[attr-defined]

    assert ranked(units, HOME.lat_deg, HOME.lon_deg, ANY, NOW) == ranked(mixed, HOME.lat_deg, HOME.lon_deg, ANY, NOW)


@given(UNITS)
def test_everybody_is_there_once_and_none_who_is_silent_before_one_who_is_not(units: list[Free]) -> None:
    found = ranked(units, HOME.lat_deg, HOME.lon_deg, ANY, NOW)
    silent = [one.known_from in (KnownFrom.OLD, KnownFrom.NOWHERE) for one in found]

    assert sorted(one.unit.id for one in units) == sorted(one.unit_id for one in found)
    assert silent == sorted(silent)


@given(UNITS)
def test_of_two_whose_places_are_as_old_the_nearer_one_goes(units: list[Free]) -> None:
    found = [one for one in ranked(units, HOME.lat_deg, HOME.lon_deg, ANY, NOW) if one.known_from is KnownFrom.PHONE]
    for before, after in pairwise(found):
        assert before.counted_m is not None
        assert after.counted_m is not None
        assert before.age_s != after.age_s or before.distance_m <= after.distance_m  # type: ignore[operator]


@given(st.integers(0, 7_200), st.integers(0, 7_200), METRES)
def test_a_newer_place_never_makes_a_unit_come_later(age_s: int, other_s: int, north_m: int) -> None:
    newer, older = sorted((age_s, other_s))
    rival = free(2, north_m + 100, age_s=600)
    first = [
        ranked([free(1, north_m, age_s=age), rival], HOME.lat_deg, HOME.lon_deg, ANY, NOW)[0].unit_id.int
        for age in (newer, older)
    ]

    assert first != [2, 1]
    assert timedelta(seconds=newer) <= STALE or first == [2, 2]
