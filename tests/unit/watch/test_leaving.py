"""How many fixes outside it takes to say that she left, and which of them count."""

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from app.geo.model import Point
from app.geo.service import GEOFENCES_MAX
from app.kit.ids import GeofenceId
from app.watch.catalogue import encode_state
from app.watch.leaving import SPEED_MAX_MPS
from app.watch.model import Seen, WatchEvent, WatchState
from tests.build import NOW
from tests.unit.watch.build import GARDEN, minutes, seen, subject, told


def happened(*fixes: Seen) -> list[WatchEvent]:
    """What the watches say of fixes after one in the garden."""
    return told(WatchState(), subject(), seen(0, at=NOW), *fixes)


def minutes_until_told(step_min: float, count: int, start_m: float, step_m: float, accuracy_m: float = 15.0) -> float:
    """Minutes from the first fix outside until leaving is told, with so many fixes so far apart; infinite if never."""
    first = NOW + minutes(10)
    walk = [seen(start_m + step_m * n, at=first + minutes(step_min * n), accuracy_m=accuracy_m) for n in range(count)]
    events = happened(*walk)
    return (events[0].received_at - first).total_seconds() / 60 if events else float("inf")


@pytest.mark.parametrize(
    ("step_min", "minutes_at_most"), [(1 / 3, 2.0), (0.5, 2.0), (1.0, 2.0), (1.5, 1.5), (2.0, 2.0), (3.0, 3.0)]
)
@pytest.mark.parametrize("step_m", [0.0, 48.0])
def test_who_is_seen_often_is_told_of_within_two_or_three_minutes(
    step_min: float, minutes_at_most: float, step_m: float
) -> None:
    assert minutes_until_told(step_min, 20, 150.0, step_m, accuracy_m=30.0) <= minutes_at_most


@pytest.mark.parametrize("step_min", [5.0, 10.0, 20.0])
def test_of_fixes_far_apart_in_time_it_takes_three(step_min: float) -> None:
    """The second may be the same wrong place of the network, or another one."""
    assert minutes_until_told(step_min, 2, 400.0, 0.0, accuracy_m=31.0) == float("inf")
    assert minutes_until_told(step_min, 2, 400.0, 300.0, accuracy_m=31.0) == float("inf")
    assert minutes_until_told(step_min, 3, 400.0, 0.0, accuracy_m=31.0) == 2 * step_min


@pytest.mark.parametrize(("step_min", "count"), [(40.0, 3), (45.0, 2), (60.0, 2)])
def test_of_a_tracker_that_speaks_once_an_hour_two_are_enough(step_min: float, count: int) -> None:
    assert minutes_until_told(step_min, 4, 400.0, 0.0, accuracy_m=31.0) == step_min * (count - 1)


@pytest.mark.parametrize(("apart_m", "count"), [(90.0, 3), (110.0, 2)])
def test_two_sharp_places_well_apart_are_enough(apart_m: float, count: int) -> None:
    assert minutes_until_told(10.0, 5, 200.0, apart_m, accuracy_m=8.0) == 10.0 * (count - 1)


def test_of_two_places_well_apart_both_must_be_sharp() -> None:
    blurred = seen(900, at=NOW + minutes(20), accuracy_m=60)

    assert happened(seen(300, at=NOW + minutes(10), accuracy_m=8), blurred) == []


def test_a_burst_is_one_witness() -> None:
    bursts = [
        seen(400 + 300 * n, at=NOW + minutes(10 * (n + 1)) + timedelta(seconds=10 * k), accuracy_m=31)
        for n in range(2)
        for k in range(4)
    ]

    assert happened(*bursts) == []


def test_a_burst_newest_first_is_one_witness_too() -> None:
    burst = [seen(400, at=NOW + minutes(10) - timedelta(seconds=10 * k), accuracy_m=31) for k in range(4)]
    later = seen(400, at=NOW + minutes(20), accuracy_m=31)

    assert happened(*burst, later) == []
    assert happened(later, *burst) == []


@pytest.mark.parametrize(("step_s", "tellable"), [(60, False), (200, True)])
def test_what_cannot_be_reached_is_no_witness_until_it_can(step_s: int, tellable: bool) -> None:
    """8 km off in a minute is nobody; when the tracker says so for three minutes, she may have been driven there."""
    far = [seen(8_000, at=NOW + timedelta(seconds=step_s + 45 * n)) for n in range(3)]

    assert bool(happened(*far)) is tellable


def test_she_who_was_driven_far_away_is_told_of_in_the_end() -> None:
    far_m = 8_000.0
    ride = [seen(far_m, at=NOW + minutes(n)) for n in range(1, 10)]

    (event,) = happened(*ride)

    assert event.at >= NOW + timedelta(seconds=(far_m - 115) / SPEED_MAX_MPS)
    assert event.received_at <= NOW + minutes(6)


def test_the_speed_is_counted_to_the_edge_of_what_the_place_may_be() -> None:
    """A place known to 2 km may be 2 km nearer."""
    coarse = [seen(8_000, at=NOW + minutes(2 + n), accuracy_m=2_000) for n in range(3)]

    assert [NOW + minutes(2)] == [event.at for event in happened(*coarse)]


def test_evidence_that_a_fix_inside_takes_back_must_be_gathered_anew() -> None:
    outside = [seen(400, at=NOW + minutes(n), accuracy_m=31) for n in (10, 20, 40, 50)]

    assert happened(*outside[:2], seen(0, at=NOW + minutes(30)), *outside[2:]) == []


def test_the_state_of_somebody_with_thirty_fences_stays_small() -> None:
    """As many as one wearer may have; she is outside of nearly all of them, and has walked from one to the next."""
    middles = [Point(34.757 + 0.01 * (n % 6), 134.841 + 0.01 * (n // 6)) for n in range(GEOFENCES_MAX)]
    fences = [replace(GARDEN, id=GeofenceId(UUID(int=n)), centre=one, tell_enter=True) for n, one in enumerate(middles)]
    state, largest = WatchState(), 0
    for number in range(6 * GEOFENCES_MAX):
        middle, at = middles[number // 6], NOW + minutes(5 * number)
        here = replace(seen(0, at=at), lat_deg=middle.lat_deg, lon_deg=middle.lon_deg)
        told(state, subject(*fences), here)
        largest = max(largest, len(encode_state(state)))

    assert largest <= 4_096


COARSE_M = 400.0


@pytest.mark.parametrize(("coarse_north_m", "is_told"), [(0.0, False), (-40.0, False), (160.0, True)])
def test_a_coarse_place_inside_begins_the_count_of_blurred_ones_anew(coarse_north_m: float, is_told: bool) -> None:
    fixes = [seen(600, at=NOW + minutes(10 * n), accuracy_m=31) for n in (1, 2, 4, 5)]
    coarse = seen(coarse_north_m, at=NOW + minutes(30), accuracy_m=COARSE_M)

    assert bool(happened(*fixes[:2], coarse, *fixes[2:])) is is_told


def test_a_coarse_place_inside_takes_nothing_back_from_a_sharp_one() -> None:
    """A tracker that looks for satellites says now and then which cell it is in, and home is in its middle."""
    fixes = [seen(600 + 20 * n, at=NOW + minutes(10 + 5 * n), accuracy_m=8) for n in range(3)]
    coarse = [seen(0, at=NOW + minutes(12 + 5 * n), accuracy_m=2_000) for n in range(2)]

    assert happened(fixes[0], coarse[0], fixes[1], coarse[1], fixes[2])


def test_a_coarse_place_inside_brings_nobody_home_and_does_not_say_where_she_is_at_first() -> None:
    coarse = seen(0, at=NOW + minutes(30), accuracy_m=COARSE_M)
    state = WatchState()

    assert ["geofence_exit"] == [
        one.rule
        for one in told(state, subject(), seen(0, at=NOW), *(seen(600, at=NOW + minutes(n)) for n in (2, 4)), coarse)
    ]
    assert told(WatchState(), subject(), coarse, *(seen(600, at=NOW + minutes(40 + n)) for n in range(5))) == []


def test_a_late_coarse_place_inside_counts_at_its_time() -> None:
    late = NOW + minutes(60)
    first, second, third, fourth = (
        seen(600, at=NOW + minutes(10 * n), accuracy_m=31, received_at=late) for n in (1, 2, 4, 5)
    )
    coarse = seen(0, at=NOW + minutes(30), accuracy_m=COARSE_M, received_at=late)

    assert happened(first, third, coarse, second, fourth) == []
