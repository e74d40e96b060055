"""What is fine never reaches further than it was said, whenever and wherever."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.geo.measure import distance_m, travelled
from app.watch.movement import allowances as fine
from app.watch.movement.allowances import Hush
from tests.build import NOW

ZONES = st.sampled_from([ZoneInfo(name) for name in ("Asia/Tokyo", "Europe/Berlin", "America/New_York")])
MOMENTS = st.integers(0, 400 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes))
PLACES = st.tuples(st.floats(24.0, 46.0), st.floats(122.0, 146.0))
APART = st.tuples(st.floats(0.0, 359.0), st.floats(0.0, 3_000.0))


@given(at=MOMENTS, zone=ZONES)
def test_a_day_ends_within_a_day_and_at_four_on_the_clock_of_the_city(at, zone) -> None:  # type: ignore[no-untyped-def]
    ends = fine.day_ends(at, zone)

    assert at < ends <= at + timedelta(hours=25)
    assert (4, 0) == (ends.astimezone(zone).hour, ends.astimezone(zone).minute)
    assert fine.day_ends(ends, zone) > ends


@given(said=MOMENTS, later=st.integers(-3_000, 3_000), left=st.integers(0, 3_000), zone=ZONES)
def test_a_day_hushes_nothing_after_it_and_never_who_left_anew_at_night(said, later, left, zone) -> None:  # type: ignore[no-untyped-def]
    at = said + timedelta(minutes=later)
    left_at = at - timedelta(minutes=left)
    hush = fine.hush([fine.this_day("home", said, zone)], at, 34.7, 134.8, left_at, zone)

    if at >= fine.day_ends(said, zone):
        assert hush is Hush.NOTHING
    if left_at > said and (left_at.astimezone(zone).hour >= 22 or left_at.astimezone(zone).hour < 5):
        assert hush.lets("unusual_hour")


@given(
    places=st.builds(
        lambda first, others: [first, *(travelled(*first, *one) for one in others)], PLACES, st.lists(APART, max_size=4)
    )
)
def test_a_circle_holds_all_places_that_fit_and_each_with_what_is_around_it(places) -> None:  # type: ignore[no-untyped-def]
    one = fine.this_place(places, NOW)
    assert one.lat_deg is not None
    assert one.lon_deg is not None
    assert one.radius_m is not None

    assert one.radius_m <= fine.HERE_M_MAX
    assert distance_m(one.lat_deg, one.lon_deg, *places[0]) <= one.radius_m - fine.HERE_M + 1.0
    widest_m = max(distance_m(*some, *other) for some in places for other in places)
    if widest_m <= 400.0:
        assert all(fine.allows_place([one], NOW, *place) for place in places)


@given(place=PLACES, apart=APART, probe=APART, for_good=st.booleans())
def test_a_place_holds_both_and_nothing_beyond_its_radius(place, apart, probe, for_good) -> None:  # type: ignore[no-untyped-def]
    there = travelled(*place, *apart)
    one = fine.this_place([place, there], NOW, for_good=for_good)
    assert one.lat_deg is not None
    assert one.lon_deg is not None
    assert one.radius_m is not None

    assert 300.0 <= one.radius_m <= 800.0
    assert fine.allows_place([one], NOW, *place)
    if apart[1] <= 999.0:
        assert fine.allows_place([one], NOW, *there)
    somewhere = travelled(*place, *probe)
    if distance_m(one.lat_deg, one.lon_deg, *somewhere) > one.radius_m:
        assert not fine.allows_place([one], NOW, *somewhere)
    assert fine.allows_place([one], NOW + timedelta(days=28), *place) is for_good


@given(first=MOMENTS, later=st.integers(0, 2 * 24 * 60), zone=ZONES)
def test_an_hour_holds_when_she_left_and_two_hours_at_most(first, later, zone) -> None:  # type: ignore[no-untyped-def]
    one = fine.this_hour("unusual_hour", first, first + timedelta(minutes=later), zone)
    local = first.astimezone(zone)
    fits = [fine.allows_hour([one], "unusual_hour", local.replace(hour=n // 60, minute=n % 60)) for n in range(1440)]

    assert fine.allows_hour([one], "unusual_hour", local)
    assert sum(fits) == fine.EARLIER_MIN + fine.LATER_MIN + 1
    assert not fine.allows_hour([one], "not_back_by", local)
