"""A passage is told to the family: once in ten minutes, in any order, never twice."""

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.push.model import Level
from app.tags.model import DetectorKind
from app.watch import catalogue, fence
from app.watch.model import (
    AlarmHeard,
    Expectation,
    HealthHeard,
    Observation,
    Outcome,
    Passed,
    Place,
    Settled,
    Side,
    WatchState,
)
from app.watch.passage import AGAIN_AFTER, TOLD_MAX
from tests.build import NOW
from tests.unit.watch.build import (
    EAST,
    GARDEN,
    HANA,
    TAG,
    WEST,
    alarm,
    clock,
    expectation,
    expected,
    heard,
    minutes,
    passed,
    seen,
    subject,
    told,
)

SECOND_TAG = UUID("01900000-0000-7000-8000-0000000000a2")


def causes(*observations: Observation, now: datetime | None = None) -> list[str]:
    return [event.cause for event in told(WatchState(), expected(), *observations, now=now)]


def test_a_passage_is_news_that_names_the_detector() -> None:
    (event,) = told(WatchState(), expected(), passed(NOW))

    assert ("passage", Outcome.NEWS, Level.NEWS, HANA) == (event.rule, event.outcome, event.level, event.wearer_id)
    assert {"detector": "東門"} == event.reasons[0].params
    assert (NOW, NOW) == (event.at, event.received_at)


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        (DetectorKind.FIXED, ["passage"]),
        (DetectorKind.VEHICLE, ["passage_near"]),
        (DetectorKind.PHONE, ["passage_near"]),
        (DetectorKind.FACILITY, ["passage_visit"]),
        (DetectorKind.HOME, []),
    ],
)
def test_a_pole_is_passed_a_bus_was_near_a_facility_is_come_to_and_home_is_no_news(
    kind: DetectorKind, rules: list[str]
) -> None:
    assert rules == [event.rule for event in told(WatchState(), expected(), passed(NOW, kind=kind))]


def test_a_tag_that_sleeps_beside_the_box_at_home_is_not_told_but_is_heard() -> None:
    state = WatchState()
    night = [passed(NOW + minutes(11 * number), kind=DetectorKind.HOME) for number in range(40)]

    assert [] == told(state, expected(), *night)
    assert night[-1].at == state.tags[TAG.hex].heard_at
    assert [] == state.told


def test_one_passage_has_one_cause_whatever_its_detector_is_taken_for() -> None:
    assert 1 == len(
        {cause for kind in (DetectorKind.FIXED, DetectorKind.PHONE) for cause in causes(passed(NOW, kind=kind))}
    )


@pytest.mark.parametrize(
    ("after_min", "count"), [(0.0, 1), (5.0, 1), (9.99, 1), (10.0, 2), (-9.99, 1), (-10.0, 2), (30.0, 2)]
)
def test_a_tag_at_one_detector_is_told_once_in_ten_minutes(after_min: float, count: int) -> None:
    assert count == len(causes(passed(NOW), passed(NOW + minutes(after_min)), now=NOW + minutes(30)))


def test_another_detector_and_another_tag_are_told_for_themselves() -> None:
    others = passed(NOW, detector_id=WEST), passed(NOW, tag_id=SECOND_TAG)

    assert 3 == len(causes(passed(NOW), *others))


def test_a_late_one_between_two_that_were_told_is_not_told() -> None:
    first, last, between = passed(NOW), passed(NOW + minutes(15)), passed(NOW + minutes(7))

    assert 2 == len(causes(first, last, between, now=NOW + minutes(20)))


def test_a_late_one_told_in_between_does_not_let_the_newer_one_be_told_again() -> None:
    late = passed(NOW - minutes(20), received_at=NOW)

    assert 2 == len(causes(passed(NOW), late, passed(NOW + minutes(5)), now=NOW + minutes(5)))


@pytest.mark.parametrize(("age_min", "count"), [(119.0, 1), (120.0, 1), (120.1, 0), (10_000.0, 0)])
def test_what_is_older_than_two_hours_is_no_news(age_min: float, count: int) -> None:
    assert count == len(causes(passed(NOW - minutes(age_min), received_at=NOW)))


def test_a_late_one_keeps_both_times() -> None:
    (event,) = told(WatchState(), expected(), passed(NOW - minutes(38), received_at=NOW))

    assert (NOW - minutes(38), NOW) == (event.at, event.received_at)


def test_a_doubtful_passage_is_not_told_and_moves_nobody() -> None:
    state = WatchState()

    assert [] == told(state, expected(), passed(NOW, doubtful=True, lat_deg=34.7, lon_deg=134.8))
    assert state.place is None


def test_who_wants_no_passages_hears_of_none() -> None:
    assert [] == told(WatchState(), expected(passages=False), passed(NOW))


def test_an_sos_without_a_fix_goes_with_the_gate_that_was_passed() -> None:
    state = WatchState()
    gate = passed(NOW, lat_deg=34.7, lon_deg=134.8, accuracy_m=30.0)
    told(state, subject(), seen(0, at=NOW - minutes(1)), gate, seen(0, at=NOW - minutes(2), received_at=NOW))

    (event,) = told(state, subject(), alarm("sos", at=NOW + minutes(1)))

    assert Place(lat_deg=34.7, lon_deg=134.8, accuracy_m=30.0, at=NOW) == event.place


def test_an_older_passage_and_one_without_a_place_do_not_move_her() -> None:
    state = WatchState()
    told(state, subject(), seen(0, at=NOW))
    told(state, subject(), passed(NOW - minutes(1), received_at=NOW, lat_deg=1.0, lon_deg=1.0), passed(NOW))

    assert state.place is not None
    assert (NOW, 15.0) == (state.place.at, state.place.accuracy_m)


def test_a_tag_is_no_tracker_that_falls_silent_after_fifteen_minutes() -> None:
    state = WatchState()
    press = AlarmHeard(device_id=TAG, at=NOW, received_at=NOW, kinds=("sos",))
    charge = HealthHeard(device_id=TAG, at=NOW, received_at=NOW, battery_pct=11.0, of_tag=True)
    events = told(state, expected(), press, charge, passed(NOW))

    assert ["sos", "tag_low_battery", "passage"] == [event.rule for event in events]
    assert NOW + timedelta(hours=36) == catalogue.due_at(state, expected(), None)


def out_and(*observations: Observation) -> tuple[WatchState, list[str]]:
    state = WatchState()
    left = [seen(0, at=NOW), seen(400, at=NOW + minutes(5)), seen(400, at=NOW + minutes(8))]
    return state, [event.rule for event in told(state, subject(), *left, *observations)]


def test_the_detector_in_her_home_brings_her_back() -> None:
    home = passed(NOW + minutes(10), kind=DetectorKind.HOME, lat_deg=34.757, lon_deg=134.841)
    state, rules = out_and(home)

    assert ["geofence_exit", "geofence_enter"] == rules
    assert Side.INSIDE is state.fences[GARDEN.id.hex].side


@pytest.mark.parametrize(
    "different",
    [
        {"kind": DetectorKind.FACILITY, "lat_deg": 34.757, "lon_deg": 134.841},
        {"kind": DetectorKind.HOME, "lat_deg": 34.767, "lon_deg": 134.841},
        {"kind": DetectorKind.HOME},
        {"kind": DetectorKind.HOME, "lat_deg": 34.757, "lon_deg": 134.841, "doubtful": True},
    ],
)
def test_no_other_detector_does(different: dict[str, object]) -> None:
    _state, rules = out_and(passed(NOW + minutes(10), **different))

    assert "geofence_enter" not in rules


def test_the_detector_at_home_takes_back_the_evidence_of_being_outside() -> None:
    state = WatchState()
    home = passed(NOW + minutes(6), kind=DetectorKind.HOME, lat_deg=34.757, lon_deg=134.841)
    stray = [seen(0, at=NOW), seen(400, at=NOW + minutes(5)), home, seen(400, at=NOW + minutes(7))]

    assert [] == told(state, subject(), *stray)


def test_a_rule_that_throws_in_a_tick_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[object]:
        raise ZeroDivisionError("a defect")

    watch = catalogue.Watch(name="broken", look=fence.look, sees=(), question="?", tick=broken)
    monkeypatch.setattr(catalogue, "WATCHES", (watch, *catalogue.WATCHES))
    state = WatchState()
    told(state, expected(), passed(NOW))

    events, failures = catalogue.tick(state, expected(), catalogue.Around(), NOW + timedelta(hours=37))

    assert (["tag_silent"], ["broken"]) == ([one.rule for one in events], [one.watch for one in failures])


def test_at_most_sixty_four_are_remembered_and_old_ones_are_forgotten() -> None:
    state = WatchState()
    for number in range(200):
        told(state, expected(), passed(NOW + timedelta(seconds=number), detector_id=UUID(int=number)))
    assert TOLD_MAX == len(state.told)

    told(state, expected(), passed(NOW + timedelta(hours=5)))
    assert 1 == len(state.told)


def test_the_state_of_a_busy_child_stays_under_four_kilobytes() -> None:
    """Five tags, each with a low battery, 64 notices, a tracker, and as many expectations as one may have."""
    state = WatchState()
    tags = [UUID(int=TAG.int + number) for number in range(5)]
    gates = [UUID(int=EAST.int + number) for number in range(100)]
    many: list[Expectation] = [expectation(id=UUID(int=(0xE << 120) + number)) for number in range(20)]
    who = expected(*many)
    start = clock("8:00")
    told(state, subject(), seen(0, at=start), heard(start))
    told(state, who, *(HealthHeard(device_id=tag, at=start, received_at=start, battery_pct=5.0) for tag in tags))
    for number, gate in enumerate(gates):
        at = start + timedelta(seconds=number, microseconds=number + 1)
        told(state, who, *(passed(at, tag_id=tag, detector_id=gate, lat_deg=34.7, lon_deg=134.8) for tag in tags))

    stored = catalogue.encode_state(state)

    assert (TOLD_MAX, 5, 20) == (len(state.told), len(state.tags), len(state.arrivals))
    assert all(one.how is Settled.ARRIVED for one in state.arrivals.values())
    assert len(stored) <= 4096
    assert state == catalogue.decode_state(stored)


def test_a_state_of_before_tags_is_read_as_it_was() -> None:
    stored = catalogue.encode_state(WatchState())

    assert b"\x80" == stored
    assert WatchState() == catalogue.decode_state(stored)


minutes_apart = st.integers(min_value=0, max_value=110)
passages = st.lists(
    st.builds(
        lambda tag, gate, after: passed(
            NOW + minutes(after), tag_id=UUID(int=TAG.int + tag), detector_id=UUID(int=EAST.int + gate)
        ),
        st.integers(0, 1),
        st.integers(0, 1),
        minutes_apart,
    ),
    max_size=25,
)


def told_of(observations: list[Passed]) -> list[tuple[UUID, UUID, datetime]]:
    state, now = WatchState(), NOW + minutes(110)
    return [(one.tag_id, one.detector_id, one.at) for one in observations if told(state, expected(), one, now=now)]


@given(passages, st.randoms(use_true_random=False))
def test_in_any_order_and_repetition_every_passage_is_told_or_within_ten_minutes_of_one_that_is(
    walk: list[Passed], chance: Random
) -> None:
    """Ten minutes apart and nothing left out: more no rule can promise that tells the first one at once."""
    arrived = walk * 2
    chance.shuffle(arrived)
    found = told_of(arrived)

    assert len(set(found)) == len(found)
    for tag_id, detector_id in {(one.tag_id, one.detector_id) for one in walk}:
        times = sorted(at for tag, detector, at in found if (tag, detector) == (tag_id, detector_id))
        assert all(later - earlier >= AGAIN_AFTER for earlier, later in pairwise(times))
        for one in walk:
            if (one.tag_id, one.detector_id) == (tag_id, detector_id):
                assert any(abs(one.at - at) < AGAIN_AFTER for at in times)


@given(st.sets(st.integers(0, 10), max_size=8), st.randoms(use_true_random=False))
def test_passages_that_are_further_apart_are_the_same_notices_in_any_order_and_repetition(
    tens: set[int], chance: Random
) -> None:
    walk = [passed(NOW + minutes(10 * number)) for number in tens]
    arrived = walk * 3
    chance.shuffle(arrived)

    assert {one.at for one in walk} == {at for _tag, _detector, at in told_of(arrived)}


@given(passages)
def test_the_same_passages_again_are_told_to_nobody(walk: list[Passed]) -> None:
    state, now = WatchState(), NOW + minutes(110)
    told(state, expected(), *walk, now=now)

    assert [] == told(state, expected(), *walk, now=now)
