"""How long after the deadline it is judged, by how often the detectors speak; and what a tag's signals become."""

from datetime import time, timedelta

import pytest
from msgspec.structs import replace

from app.batch import Batch, take_heard
from app.history.model import Signal
from app.kit.ids import CityId, TagId
from app.watch import arrival, catalogue
from app.watch.model import HealthHeard
from tests.build import NOW
from tests.unit.watch.build import EVERY_DAY, HANA, TAG, clock, expectation, expected, minutes, ticked
from tests.unit.watch.test_arrival import expecting


@pytest.mark.parametrize(
    ("interval_s", "grace"),
    [
        (1, minutes(5)),
        (60, minutes(5)),
        (80, minutes(5)),
        (90, minutes(5.5)),
        (300, minutes(16)),
        (580, minutes(30)),
        (86_400, minutes(30)),
    ],
)
def test_it_is_judged_when_the_silence_of_the_rarest_detector_would_be_known(interval_s: int, grace: timedelta) -> None:
    who = expected(expectation(interval_s=interval_s))
    state = expecting(who)

    assert clock("8:30") + grace == catalogue.due_at(state, who, None)
    assert [] == ticked(state, who, clock("8:30") + grace - timedelta(seconds=1))
    (event,) = ticked(state, who, clock("8:30") + grace)
    assert (clock("8:30"), True) == (event.at, event.subject.endswith(":2026-04-01"))


@pytest.mark.parametrize(("before_s", "after_s"), [(60, 86_400), (86_400, 60)])
@pytest.mark.parametrize("by_time", [time(0, 10), time(23, 50)])
def test_an_interval_that_is_changed_meanwhile_does_not_change_the_day_that_is_judged(
    before_s: int, after_s: int, by_time: time
) -> None:
    one = expectation(from_time=time(0, 0), by_time=by_time, weekdays=EVERY_DAY, interval_s=before_s)
    who, later = expected(one), expected(replace(one, interval_s=after_s))
    state = expecting(who, clock("23:00", day=31, month=3))
    due_at = catalogue.due_at(state, who, None)

    assert due_at is not None
    assert clock("0:00") == arrival.question(state, later, due_at).since
    (event,) = ticked(state, later, due_at)
    assert event.subject.endswith(":2026-04-01")


def test_a_charge_that_a_tag_tells_is_known_to_be_a_tags() -> None:
    batch = Batch()
    charge = Signal(wearer_id=HANA, city_id=CityId(28), tag_id=TagId(TAG), at=NOW, received_at=NOW, battery_pct=9.0)
    take_heard(batch, [], [charge])

    assert {
        HANA: [HealthHeard(device_id=TAG, at=NOW, received_at=NOW, battery_pct=9.0, of_tag=True)]
    } == batch.observations
