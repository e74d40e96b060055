"""One person before a detector that is made for the purpose: what is counted, and when."""

from datetime import timedelta

import msgspec
import pytest

from bench.detection import detectors, trial
from bench.detection.days import DAY_S, live
from bench.detection.people import people, person
from bench.detection.said import LEARN_DAYS, Fix, Options, Spoken, at
from bench.detection.trial import Asked, fixes_of, try_all, try_out

DAYS = 31


class Clockwork:
    """Speaks at noon of each day, and again ten minutes later, urgently; a copy speaks at the fix `speaks`."""

    speaks = 60

    def __init__(self, user: str, options: Options) -> None:
        self.user, self.heard, self.twin = user, 0, False

    def copy(self) -> "Clockwork":
        other = Clockwork(self.user, Options())
        other.twin = True
        return other

    def take(self, fix: Fix) -> list[Spoken]:
        self.heard += 1
        local = fix.at.astimezone(trial.ZONE)
        if self.twin:
            return [self.line(fix, "notice")] if self.heard == self.speaks else []
        return (
            [self.line(fix, "notice" if local.minute < 10 else "urgent")]
            if local.hour == 12 and local.minute in {0, 10}
            else []
        )

    def line(self, fix: Fix, level: str) -> Spoken:
        return Spoken(
            user=self.user, at=fix.at, kind="movement", rule="noon", level=level, reason="", lat_deg=None, lon_deg=None
        )


@pytest.fixture
def clockwork(monkeypatch):
    monkeypatch.setitem(detectors.DETECTORS, "clockwork", Clockwork)
    return Asked(detectors=("clockwork",), days=DAYS)


def test_alarms_of_days_that_are_not_learnt_from_are_counted_merged(clockwork) -> None:
    (outcome,) = try_out(2, clockwork).outcomes

    assert (DAYS - LEARN_DAYS, 3, 3) == (outcome.days, outcome.alarms, outcome.urgent)
    assert {"noon": 3} == outcome.rules
    assert [28, 28, 29, 29, 30, 30] == [(one.at - at(0)).days for one in outcome.cried]


def test_an_episode_counts_from_its_onset_and_what_stood_is_said(clockwork) -> None:
    asked = Asked(detectors=("clockwork",), days=DAYS, kinds=("away", "night"), reps=5)
    (outcome,) = try_out(2, asked).outcomes

    assert 10 == len(outcome.caught)
    for one in outcome.caught:
        if one.standing:
            assert one.delay_min is None
        else:
            assert one.delay_min is not None
            assert -1 <= one.delay_min <= 60
    night = [one.delay_min for one in outcome.caught if one.kind == "night"]
    assert all(18 <= one <= 24 for one in night), "the track begins 40 minutes before the door, and has a gap at times"


def test_what_was_said_shortly_before_the_onset_stands_and_is_no_success(monkeypatch, clockwork) -> None:
    monkeypatch.setattr(Clockwork, "speaks", 25)
    asked = Asked(detectors=("clockwork",), days=DAYS, kinds=("night",), reps=5)
    (outcome,) = try_out(2, asked).outcomes

    assert [(True, None)] * 5 == [(one.standing, one.delay_min) for one in outcome.caught]


def test_a_cold_episode_is_heard_of_a_minute_before_its_onset(clockwork) -> None:
    asked = Asked(detectors=("clockwork",), days=DAYS, kinds=("away",), reps=4, cold=True)
    (outcome,) = try_out(2, asked).outcomes

    delays = [one.delay_min for one in outcome.caught]
    assert all(57 <= one <= 60 for one in delays if one is not None), "the 60th fix is 59 minutes after the first"
    assert any(one is not None for one in delays)


def test_each_episode_meets_the_same_state(clockwork) -> None:
    """Clockwork speaks at the 60th fix after it was copied: a copy that had been used would speak earlier."""
    asked = Asked(detectors=("clockwork",), days=DAYS, kinds=("night",), reps=8)
    (outcome,) = try_out(2, asked).outcomes

    delays = [one.delay_min for one in outcome.caught]
    assert 8 == len(delays)
    assert max(delays) - min(delays) < 6


def test_who_is_asked_in_two_processes_says_the_same() -> None:
    asked = Asked(detectors=("circle500",), days=30, kinds=("away",), reps=1)
    some = people("regular", "tune", 2)

    assert [try_out(int(one.user[1:]), asked) for one in some] == try_all(some, asked, workers=2)


def test_a_tracker_that_answers_is_heard_more_often_while_it_is_asked() -> None:
    """A fix every ten minutes; the rules ask as soon as one is away from home."""
    slow = Asked(detectors=("ours",), days=30, kinds=("night",), reps=3, step_s=600)
    delays = [
        [one.delay_min for one in try_out(2, asked).outcomes[0].caught]
        for asked in (slow, msgspec.structs.replace(slow, answers=True))
    ]
    assert all(before is not None and after is not None for before, after in zip(*delays, strict=True))
    assert sum(delays[0]) > sum(delays[1]) + 3 * 3
    assert max(delays[1]) <= 10 + 5


def test_a_track_is_the_same_each_time_and_another_at_each_step() -> None:
    who = person("regular", 2)
    life = live(who, 2)
    minute, half = fixes_of(who, life, Asked(days=2)), fixes_of(who, life, Asked(days=2, step_s=30))

    assert minute == fixes_of(who, life, Asked(days=2))
    assert timedelta(seconds=60) == minute[1].at - minute[0].at
    assert 1.8 < len(half) / len(minute) < 2.2
    assert minute[-1].at < at(2 * DAY_S)
