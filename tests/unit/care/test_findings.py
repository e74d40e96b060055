"""How the doctor judges what he saw."""

from datetime import timedelta

import pytest

from app.care.findings import How, Waiting, of_maps
from tests.build import NOW


@pytest.mark.parametrize(
    ("hours", "how"), [(None, How.GOOD), (0, How.GOOD), (2.9, How.GOOD), (3.1, How.BAD), (30, How.BAD)]
)
def test_days_that_nobody_learns_are_told_of_when_it_is_no_longer_night(hours: float | None, how: How) -> None:
    oldest_at = None if hours is None else NOW - timedelta(hours=hours)
    found = of_maps(Waiting(what="habit maps", count=4, oldest_at=oldest_at), NOW)

    assert (how, "habit maps") == (found.how, found.about)
    assert bool(found.remedy) == (how is How.BAD)
