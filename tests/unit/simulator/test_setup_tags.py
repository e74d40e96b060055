"""When the children are expected, at whatever hour the demo begins."""

from datetime import UTC, datetime, timedelta

import pytest

from app.kit.calendar import JST
from app.simulator.outings import ROUND_S, legs_of
from app.simulator.people import Part
from app.simulator.setup_tags import school_time
from app.simulator.town import town_of

MIDNIGHT = datetime(2026, 4, 1, 15, 0, tzinfo=UTC)
"""In Japan."""


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("before_midnight_min", [0, 1, 3, 10, 20, 22, 24, 26, 40, 42, 44, 46, 600])
def test_every_child_arrives_in_the_time_and_the_time_is_of_one_day(seed: int, before_midnight_min: int) -> None:
    town, now = town_of(seed), MIDNIGHT - timedelta(minutes=before_midnight_min, seconds=17)
    from_at, by_at = school_time(town, now)
    number = int((from_at - now).total_seconds() // ROUND_S)
    arriving = [one for one in town.pupils if one.child.part is Part.GOES_TO_SCHOOL]
    arrivals_s = [number * ROUND_S + legs_of(one.life, number)[0].until_s for one in arriving]

    assert now < from_at
    for one in town.pupils:
        latest_at = by_at + timedelta(seconds=one.child.waits_s)
        assert from_at.astimezone(JST).date() == latest_at.astimezone(JST).date()
    # The town begins to live some seconds after the expectations are made, at the latest a minute.
    assert from_at < now + timedelta(seconds=min(arrivals_s))
    assert now + timedelta(seconds=60 + max(arrivals_s)) < by_at
    assert (from_at.second, by_at.second, from_at.microsecond) == (0, 0, 0)


def test_at_noon_the_school_run_is_the_first_one_and_over_within_half_an_hour() -> None:
    now = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
    from_at, by_at = school_time(town_of(1), now)

    assert timedelta(minutes=1) == from_at - now
    assert by_at - now < timedelta(minutes=30)


def test_just_before_midnight_it_is_the_next_round() -> None:
    from_at, _ = school_time(town_of(1), MIDNIGHT - timedelta(minutes=5))

    assert timedelta(seconds=ROUND_S) < from_at - (MIDNIGHT - timedelta(minutes=5))
