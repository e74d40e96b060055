"""A body that comes late is told from a clock that is wrong."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec import UNSET

from beacon_ingest.clocks import Clocks
from beacon_ingest.registry import Entry

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
HOUR_S = 3600.0
GATE = Entry(device_id=UUID(int=1), city=282103, format="gateway", external_id="gate", detector=True)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_clock_that_was_right_keeps_its_times_when_it_catches_up() -> None:
    clocks = Clocks()
    assert not clocks.is_late(GATE, -3, NOW)

    told = [clocks.is_late(GATE, -HOUR_S + 60 * turn, after(HOUR_S + turn)) for turn in range(57)]

    assert set(told) == {True}
    assert not clocks.is_late(GATE, -2, after(HOUR_S + 60))


def test_a_clock_of_which_nothing_is_known_is_not_believed() -> None:
    assert not Clocks().is_late(GATE, -HOUR_S, NOW)


@pytest.mark.parametrize(("skew_s", "late"), [(-119.0, True), (-121.0, False), (None, False)])
def test_what_the_clock_was_before_this_process_began_counts(skew_s: float | None, late: bool) -> None:
    gate = Entry(
        device_id=GATE.device_id, city=GATE.city, format=GATE.format, external_id="gate", detector=True, skew_s=skew_s
    )

    assert late is Clocks().is_late(gate, -HOUR_S, NOW)


@pytest.mark.parametrize("skew_s", [HOUR_S, -8 * 24 * HOUR_S, -56 * 365 * 24 * HOUR_S])
def test_a_clock_ahead_of_us_or_of_another_age_is_wrong_whatever_it_was(skew_s: float) -> None:
    clocks = Clocks()
    clocks.is_late(GATE, 0, NOW)

    assert not clocks.is_late(GATE, skew_s, after(1))
    assert not clocks.is_late(GATE, -HOUR_S, after(2))


def test_a_clock_that_stays_as_far_behind_as_it_is_is_wrong_after_three_minutes() -> None:
    clocks = Clocks()
    clocks.is_late(GATE, 0, NOW)

    told = [clocks.is_late(GATE, -HOUR_S + turn % 3, after(turn * 10)) for turn in range(1, 60)]

    assert [True] * 18 + [False] * 41 == told
    assert not clocks.is_late(GATE, 1, after(700))
    assert clocks.is_late(GATE, -HOUR_S, after(701))


def test_no_time_says_nothing_about_a_clock() -> None:
    clocks = Clocks()
    clocks.is_late(GATE, 0, NOW)

    assert not clocks.is_late(GATE, UNSET, after(1))
    assert clocks.is_late(GATE, -HOUR_S, after(2))
