"""With tags alone: detectors are all that is known of where she is, and rules say what that lets them see."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.tags.model import DetectorKind
from app.watch.model import Outcome, Passed, Subject, WatchEvent, WatchState
from app.watch.movement import judgement
from tests.unit.watch.build import EAST, HANA, TAG
from tests.unit.watch.movement.build import LEARN_DAYS, ZONE, clock, degrees, known_days


def passed(at: datetime, east_m: float, north_m: float, *, doubtful: bool = False) -> Passed:
    lat_deg, lon_deg = degrees(east_m, north_m)
    return Passed(
        tag_id=TAG, detector_id=EAST, detector_name="gate", at=at, received_at=at, lat_deg=lat_deg, lon_deg=lon_deg,
        accuracy_m=50.0, doubtful=doubtful, kind=DetectorKind.FIXED,
    )  # fmt: skip


def judged(passages: Sequence[Passed]) -> list[WatchEvent]:
    state, who = WatchState(), Subject(wearer_id=HANA, zone=ZONE, habits=known_days())
    return [event for one in passages for event in judgement.look(state, one, who, one.at)]


def test_passing_poles_in_the_night_is_out_at_an_unusual_hour() -> None:
    night = clock(LEARN_DAYS, "23:30")
    events = judged([passed(night, 300.0, 0.0), passed(night + timedelta(minutes=6), 600.0, 0.0)])

    assert ["unusual_hour"] == [one.rule for one in events]
    assert events[0].place is not None
    assert 50.0 == events[0].place.accuracy_m


def test_passing_the_same_poles_by_day_is_nothing() -> None:
    day = clock(LEARN_DAYS, "10:00")

    assert [] == judged([passed(day, 300.0, 0.0), passed(day + timedelta(minutes=6), 600.0, 0.0)])


def test_poles_far_beyond_where_she_goes_are_too_far() -> None:
    day = clock(LEARN_DAYS, "10:00")
    events = judged([passed(day + timedelta(minutes=6 * n), 3_000.0 + 400.0 * n, 0.0) for n in range(4)])

    assert "beyond_range" in {one.rule for one in events if one.outcome is Outcome.BEGAN}


def test_a_passage_that_cannot_be_true_moves_nobody() -> None:
    night = clock(LEARN_DAYS, "23:30")
    doubtful = [passed(night + timedelta(minutes=6 * n), 300.0 + 300.0 * n, 0.0, doubtful=True) for n in range(4)]

    assert [] == judged(doubtful)
