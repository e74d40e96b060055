"""SOS, fall, battery, a device taken off, silence."""

import pytest
from msgspec.structs import replace

from app.push.model import Level
from app.watch import catalogue, silence
from app.watch.model import AlarmHeard, AlertKind, Outcome, Seen, WatchEvent, WatchSettings, WatchState
from app.watch.silence import Uptime
from tests.build import NOW
from tests.unit.watch.build import alarm, battery, heard, minutes, seen, subject


def fold(state: WatchState, *observations: object) -> list[WatchEvent]:
    events, failures = catalogue.fold(state, observations, subject(), NOW)
    assert failures == []
    return events


@pytest.mark.parametrize(("kind", "alert"), [("sos", AlertKind.SOS), ("fall", AlertKind.FALL)])
def test_sos_and_fall_are_urgent_without_any_fix(kind: str, alert: AlertKind) -> None:
    (event,) = fold(WatchState(), alarm(kind))

    assert (alert, Level.URGENT, None) == (event.kind, event.level, event.place)


def test_every_alarm_of_a_frame_is_told() -> None:
    events = fold(WatchState(), alarm("sos", "low_battery", "removed", "fall", "gas"))

    assert {AlertKind.SOS, AlertKind.FALL, AlertKind.BATTERY, AlertKind.REMOVED, AlertKind.DEVICE} == {
        event.kind for event in events
    }


def test_sos_without_a_fix_goes_with_the_last_known_place() -> None:
    state = WatchState()
    fold(state, seen(0, at=NOW - minutes(50)))

    (event,) = fold(state, alarm("sos"))

    assert event.place is not None
    assert NOW - minutes(50) == event.place.at


def test_sos_alerts_at_any_age() -> None:
    (event,) = fold(WatchState(), alarm("sos", at=NOW - minutes(60 * 30), received_at=NOW))

    assert NOW - minutes(60 * 30) == event.at


def test_the_same_press_has_the_same_cause_and_another_press_another() -> None:
    first, again, other = (fold(WatchState(), alarm("sos", at=at))[0].cause for at in (NOW, NOW, NOW + minutes(1)))

    assert first == again
    assert first != other


def test_a_low_battery_is_one_condition_until_it_is_charged() -> None:
    state = WatchState()
    levels = [50, 20, 19, 21, 5, 29, 30, 100, 18]
    events = [event for n, level in enumerate(levels) for event in fold(state, battery(level, NOW + minutes(n)))]

    assert [event.outcome for event in events] == [Outcome.BEGAN, Outcome.OVER, Outcome.BEGAN]


@pytest.mark.parametrize(("of_tag", "low"), [(False, "low_battery"), (True, "tag_low_battery")])
def test_the_battery_of_a_tag_is_told_in_words_of_its_own(of_tag: bool, low: str) -> None:
    state = WatchState()
    reports = [replace(battery(percent, NOW + minutes(percent)), of_tag=of_tag) for percent in (9, 100)]
    events = fold(state, *reports)

    assert [(low, Outcome.BEGAN), (low, Outcome.OVER)] == [(event.rule, event.outcome) for event in events]
    assert [low, "battery_well"] == [reason.code for event in events for reason in event.reasons]


def test_a_late_battery_report_says_nothing_about_now() -> None:
    state = WatchState()
    fold(state, battery(10, NOW))

    assert fold(state, battery(90, NOW - minutes(30))) == []


def test_taken_off_is_one_condition_until_a_later_fix_without_it() -> None:
    state = WatchState()
    observations = [
        alarm("removed", at=NOW),
        seen(0, at=NOW),
        alarm("removed", at=NOW + minutes(1)),
        seen(0, at=NOW + minutes(1)),
        seen(0, at=NOW + minutes(2)),
    ]

    assert [event.outcome for event in fold(state, *observations)] == [Outcome.BEGAN, Outcome.OVER]


def test_silence_is_told_after_three_intervals_once() -> None:
    state = WatchState()
    fold(state, heard(NOW, interval_s=600))

    assert list(silence.tick(state, subject(), None, NOW + minutes(29))) == []
    assert len(list(silence.tick(state, subject(), None, NOW + minutes(30)))) == 1
    assert list(silence.tick(state, subject(), None, NOW + minutes(31))) == []
    assert [event.outcome for event in fold(state, heard(NOW + minutes(40), interval_s=600))] == [Outcome.OVER]


def test_silence_after_an_outage_of_ours_is_counted_from_when_we_were_up_again() -> None:
    state = WatchState()
    fold(state, heard(NOW))
    uptime = Uptime(up_since=NOW + minutes(60), down_since=NOW + minutes(1))

    assert list(silence.tick(state, subject(), uptime, NOW + minutes(60))) == []
    assert len(list(silence.tick(state, subject(), uptime, NOW + minutes(75)))) == 1


def test_a_restart_within_the_interval_changes_nothing() -> None:
    state = WatchState()
    fold(state, heard(NOW))
    uptime = Uptime(up_since=NOW + minutes(4), down_since=NOW + minutes(1))

    assert NOW + minutes(15) == silence.due_at(state, WatchSettings(), uptime)


def test_what_the_family_switched_off_is_not_told() -> None:
    off = WatchSettings(geofence=False, battery=False, removed=False, silence=False)
    state = WatchState()
    events, _ = catalogue.fold(state, [heard(NOW), battery(3), alarm("removed", "sos")], subject(settings=off), NOW)

    assert [event.rule for event in events] == ["sos"]
    assert silence.due_at(state, off, None) is None


def test_a_rule_that_throws_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[WatchEvent]:
        raise ZeroDivisionError("a defect")

    watch = catalogue.Watch(name="broken", look=broken, sees=(AlarmHeard,), question="?")
    monkeypatch.setitem(catalogue.LOOKS, AlarmHeard, (watch, *catalogue.LOOKS[AlarmHeard]))

    events, failures = catalogue.fold(WatchState(), [alarm("sos")], subject(), NOW)

    assert [event.rule for event in events] == ["sos"]
    assert [failure.watch for failure in failures] == ["broken"]


def test_the_state_of_a_busy_wearer_stays_under_four_kilobytes() -> None:
    state = WatchState()
    for n in range(500):
        one = seen(float(n % 300), at=NOW + minutes(n))
        assert isinstance(one, Seen)
        catalogue.fold(state, [heard(NOW + minutes(n)), one, battery(50, NOW + minutes(n))], subject(), NOW)

    assert len(catalogue.encode_state(state)) < 4096
    assert catalogue.decode_state(catalogue.encode_state(state)) == state
