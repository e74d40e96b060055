"""Which fixes are refused, and that a wrong one cannot lock the true ones out."""

import math
from collections.abc import Iterable
from datetime import timedelta

import msgspec
import pytest

from app.geo.measure import travelled
from app.geo.quality import (
    ACCURACY_MAX_M,
    COMPARED_WITHIN,
    DEFAULT_ACCURACY_M,
    FUTURE_MAX,
    OLD_MAX,
    Known,
    Place,
    Refused,
    assumed_accuracy_m,
    judge,
    stated_accuracy_m,
)
from app.history.model import KnownBy
from tests.build import NOW

HOME = (34.757, 134.841)


def metres_east(metres: float) -> tuple[float, float]:
    return travelled(*HOME, 90.0, metres)


def verdict(
    known: Known | None = None,
    place: tuple[float, float] = HOME,
    seconds: float = 0.0,
    accuracy_m: float | None = 10.0,
    known_by: KnownBy = KnownBy.GNSS,
    delay_s: float = 0.0,
) -> tuple[Refused | None, Known | None]:
    """What is judged of a fix `seconds` after NOW that arrives `delay_s` later."""
    at = NOW + timedelta(seconds=seconds)
    return judge(
        known,
        lat_deg=place[0],
        lon_deg=place[1],
        at=at,
        accuracy_m=accuracy_m,
        known_by=known_by,
        received_at=at + timedelta(seconds=delay_s),
    )


def at_home(seconds: float = 0.0) -> Known:
    return Known(Place(NOW + timedelta(seconds=seconds), *HOME, 10.0))


def run(known: Known | None, fixes: Iterable[tuple[tuple[float, float], float]]) -> list[Refused | None]:
    """The verdicts on a row of fixes, each a place and seconds after NOW, the memory handed on."""
    verdicts = []
    for place, seconds in fixes:
        refused, known = verdict(known, place, seconds)
        verdicts.append(refused)
    return verdicts


def test_the_first_fix_of_a_device_is_accepted_and_remembered() -> None:
    assert verdict() == (None, at_home())


@pytest.mark.parametrize("place", [(0.0, 0.0), (0.0009, -0.0009), (-0.0, 0.0)])
def test_a_place_at_zero_zero_is_no_place(place: tuple[float, float]) -> None:
    assert verdict(place=place) == (Refused.ZERO_ISLAND, None)


@pytest.mark.parametrize("place", [(0.0, 134.0), (34.0, 0.0), (-0.02, 0.0)])
def test_one_zero_alone_is_a_place(place: tuple[float, float]) -> None:
    assert verdict(place=place)[0] is None


@pytest.mark.parametrize(
    "place", [(90.1, 0.0), (-91.0, 10.0), (34.0, 180.5), (34.0, -181.0), (math.nan, 134.0), (34.0, math.inf)]
)
def test_what_is_no_latitude_or_longitude_is_refused(place: tuple[float, float]) -> None:
    assert verdict(place=place)[0] is Refused.OUT_OF_RANGE


def test_a_clock_may_be_ten_minutes_ahead_and_no_more() -> None:
    ahead_s = FUTURE_MAX.total_seconds()

    assert verdict(delay_s=-ahead_s)[0] is None
    assert verdict(delay_s=-ahead_s - 1)[0] is Refused.FUTURE


def test_a_full_buffer_of_a_year_is_believed_and_a_rolled_over_week_count_is_not() -> None:
    assert verdict(delay_s=OLD_MAX.total_seconds())[0] is None
    assert verdict(delay_s=1024 * 7 * 86_400)[0] is Refused.TOO_OLD


def test_a_coarse_place_is_honest_and_one_coarser_than_a_town_is_refused() -> None:
    assert verdict(accuracy_m=ACCURACY_MAX_M, known_by=KnownBy.CELL)[0] is None
    assert verdict(accuracy_m=ACCURACY_MAX_M + 1, known_by=KnownBy.CELL)[0] is Refused.INACCURATE


def test_a_refused_fix_leaves_what_is_known_as_it_was() -> None:
    assert verdict(at_home(), place=(0.0, 0.0), seconds=60) == (Refused.ZERO_ISLAND, at_home())


def test_a_leap_of_a_hundred_kilometres_in_a_minute_is_refused() -> None:
    refused, known = verdict(at_home(), metres_east(100_000), 60)

    assert refused is Refused.IMPOSSIBLE_SPEED
    assert known is not None
    assert known.last == at_home().last


def test_the_fastest_train_of_japan_is_possible() -> None:
    train_mps = 320 / 3.6

    assert run(at_home(), [(metres_east(train_mps * second), second) for second in (20, 40, 60, 120)]) == [None] * 4


def test_bounce_within_the_same_second_is_possible() -> None:
    assert verdict(at_home(), metres_east(400), 0)[0] is None


def test_the_accuracies_of_both_places_count() -> None:
    place = metres_east(3_000)

    assert verdict(at_home(), place, 5, accuracy_m=10.0)[0] is Refused.IMPOSSIBLE_SPEED
    assert verdict(at_home(), place, 5, accuracy_m=1_500.0)[0] is None
    assert verdict(Known(Place(NOW, *HOME, 1_500.0)), place, 5, accuracy_m=10.0)[0] is None


def test_a_cell_that_states_no_accuracy_is_assumed_to_be_coarse() -> None:
    place = metres_east(3_000)

    assert verdict(at_home(), place, 5, accuracy_m=None, known_by=KnownBy.GNSS)[0] is Refused.IMPOSSIBLE_SPEED
    assert verdict(at_home(), place, 5, accuracy_m=None, known_by=KnownBy.CELL)[0] is None


def test_after_an_hour_of_silence_a_flight_is_possible() -> None:
    seconds = COMPARED_WITHIN.total_seconds()

    assert verdict(at_home(), metres_east(900_000), seconds)[0] is Refused.IMPOSSIBLE_SPEED
    assert verdict(at_home(), metres_east(900_000), seconds + 1)[0] is None


def test_a_fix_older_than_the_last_is_compared_too_and_does_not_become_the_last() -> None:
    known = at_home(seconds=600)

    assert verdict(known, metres_east(1_000), 300) == (None, known)
    assert verdict(known, metres_east(100_000), 300)[0] is Refused.IMPOSSIBLE_SPEED


def test_two_hours_uploaded_newest_first_are_all_accepted() -> None:
    walk = [(metres_east(1.2 * second), second) for second in range(7_200, -1, -60)]

    assert run(None, walk) == [None] * len(walk)


def test_one_stray_fix_is_refused_and_the_next_true_one_accepted() -> None:
    far = metres_east(50_000)

    assert run(at_home(), [(far, 60), (HOME, 120), (far, 180), (HOME, 240)]) == [
        Refused.IMPOSSIBLE_SPEED,
        None,
        Refused.IMPOSSIBLE_SPEED,
        None,
    ]


def test_strays_between_true_fixes_never_add_up() -> None:
    far = metres_east(50_000)
    fixes = [(far if number % 2 else HOME, 60.0 * number) for number in range(1, 21)]

    assert [refused is not None for refused in run(at_home(), fixes)] == [True, False] * 10


def test_the_third_of_fixes_that_agree_is_believed_against_a_wrong_one_before() -> None:
    wrong = Known(Place(NOW, *metres_east(80_000), 10.0))
    walk = [(metres_east(1.0 * second), second) for second in (20, 40, 60, 80)]

    assert run(wrong, walk) == [Refused.IMPOSSIBLE_SPEED, Refused.IMPOSSIBLE_SPEED, None, None]


def test_strays_that_do_not_agree_with_each_other_are_not_believed() -> None:
    places = [travelled(*HOME, bearing, 90_000.0) for bearing in (0.0, 120.0, 240.0, 0.0, 120.0)]
    fixes = [(place, 20.0 * (number + 1)) for number, place in enumerate(places)]

    assert run(at_home(), fixes) == [Refused.IMPOSSIBLE_SPEED] * 5


def test_a_burst_within_a_few_seconds_is_one_witness() -> None:
    far = metres_east(80_000)

    assert run(at_home(), [(far, second) for second in (10, 11, 12, 13, 14)]) == [Refused.IMPOSSIBLE_SPEED] * 5


def test_the_same_fix_sent_again_and_again_is_one_witness() -> None:
    far = metres_east(80_000)

    assert run(at_home(), [(far, 30), (far, 60), (far, 60), (far, 60)]) == [Refused.IMPOSSIBLE_SPEED] * 4


def test_old_fixes_from_the_buffer_do_not_break_the_row_of_witnesses() -> None:
    wrong = Known(Place(NOW, *metres_east(80_000), 10.0))
    fixes = [(HOME, 20.0), (HOME, -7_200.0), (HOME, 40.0), (HOME, -7_140.0), (HOME, 60.0)]

    assert run(wrong, fixes)[-1] is None


def test_a_wrong_fix_with_a_clock_ahead_does_not_lock_out_the_true_ones() -> None:
    wrong = Known(Place(NOW + FUTURE_MAX, *metres_east(200_000), 10.0))

    assert run(wrong, [(HOME, 60), (HOME, 120), (HOME, 180)])[-1] is None


def test_what_is_remembered_survives_msgpack_and_is_small() -> None:
    _, known = verdict(at_home(), metres_east(50_000), 60)
    body = msgspec.msgpack.encode(known)

    assert msgspec.msgpack.decode(body, type=Known) == known
    assert len(body) < 100


def test_every_way_to_know_a_place_has_an_assumed_accuracy() -> None:
    assert all(0 < assumed_accuracy_m(known_by) <= ACCURACY_MAX_M for known_by in KnownBy)
    assert assumed_accuracy_m("no such way") == DEFAULT_ACCURACY_M
    assert assumed_accuracy_m(KnownBy.CELL) > assumed_accuracy_m(KnownBy.WIFI) > assumed_accuracy_m(KnownBy.GNSS)


@pytest.mark.parametrize("stated", [0.0, -1.0, math.nan, math.inf, None])
def test_an_accuracy_that_cannot_be_one_is_unknown(stated: float | None) -> None:
    assert stated_accuracy_m(stated) is None
    assert verdict(accuracy_m=stated) == (None, Known(Place(NOW, *HOME, assumed_accuracy_m("gnss"))))
