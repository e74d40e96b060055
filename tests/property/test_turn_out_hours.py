"""Hours that are asked for: never more than the cap, never asked when there is nothing to ask for."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dispatch import hours
from app.dispatch.hours import Limit
from app.kit.errors import Conflict
from tests.build import NOW, minutes

KOBE = Limit(unit_minutes=60, cap_minutes=180)
LIMITS = st.builds(
    Limit, unit_minutes=st.none() | st.integers(1, 240), cap_minutes=st.none() | st.integers(1, 600),
    automatic=st.booleans(),
)  # fmt: skip


def test_kobe_asks_before_the_second_and_the_third_hour_and_ends_after_it() -> None:
    assert 1 == hours.granted_at_first(KOBE)
    assert [NOW + minutes(50), NOW + minutes(110), None] == [hours.asks_at(NOW, n, KOBE) for n in (1, 2, 3)]
    assert [NOW + minutes(60), NOW + minutes(120), NOW + minutes(180)] == [
        hours.ends_at(NOW, n, KOBE) for n in (1, 2, 3)
    ]
    with pytest.raises(Conflict):
        hours.extended(3, KOBE)


def test_a_price_for_each_turn_out_is_never_asked_for_again() -> None:
    flat = Limit()
    assert (None, None, 1) == (hours.asks_at(NOW, 1, flat), hours.ends_at(NOW, 1, flat), hours.granted_at_first(flat))


def test_where_the_scheme_grants_the_hours_nobody_is_asked_and_the_cap_ends_it() -> None:
    granted = Limit(unit_minutes=60, cap_minutes=180, automatic=True)
    first = hours.granted_at_first(granted)

    assert (None, NOW + minutes(180)) == (hours.asks_at(NOW, first, granted), hours.ends_at(NOW, first, granted))


@given(LIMITS, st.integers(0, 20))
def test_however_often_it_is_extended_the_cap_holds(limit: Limit, times: int) -> None:
    granted = hours.granted_at_first(limit)
    for _ in range(times):
        end = hours.ends_at(NOW, granted, limit)
        if not hours.can_be_extended(granted, limit):
            assert hours.asks_at(NOW, granted, limit) is None
            break
        assert end is not None
        asked = hours.asks_at(NOW, granted, limit)
        assert asked is not None
        assert asked < end
        granted = hours.extended(granted, limit)
        later = hours.ends_at(NOW, granted, limit)
        assert later is not None
        assert later > end
    end = hours.ends_at(NOW, granted, limit)
    if limit.cap_minutes is not None:
        assert end is not None
        assert end <= NOW + timedelta(minutes=limit.cap_minutes)
