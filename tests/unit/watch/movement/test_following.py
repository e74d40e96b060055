"""Two devices of one wearer: one of them is followed, and the other one may be anywhere."""

import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from app.geo.model import Point
from app.watch.catalogue import decode_state, encode_state, fold
from app.watch.model import Outcome, Passed, Seen, Subject, WatchEvent, WatchState
from app.watch.replaying import Fix
from tests.unit.watch.build import DEVICE, EAST, GARDEN, HANA, TAG
from tests.unit.watch.movement.build import (
    HOME_LAT_DEG,
    HOME_LON_DEG,
    LEARN_DAYS,
    SHOP,
    ZONE,
    Spot,
    Way,
    clock,
    fix,
    known_days,
    on_day,
)

PHONE = UUID(int=77)
AWAY = (0.0, 2_500.0)
HOME = (0.0, 0.0)


def seen(one: Fix, device_id: UUID) -> Seen:
    return Seen(
        device_id=device_id, at=one.at, received_at=one.at, lat_deg=one.lat_deg, lon_deg=one.lon_deg,
        accuracy_m=one.accuracy_m or 30.0,
    )  # fmt: skip


def lies(way: Way, spot: Spot = (5.0, 5.0), step_s: int = 60, noise_m: float = 0.0) -> list[Seen]:
    """What a phone says that lies somewhere all the time."""
    chance, found = random.Random(4), []
    at = way.fixes[0].at + timedelta(seconds=23)
    while at < way.at:
        east_m, north_m = (one + chance.gauss(0.0, noise_m) for one in spot)
        found.append(seen(fix(at, east_m, north_m, 30.0), PHONE))
        at += timedelta(seconds=step_s)
    return found


def carried(way: Way) -> list[Seen]:
    return [seen(one, DEVICE) for one in way.fixes]


def told(observations: Sequence[Seen | Passed], who: Subject | None = None) -> list[WatchEvent]:
    """What all rules say, with a restart before each observation."""
    state, who = WatchState(), who or Subject(wearer_id=HANA, zone=ZONE, habits=known_days())
    events: list[WatchEvent] = []
    for one in observations:
        state = decode_state(encode_state(state))
        happened, failures = fold(state, [one], who, one.at)
        assert [] == failures
        assert len(encode_state(state)) <= 4_000
        events += happened
    return events


def by_time(*observations: Seen | Passed) -> list[Seen | Passed]:
    return sorted(observations, key=lambda one: one.at)


@pytest.mark.parametrize("step_s", [30, 60, 600])
def test_who_is_lost_with_her_tracker_is_found_though_her_phone_lies_at_home(step_s: int) -> None:
    way = on_day("10:00").to(AWAY).stay(60)
    alone, both = told(carried(way)), told(by_time(*carried(way), *lies(way, step_s=step_s)))

    assert [one.level for one in alone] == [one.level for one in both]
    assert "unfamiliar_on_foot" == both[0].rule
    assert all(other.at - one.at <= timedelta(minutes=6) for one, other in zip(alone, both, strict=True))


def test_a_phone_at_home_does_not_say_that_she_is_back() -> None:
    way = on_day("10:00").to(AWAY).stay(300)
    both = told(by_time(*carried(way), *lies(way, noise_m=25.0)))

    assert [Outcome.BEGAN] * 2 == [one.outcome for one in both]


def test_when_the_tracker_is_not_heard_any_more_the_phone_at_home_brings_nobody_back() -> None:
    way = on_day("10:00").to(AWAY)
    silent = Way(way.at, HOME).stay(180)
    both = told(by_time(*carried(way), *lies(way), *lies(silent)))

    assert [Outcome.BEGAN] * 2 == [one.outcome for one in both]


def test_she_is_back_when_her_tracker_is_back_beside_the_phone() -> None:
    way = on_day("10:00").to((0.0, 1_500.0)).to(HOME).stay(30)
    both = told(by_time(*carried(way), *lies(way)))

    assert [Outcome.OVER] == [one.outcome for one in both if one.outcome is not Outcome.BEGAN]


def test_a_phone_at_home_and_a_tracker_on_a_train_are_nothing_impossible() -> None:
    way = on_day("10:00").to((0.0, 30_000.0), speed_mps=15.0).stay(60)
    both = told(by_time(*carried(way), *lies(way)))

    assert "impossible_travel" not in {one.rule for one in both}


@pytest.mark.parametrize("shift_m", [0.0, 25.0])
def test_two_devices_in_one_bag_make_no_zigzag(shift_m: float) -> None:
    way = on_day("10:00").to(SHOP).stay(20).to(HOME).stay(60)
    other = [fix(one.at + timedelta(seconds=31), 0.0, 0.0) for one in way.fixes]
    moved = [
        Fix(late.at, one.lat_deg + shift_m / 111_000, one.lon_deg, 12.0)
        for one, late in zip(way.fixes, other, strict=True)
    ]

    assert [] == told(by_time(*carried(way), *(seen(one, PHONE) for one in moved)))


def test_what_her_tracker_sends_together_counts_though_the_phone_spoke_meanwhile() -> None:
    way = on_day("10:00").to(AWAY).stay(30)
    fixes, phone = carried(way), lies(way)
    mixed: list[Seen | Passed] = []
    for number in range(0, len(fixes), 5):
        batch = fixes[number : number + 5]
        mixed += [one for one in phone if one.at < batch[-1].at and one not in mixed]
        mixed += batch
    assert mixed != by_time(*mixed)

    assert 2 == len(told(mixed))


def test_poles_hear_her_tag_though_her_tracker_lies_at_home() -> None:
    way = Way(clock(LEARN_DAYS, "23:00")).stay(60)
    night = clock(LEARN_DAYS, "23:30")
    poles = [
        Passed(
            tag_id=TAG, detector_id=EAST, detector_name="gate", at=night + timedelta(minutes=5 * number),
            received_at=night + timedelta(minutes=5 * number), lat_deg=where.lat_deg, lon_deg=where.lon_deg,
            accuracy_m=50.0,
        )
        for number, where in enumerate(fix(night, 300.0 * east, 0.0) for east in range(1, 6))
    ]  # fmt: skip
    both = told(by_time(*carried(way), *poles))

    assert "unusual_hour" in {one.rule for one in both}


@pytest.mark.parametrize("step_s", [60, 600])
def test_that_she_left_home_is_told_once_though_her_phone_lies_there(step_s: int) -> None:
    way = on_day("10:00").to(SHOP).stay(60).to(HOME).stay(10)
    home = Point(HOME_LAT_DEG, HOME_LON_DEG)
    who = Subject(wearer_id=HANA, zone=ZONE, habits=known_days(), fences=(replace(GARDEN, centre=home),))
    both = told(by_time(*carried(way), *lies(way, step_s=step_s)), who)

    assert ["geofence_exit", "geofence_enter"] == [one.rule for one in both]
    assert both[0].at <= clock(LEARN_DAYS, "10:08")
