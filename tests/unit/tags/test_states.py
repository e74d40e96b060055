"""What is wrong with a detector, told apart by what it says and what it hears."""

from datetime import datetime
from typing import Any

import pytest

from app.kit.ids import DetectorId, new_id
from app.tags.model import DetectorHealth, DetectorKind, DetectorTrouble, Spell
from app.tags.states import Uptime, Watched, Word, judged, over_at, troubles
from tests.build import NOW, minutes

SILENT, DEAF, CLOCK_WRONG = DetectorTrouble
ID = DetectorId(new_id())


def detector(**changes: Any) -> Watched:
    """One that was registered at `NOW` and is to speak every minute."""
    fields = {
        "id": ID, "kind": DetectorKind.FIXED, "created_at": NOW, "ended_at": None, "interval_s": 60,
        "deaf_after_s": 6 * 3600,
    }  # fmt: skip
    return Watched(**fields | changes)


def heard(at_min: float, hearing_min: float | None = None, skew_s: float | None = None) -> DetectorHealth:
    """One that was last heard so many minutes after `NOW`, and last heard anybody then."""
    return DetectorHealth(
        detector_id=ID,
        heard_at=NOW + minutes(at_min),
        hearing_at=None if hearing_min is None else NOW + minutes(hearing_min),
        skew_s=skew_s,
        uptime_s=None,
        battery_pct=None,
        signal_pct=None,
        firmware=None,
        free_pct=None,
        load=None,
        sightings=0,
        strangers=0,
    )


def wrong(
    health: DetectorHealth | None, at_min: float, *, up_min: float | None = None, **changes: Any
) -> dict[DetectorTrouble, float]:
    """What is wrong so many minutes after `NOW`, and since which minute."""
    uptime = None if up_min is None else Uptime(up_since=NOW + minutes(up_min))
    found = troubles(detector(**changes), health, uptime, None, NOW + minutes(at_min))
    return {trouble: (since - NOW) / minutes(1) for trouble, since in found.items()}


def spell(trouble: DetectorTrouble, from_min: float, until_min: float | None = None) -> Spell:
    until_at = None if until_min is None else NOW + minutes(until_min)
    return Spell(detector_id=ID, trouble=trouble, from_at=NOW + minutes(from_min), until_at=until_at)


def judge(
    health: DetectorHealth | None, at_min: float, *latest: Spell, uptime: Uptime | None = None, **changes: Any
) -> list[Spell]:
    known = {one.trouble: one for one in latest}
    return judged(detector(**changes), health, known, uptime, NOW + minutes(at_min))


def test_three_intervals_without_a_word_are_silence_since_the_last_word() -> None:
    assert {} == wrong(heard(10, 10), 12.9)
    assert {SILENT: 10} == wrong(heard(10, 10), 13)


def test_a_detector_that_speaks_often_is_silent_after_90_seconds() -> None:
    assert {} == wrong(heard(10, 10), 11.4, interval_s=10)
    assert {SILENT: 10} == wrong(heard(10, 10), 11.5, interval_s=10)


def test_one_that_was_never_heard_is_silent_since_it_was_registered() -> None:
    assert {} == wrong(None, 2.9)
    assert {SILENT: 0} == wrong(None, 3)


def test_time_in_which_we_were_down_is_nobodys_silence() -> None:
    assert {} == wrong(heard(10, 10), 122.9, up_min=120)
    assert {SILENT: 120} == wrong(heard(10, 10), 123, up_min=120)
    assert {SILENT: 0} == wrong(None, 123, up_min=120)
    assert {SILENT: 130} == wrong(heard(130, 130), 133, up_min=120)


def test_one_that_speaks_for_hours_and_hears_nobody_is_deaf_since_it_last_heard_anybody() -> None:
    assert {} == wrong(heard(369.9, 10), 370)
    assert {DEAF: 10} == wrong(heard(370, 10), 371)
    assert {DEAF: 0} == wrong(heard(360), 361)
    assert {} == wrong(heard(370, 10), 371, deaf_after_s=7 * 3600)


def test_one_that_says_nothing_is_silent_and_not_deaf_as_well() -> None:
    assert {SILENT: 370} == wrong(heard(370, 10), 400)


def test_one_that_had_no_power_for_a_day_was_not_deaf_for_that() -> None:
    found = troubles(detector(), heard(1500, 10), None, NOW + minutes(1490), NOW + minutes(1500))
    later = troubles(detector(), heard(1850, 10), None, NOW + minutes(1490), NOW + minutes(1850))

    assert {} == found
    assert {DEAF: NOW + minutes(1490)} == later


def test_nobody_is_deaf_for_what_was_heard_while_we_were_down() -> None:
    assert {} == wrong(heard(500, 10), 500, up_min=200)
    assert {DEAF: 200} == wrong(heard(560, 10), 560, up_min=200)


@pytest.mark.parametrize(("skew_s", "expected"), [(120.0, {}), (-121.0, {CLOCK_WRONG: 5}), (1e9, {CLOCK_WRONG: 5})])
def test_a_clock_is_wrong_more_than_two_minutes_from_ours(
    skew_s: float, expected: dict[DetectorTrouble, float]
) -> None:
    assert expected == wrong(heard(5, 5, skew_s), 6)


def test_a_vehicle_may_be_parked_for_the_night() -> None:
    night = 12 * 60

    assert {} == wrong(heard(10, 10), night + 9, kind=DetectorKind.VEHICLE)
    assert {SILENT: 10} == wrong(heard(10, 10), night + 10, kind=DetectorKind.VEHICLE)
    assert {} == wrong(heard(night + 9, 10), night + 9, kind=DetectorKind.VEHICLE)
    assert {DEAF: 10} == wrong(heard(night + 370, 10), night + 370, kind=DetectorKind.VEHICLE)


def test_a_phone_goes_where_it_likes_but_its_clock_may_be_wrong() -> None:
    assert {} == wrong(None, 10_000, kind=DetectorKind.PHONE)
    assert {CLOCK_WRONG: 5} == wrong(heard(5, None, 500.0), 10_000, kind=DetectorKind.PHONE)


def test_a_bridge_is_no_detector() -> None:
    assert {} == wrong(heard(5, None, 500.0), 10_000, kind=DetectorKind.BRIDGE)


def words(*said: tuple[float, bool, float | None]) -> list[Word]:
    return [Word(NOW + minutes(at), hears, skew_s) for at, hears, skew_s in said]


@pytest.mark.parametrize(("trouble", "expected_min"), [(SILENT, 11), (DEAF, 12), (CLOCK_WRONG, 13)])
def test_a_spell_is_over_with_the_first_word_that_says_so(trouble: DetectorTrouble, expected_min: float) -> None:
    said = words((10, True, 0.0), (11, False, None), (12, True, 300.0), (13, False, 3.0), (14, True, 0.0))

    assert NOW + minutes(expected_min) == over_at(spell(trouble, 10), said)


def test_a_word_from_before_a_spell_does_not_end_it() -> None:
    assert over_at(spell(SILENT, 10), words((9, True, 0.0), (10, True, 0.0))) is None


def test_a_spell_begins_once_and_is_not_begun_again() -> None:
    (begun,) = judge(heard(10, 10), 13)

    assert spell(SILENT, 10) == begun
    assert [] == judge(heard(10, 10), 500, begun)


def test_an_open_silence_stays_open_over_an_outage_of_ours() -> None:
    up = Uptime(up_since=NOW + minutes(100))

    assert [] == judge(heard(10, 10), 101, spell(SILENT, 10), uptime=up)
    assert [] == judge(heard(10, 10), 200, spell(SILENT, 10), uptime=up)


def test_what_was_missed_is_made_up_and_judged_anew() -> None:
    assert [spell(SILENT, 10, 20), spell(SILENT, 20)] == judge(heard(20, 20), 30, spell(SILENT, 10))


def test_deafness_is_over_when_silence_begins() -> None:
    assert [spell(SILENT, 370), spell(DEAF, 10, 370)] == judge(heard(370, 10), 373, spell(DEAF, 10))


def test_a_silence_of_the_night_is_the_beginning_of_the_time_in_which_one_may_be_deaf() -> None:
    assert [] == judge(heard(600, 10), 600, spell(SILENT, 11, 599))
    assert [spell(DEAF, 599)] == judge(heard(959, 10), 959, spell(SILENT, 11, 599))


def test_nothing_is_wrong_any_more_with_one_that_has_ended() -> None:
    gone: dict[str, datetime] = {"ended_at": NOW + minutes(20)}

    assert [spell(SILENT, 10, 20)] == judge(heard(10, 10), 30, spell(SILENT, 10), spell(DEAF, 0, 10), **gone)
    assert [] == judge(heard(10, 10), 30, spell(SILENT, 10, 20), **gone)


def test_one_that_has_become_a_phone_is_not_silent_any_more() -> None:
    phone = {"kind": DetectorKind.PHONE}

    assert [spell(SILENT, 10, 30)] == judge(heard(10, 10, 500.0), 30, spell(SILENT, 10), spell(CLOCK_WRONG, 5), **phone)


def test_spells_do_not_overlap_when_it_is_a_fixed_one_again() -> None:
    assert [spell(SILENT, 30)] == judge(heard(10, 10), 40, spell(SILENT, 10, 30))
