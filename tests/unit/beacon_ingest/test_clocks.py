"""A body that comes late is told from a clock that is wrong."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from beacon_ingest.clocks import Clocks, Told
from beacon_ingest.registry import Entry

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
GATE = Entry(device_id=UUID(int=1), city=282103, format="gateway", external_id="gate", detector=True)


def tell(clocks: Clocks, skew: timedelta, after_s: float = 0.0, gate: Entry = GATE) -> Told:
    """What a body is worth that comes so many seconds after NOW and says that it was sent so far from then."""
    received_at = NOW + timedelta(seconds=after_s)
    return clocks.told(gate, received_at + skew, received_at)


def right() -> Clocks:
    clocks = Clocks()
    assert tell(clocks, timedelta(0)) is Told.RIGHT
    return clocks


def test_a_clock_that_was_right_keeps_its_times_when_it_catches_up() -> None:
    clocks = right()

    told = [tell(clocks, -HOUR + timedelta(seconds=60 * turn), 3_600 + turn) for turn in range(57)]

    assert {Told.LATE} == set(told)
    assert tell(clocks, timedelta(seconds=-2), 3_700) is Told.RIGHT


def test_a_clock_of_which_nothing_is_known_is_not_believed() -> None:
    assert tell(Clocks(), -HOUR) is Told.WRONG


@pytest.mark.parametrize(("skew_s", "told"), [(-119.0, Told.LATE), (-121.0, Told.WRONG), (None, Told.WRONG)])
def test_what_the_clock_was_before_this_process_began_counts(skew_s: float | None, told: Told) -> None:
    assert told is tell(Clocks(), -HOUR, gate=replace(GATE, skew_s=skew_s))


@pytest.mark.parametrize("skew", [HOUR, timedelta(seconds=121), datetime(1970, 1, 1, tzinfo=UTC) - NOW])
def test_a_clock_ahead_of_us_or_never_set_is_wrong_whatever_it_was(skew: timedelta) -> None:
    clocks = right()

    assert tell(clocks, skew, 1) is Told.WRONG
    assert tell(clocks, -HOUR, 2) is Told.WRONG


def test_what_was_sent_before_anything_is_kept_is_stale_and_makes_no_clock_wrong() -> None:
    clocks = right()

    assert tell(clocks, timedelta(days=-8), 1) is Told.STALE
    assert tell(clocks, timedelta(days=-6), 2) is Told.LATE


def test_a_clock_that_stays_as_far_behind_as_it_is_is_wrong_after_three_minutes() -> None:
    clocks = right()

    told = [tell(clocks, -HOUR + timedelta(seconds=turn % 3), turn * 10) for turn in range(1, 60)]

    assert [Told.LATE] * 18 + [Told.WRONG] * 41 == told
    assert tell(clocks, timedelta(seconds=1), 700) is Told.RIGHT
    assert tell(clocks, -HOUR, 701) is Told.LATE


def test_no_time_says_nothing_about_a_clock() -> None:
    clocks = right()

    assert clocks.told(GATE, UNSET, NOW) is Told.NOTHING
    assert tell(clocks, -HOUR, 2) is Told.LATE
