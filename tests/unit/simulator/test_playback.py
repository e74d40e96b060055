"""When each fix of a track is sent again, and what time it is stamped with."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from app.simulator.playback import Shift, hints_of, planned
from app.simulator.tracks import TrackFix
from tests.build import NOW

RECORDED = datetime.fromisoformat("2015-07-22T15:00:00+00:00")
MINUTES = (0, 1, 3, 30)


def a_track(step_deg: float = 0.0005) -> list[TrackFix]:
    return [
        TrackFix(at=RECORDED + timedelta(minutes=minutes), lat_deg=34.7 + step_deg * minutes, lon_deg=134.8)
        for minutes in MINUTES
    ]


def stamps(speed: float, shift: Shift) -> list[timedelta]:
    """The stamps, from now."""
    return [one.stamp - NOW for one in planned(a_track(), NOW, speed, shift)]


@pytest.mark.parametrize("shift", ["now", "end"])
def test_at_its_own_speed_the_first_fix_is_now_and_the_others_follow_as_recorded(shift: Shift) -> None:
    assert [timedelta(minutes=minutes) for minutes in MINUTES] == stamps(1, shift)


def test_a_faster_replay_waits_less() -> None:
    assert [0, 6, 18, 180] == [one.after_s for one in planned(a_track(), NOW, 10, "now")]


def test_now_stamps_each_fix_with_the_moment_at_which_it_is_sent() -> None:
    plan = planned(a_track(), NOW, 10, "now")

    assert [one.after_s for one in plan] == [(one.stamp - NOW).total_seconds() for one in plan]


def test_end_keeps_the_true_distances_and_never_stamps_the_future() -> None:
    plan = planned(a_track(), NOW, 10, "end")

    assert [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=27)] == [
        other.stamp - one.stamp for one, other in pairwise(plan)
    ]
    assert all(one.stamp <= NOW + timedelta(seconds=one.after_s) for one in plan)
    assert plan[-1].stamp == NOW + timedelta(seconds=plan[-1].after_s)


def test_none_sends_recorded_times_as_they_are() -> None:
    assert [fix.at for fix in a_track()] == [one.stamp for one in planned(a_track(), NOW, 10, "none")]


def test_nothing_to_play_is_no_plan() -> None:
    assert [] == planned([], NOW, 1, "now")


def test_a_replay_that_becomes_faster_than_anybody_says_so() -> None:
    plan = planned(a_track(0.05), NOW, 10, "now")
    walk = [
        TrackFix(at=RECORDED + timedelta(seconds=30 * number), lat_deg=34.7 + 0.00036 * number, lon_deg=134.8)
        for number in range(40)
    ]

    assert "3 fixes move faster" in " ".join(hints_of(plan, 10, "now", whole_seconds=False))
    assert () == hints_of(planned(walk, NOW, 60, "now"), 60, "now", whole_seconds=False)
    assert "fixes move faster" in " ".join(hints_of(planned(walk, NOW, 100, "now"), 100, "now", whole_seconds=False))
    assert () == hints_of(planned(a_track(), NOW, 10, "now"), 10, "now", whole_seconds=False)
    assert () == hints_of(planned(a_track(0.05), NOW, 10, "end"), 10, "end", whole_seconds=False)


def test_fixes_that_fall_into_one_second_are_told_where_the_format_has_no_fractions() -> None:
    plan = planned(a_track(0.0), NOW, 200, "now")

    assert () == hints_of(plan, 200, "now", whole_seconds=False)
    assert "2 fixes" in " ".join(hints_of(plan, 200, "now", whole_seconds=True))
