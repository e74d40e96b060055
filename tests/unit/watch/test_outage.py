"""When many devices fall silent together it is an outage; when a few do, or one after the other, it is not."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.watch import outage
from app.watch.outage import MANY, Outage
from tests.build import NOW, minutes

ENDED = Outage(city_id=1, from_at=NOW, devices=20, until_at=NOW + minutes(30))
GOING_ON = Outage(city_id=1, from_at=NOW, devices=20)

ages = st.lists(st.floats(0, 119), max_size=60)


def test_half_of_a_town_that_falls_silent_together_is_an_outage() -> None:
    times = [NOW - minutes(12 + n / 2) for n in range(10)] + [NOW - minutes(1)] * 10
    assert outage.began(times, NOW) == (NOW - minutes(16.5), 10)


@pytest.mark.parametrize(
    ("silent", "speaking"),
    [
        ([15.0] * (MANY - 1), []),  # Of so few nothing can be said.
        ([15.0] * 10, [1.0] * 11),  # Most are heard.
        ([9.9] * 20, []),  # They may speak in a moment.
        ([10.0 + 11 * n for n in range(10)], []),  # One after the other.
    ],
)
def test_what_is_no_outage(silent: list[float], speaking: list[float]) -> None:
    assert outage.began([NOW - minutes(one) for one in (*silent, *speaking)], NOW) is None


@given(ages)
def test_an_outage_is_half_of_the_devices_within_ten_minutes(ages_min: list[float]) -> None:
    times = [NOW - minutes(one) for one in ages_min]
    silent = [one for one in times if NOW - one >= outage.QUIET]
    most = max((sum(one <= other <= one + outage.AT_ONCE for other in silent) for one in silent), default=0)

    found = outage.began(times, NOW)
    assert (found is not None) is (most >= MANY and 2 * most >= len(times))
    if found is not None:
        from_at, devices = found
        assert devices == most == sum(from_at <= one <= from_at + outage.AT_ONCE for one in silent)


def test_it_is_over_when_half_of_them_are_heard_or_after_a_day() -> None:
    assert not outage.is_over(GOING_ON, 9, NOW + minutes(30))
    assert outage.is_over(GOING_ON, 10, NOW + minutes(30))
    assert outage.is_over(GOING_ON, 0, NOW + timedelta(hours=24))


def test_silence_counts_from_the_end_of_an_outage_for_whom_it_kept_silent() -> None:
    now = NOW + minutes(40)
    for heard_at in (NOW, NOW + minutes(5), NOW - minutes(4)):
        assert outage.silent_since(heard_at, 300, ENDED, now) == NOW + minutes(30)
        assert outage.silent_since(heard_at, 300, GOING_ON, now) == now


def test_who_was_silent_before_or_is_silent_since_is_judged_as_always() -> None:
    now = NOW + minutes(90)
    for heard_at in (NOW - minutes(6), NOW + minutes(31)):
        assert outage.silent_since(heard_at, 300, ENDED, now) == heard_at
    assert outage.silent_since(NOW, 300, None, now) == NOW
